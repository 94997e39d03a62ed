import type { ErrorCode } from '../../packet/errors.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import type { EarnOutcome, RightState } from './treasury.ts';

/**
 * Draws, in the words of the ledger: `frozen` (the list takes nobody any more), `committed` (root, prizes and source of
 * the randomness are fixed), `booking` (drawn, rights are being earned), `drawn`; `void` with its round. Hashes are
 * lower-case hex.
 */
export type DrawState = 'frozen' | 'committed' | 'booking' | 'drawn' | 'void';

export interface DrawPrizeTerms {
  readonly prize: string;
  readonly pieces: number;
  readonly tier: 'high' | 'low' | 'any';
}

/** What is fixed before the randomness is known. */
export interface DrawCommitment {
  readonly seedHash: string;
  readonly count: number;
  readonly root: string;
  readonly high: { readonly count: number; readonly digest: string };
  readonly prizes: readonly DrawPrizeTerms[];
  /** Null: no public beacon (commit-reveal), or nobody has entered. */
  readonly beacon: { readonly chain: string; readonly round: number } | null;
}

export interface DrawRecord {
  readonly interaction: string;
  readonly state: DrawState;
  readonly frozenAtUs: UnixMicroseconds;
  readonly commitment: DrawCommitment | null;
  readonly committedAtUs: UnixMicroseconds | null;
  /** When it was known to be committed ahead of its round; null: not yet, and nothing is drawn. */
  readonly publishedAtUs: UnixMicroseconds | null;
  /** Rounds that were named first, and that the commitment came too late for. */
  readonly moved: readonly { readonly round: number; readonly atUs: UnixMicroseconds }[];
  /** Of the named round; null where there is none, or before the draw. */
  readonly signature: string | null;
  readonly winners: number;
  /** Winners whose rights have been asked for. */
  readonly booked: number;
  /** Of these, how many got none: their pool was empty, say. */
  readonly short: number;
  /** ... and how many never get one: their pool is not for them (its regions, a shadow round). */
  readonly excluded: number;
  readonly drawnAtUs: UnixMicroseconds | null;
  readonly void: { readonly why: string; readonly atUs: UnixMicroseconds } | null;
}

/** One winner, to be written down with their right. */
export interface WinnerToBook {
  /** Place in the list of entrants. */
  readonly entrant: number;
  /** Index into the prizes. */
  readonly prize: number;
  /** `seq` of their answer. */
  readonly submission: number;
  /** Id of the right; follows from interaction and place. */
  readonly right: string;
}

/** What came of asking for the right; `no-pool`: there is none of that id, or it is not of that currency. */
export type BookOutcome = EarnOutcome | 'no-pool';

export interface BookedWinner {
  /** 0, 1, 2... in the order in which they were drawn. */
  readonly place: number;
  readonly entrant: number;
  readonly prize: number;
  readonly right: string;
  readonly outcome: BookOutcome;
}

/** A page of the list as it is kept: `leaves` 32 bytes each, `high` a bitmap (draws/entrants.ts). */
export interface EntrantPageRow {
  readonly leaves: Uint8Array;
  readonly high: Uint8Array;
  /** Over its leaves: 32 bytes. */
  readonly root: Uint8Array;
  /** `seq` of the answer behind its first leaf. */
  readonly firstSeq: number;
}

interface On {
  readonly interaction: string;
  readonly atUs: UnixMicroseconds;
}

/** `unfit`: it is not in the state for this; ask what it is in. */
export type DrawStep = 'done' | 'already' | 'unfit';

