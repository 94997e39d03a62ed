import type { DatabaseSync } from 'node:sqlite';
import type { UnixMicroseconds } from '../../../packet/time.ts';
import type { Transition } from '../facts.ts';
import type { Delivered } from '../outbox.ts';
import { peopleDomain } from './acted.ts';
import { draws } from './draws/index.ts';
import type { Journal, Reducer } from './journal.ts';
import { outbox } from './outbox.ts';
import type { LedgerReads } from './reads.ts';
import { sale } from './sale/index.ts';
import { treasury } from './treasury/index.ts';
import { viewers } from './viewers/index.ts';

/** One field of bookkeeping within the ledger: its tables, what can be done, what can be asked. */
export interface LedgerDomain {
  readonly name: string;
  /** Its tables, as SQL. */
  readonly schema: string;
  /** Tables that follow from the journal alone: `framecue ledger check` makes them anew and compares. */
  readonly tables: readonly string[];
  /** Puts entries into effect; the kinds are this domain's own. */
  readonly reducers: (db: DatabaseSync) => Readonly<Record<string, Reducer>>;
  readonly prepare: (parts: DomainParts) => DomainWrites;
  readonly prepareReads: (db: DatabaseSync) => DomainReads;
}

export interface DomainParts {
  readonly db: DatabaseSync;
  readonly journal: Journal;
  /** On the connection that writes. */
  readonly reads: LedgerReads;
  /** Every domain, this one too; for when all of them are prepared. */
  readonly others: () => Iterable<DomainWrites>;
}

/** By the names of `Commands`. What throws a `FramecueError` is refused alone, and leaves nothing behind. */
export interface DomainWrites {
  /** First in each transaction: what was kept of one that did not come to its end is forgotten. */
  readonly begin?: () => void;
  // biome-ignore lint/suspicious/noExplicitAny: each takes what its name in `Commands` says
  readonly commands: Readonly<Record<string, (given: any) => unknown>>;
  /** A step of an interaction that was just written, in the same transaction. */
  readonly onTransition?: (transition: Transition) => void;
  /**
   * An answer to an interaction whose type names this domain (`bookedBy`), just accepted and in the same transaction:
   * a `FramecueError` refuses the answer, and nothing of it is left.
   */
  readonly onAccepted?: (accepted: AcceptedAnswer) => void;
  /**
   * What of this viewer is under way, in a few words for the operator; null: nothing. Their data is not taken away
   * before.
   */
  readonly unsettled?: (viewer: string) => string | null;
  /** The downstream has answered for good about an item of the outbox, just written and in the same transaction. */
  readonly onDelivered?: (delivered: Delivered) => void;
}

export interface AcceptedAnswer {
  readonly interaction: string;
  readonly viewer: string;
  /** Id of the receipt. */
  readonly submission: string;
  /** JSON. */
  readonly answer: string;
  readonly atUs: UnixMicroseconds;
}

/** By the names of `Questions`. */
export interface DomainReads {
  // biome-ignore lint/suspicious/noExplicitAny: each takes what its name in `Questions` says
  readonly questions: Readonly<Record<string, (given: any) => unknown>>;
}

/** Every domain; another one is a file beside this and a line. */
export const DOMAINS: readonly LedgerDomain[] = [peopleDomain, viewers, outbox, treasury, draws, sale];
