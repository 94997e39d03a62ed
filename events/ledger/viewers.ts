import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../cues/wire/index.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import type { Claims, RefusalCode } from './facts.ts';
import type { LedgerHead } from './head.ts';

export interface ViewerCommands {
  /**
   * Takes a viewer's name and what they said out of every row; counts, balances and the chain stay as they are.
   * Refused with ERR_VIEWER_BUSY (`details.open`) while something of theirs is under way.
   */
  readonly 'viewer.erase': {
    readonly in: {
      readonly viewer: string;
      /** `newPseudonym()`: stands in all their rows afterwards. */
      readonly pseudonym: string;
      /** The name of the token. */
      readonly by: string;
      readonly atUs: UnixMicroseconds;
    };
    readonly out: Erasure;
  };
}

export interface ViewerQuestions {
  readonly 'viewer.data': { readonly in: { readonly viewer: string }; readonly out: ViewerData };
  readonly 'ledger.head': { readonly in: Readonly<Record<string, never>>; readonly out: LedgerHead };
}

/** What was taken away. */
export interface Erasure {
  /** Null: nothing is known of this viewer (any more). */
  readonly pseudonym: string | null;
  /** Answers, and entries of the journal. */
  readonly submissions: number;
  readonly journal: number;
}

/** All that the ledger knows of one viewer. */
export interface ViewerData {
  readonly viewer: string;
  readonly answers: readonly ViewerAnswer[];
  /** What was decided about them. */
  readonly entries: readonly {
    readonly seq: number;
    readonly kind: string;
    readonly atUs: UnixMicroseconds;
    readonly body: JsonObject;
  }[];
  /** Their rows in the tables that follow from the journal, by table. */
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, string | number | null>>[]>>;
}

export interface ViewerAnswer {
  readonly id: string;
  readonly interaction: string;
  readonly answer: JsonObject;
  readonly status: 'accepted' | 'held' | 'refused';
  readonly code: RefusalCode | null;
  readonly arrivedAtUs: UnixMicroseconds;
  readonly claims: Claims;
}

export const PSEUDONYM_PREFIX = 'erased:';

/** Random: nothing of the viewer is in it. */
export const newPseudonym = (): string => PSEUDONYM_PREFIX + randomBytes(16).toString('base64url');