export interface DrawCommands {
  /** From then on no answer is taken. `held`: some wait to be judged. */
  readonly 'draw.freeze': { readonly in: On; readonly out: DrawStep | 'held' };
  readonly 'draw.page': {
    readonly in: EntrantPageRow & { readonly interaction: string; readonly page: number };
    readonly out: DrawStep;
  };
  /** `changed`: the pages are not the list. */
  readonly 'draw.commit': {
    readonly in: On & { readonly commitment: DrawCommitment };
    readonly out: DrawStep | 'changed';
  };
  /** The commitment came too late for its round: a later one. Only as long as it is not published. */
  readonly 'draw.move': {
    readonly in: On & { readonly from: number; readonly to: number };
    readonly out: DrawStep;
  };
  /** It is on the disk, and the round's moment is ahead. */
  readonly 'draw.publish': { readonly in: On & { readonly round: number | null }; readonly out: DrawStep };
  /** The randomness, with the first of the winners. */
  readonly 'draw.draw': {
    readonly in: On & {
      readonly signature: string | null;
      /** Who gave the round's signature by hand; null: a relay. */
      readonly by: string | null;
      readonly winners: number;
      readonly batch: readonly WinnerToBook[];
    };
    readonly out: DrawStep;
  };
  /** The winners from place `from` on. */
  readonly 'draw.book': {
    readonly in: On & { readonly from: number; readonly batch: readonly WinnerToBook[] };
    readonly out: DrawStep;
  };
  /** Asks again for rights that were not to be had: their pools were filled or opened since. */
  readonly 'draw.rebook': {
    readonly in: On & { readonly by: string; readonly limit: number };
    readonly out:
      | { readonly kind: 'done'; readonly earned: number; readonly short: number }
      | { readonly kind: 'refused'; readonly code: ErrorCode };
  };
}

/** What a viewer may know of their own entry. */
export interface OwnEntry {
  readonly receipt: string;
  readonly status: 'accepted' | 'held' | 'refused';
  /** The page that their leaf is on; null: they are on no list. */
  readonly page: number | null;
  readonly won: {
    readonly place: number;
    readonly entrant: number;
    readonly prize: number;
    readonly outcome: BookOutcome;
    readonly right: RightState | null;
    /** `delivered`: the reward platform has it. */
    readonly grant: {
      readonly id: string;
      readonly reversed: boolean;
      readonly delivered: boolean;
    } | null;
  } | null;
}

/** A draw at a glance, for those who look after it. */
export interface DrawSummary extends Omit<DrawRecord, 'commitment' | 'signature' | 'moved'> {
  readonly show: string | null;
  readonly title: string;
  readonly isShadow: boolean;
  /** Null before the commitment. */
  readonly entrants: number | null;
  /** Of drand, that it waits for or was drawn from. */
  readonly round: number | null;
  readonly revealedAtUs: UnixMicroseconds | null;
  /** What the first of the winners without a right lacks; null: nobody does. */
  readonly lacks: { readonly pool: string; readonly outcome: BookOutcome } | null;
}

export interface DrawQuestions {
  /**
   * Newest first: the newest ones, and however old those that are not over or whose winners lack a right; of each at
   * most `limit`. `show`: of this show, or of its pools.
   */
  readonly 'draw.overview': {
    readonly in: { readonly show: string | null; readonly limit: number };
    readonly out: readonly DrawSummary[];
  };
  readonly 'draw.get': { readonly in: { readonly interaction: string }; readonly out: DrawRecord | null };
  /** Those that something is to be done for. */
  readonly 'draw.open': { readonly in: { readonly limit: number }; readonly out: readonly DrawRecord[] };
  readonly 'draw.page': {
    readonly in: { readonly interaction: string; readonly page: number };
    readonly out: EntrantPageRow | null;
  };
  /** The roots of all pages, one behind the other. */
  readonly 'draw.roots': { readonly in: { readonly interaction: string }; readonly out: Uint8Array };
  readonly 'draw.winners': {
    readonly in: { readonly interaction: string };
    readonly out: readonly BookedWinner[];
  };
  readonly 'draw.mine': {
    readonly in: { readonly interaction: string; readonly viewer: string };
    readonly out: OwnEntry | null;
  };
}
