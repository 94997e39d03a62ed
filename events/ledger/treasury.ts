import type { ErrorCode } from '../../packet/errors.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';

/**
 * Pools, rights and grants, in the words of the treasury. Money is in whole minor units of its currency, pieces are
 * whole; every amount and every sum of amounts is a safe integer.
 */

export const TIERS = ['high', 'low'] as const;
export type Tier = (typeof TIERS)[number];

export const PURPOSES = ['prize', 'stock'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What a pool holds: pieces to give away, and the money that they are worth together. */
export interface Amount {
  readonly pieces: number;
  readonly amountMinor: number;
}

/** What becomes of what is left: back to whoever paid for it, or into another pool that was there before. */
export type Leftover = { readonly rule: 'return' } | { readonly rule: 'to'; readonly pool: string };

/** ISO 3166-1 alpha-2 codes. A viewer whose region nobody knows is of none. */
export interface RegionRule {
  /** Null: all but those in `deny`. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[] | null;
}

/** A pool as it was opened; it never changes afterwards. */
export interface PoolTerms {
  readonly id: string;
  readonly show: string;
  readonly title: string;
  readonly tier: Tier;
  readonly purpose: Purpose;
  /** ISO 4217. */
  readonly currency: string;
  /** Rights are earned from then on; null: at once. */
  readonly opensAtUs: UnixMicroseconds | null;
  /** ... and before this moment; null: until it is closed by hand. */
  readonly closesAtUs: UnixMicroseconds | null;
  readonly regions: RegionRule | null;
  readonly leftover: Leftover;
  /** Sweep by itself once its time is over and nothing is reserved. */
  readonly sweepAtEnd: boolean;
  /** When a round is voided: take back what has been granted in it from this pool. */
  readonly reverseOnVoid: boolean;
}

/** The accounts of a pool: `funded + sweptIn = free + reserved + granted + sweptOut`, in pieces and in money. */
export const ACCOUNTS = ['funded', 'sweptIn', 'free', 'reserved', 'granted', 'sweptOut'] as const;
export type Account = (typeof ACCOUNTS)[number];
export type Balances = Readonly<Record<Account, Amount>>;

export const MOVES = ['fund', 'reserve', 'release', 'grant', 'reverse', 'sweep-out', 'sweep-in'] as const;
export type Move = (typeof MOVES)[number];

/** What each move does to the accounts. */
export const EFFECTS: Readonly<Record<Move, Readonly<Partial<Record<Account, 1 | -1>>>>> = {
  fund: { funded: 1, free: 1 },
  reserve: { free: -1, reserved: 1 },
  release: { reserved: -1, free: 1 },
  grant: { reserved: -1, granted: 1 },
  reverse: { granted: -1, free: 1 },
  'sweep-out': { free: -1, sweptOut: 1 },
  'sweep-in': { sweptIn: 1, free: 1 },
};

/** One movement: journal `pool.moved`. A pool has one of each `move` and `ref` at most. */
export interface Movement extends Amount {
  readonly pool: string;
  readonly move: Move;
  /** The right, the grant, or the caller's key. */
  readonly ref: string;
}

export interface Pool extends PoolTerms {
  readonly state: 'open' | 'closed';
  /** Why it was closed by hand or by a measure. */
  readonly closedWhy: string | null;
  readonly openedAtUs: UnixMicroseconds;
  readonly balances: Balances;
}

/** What somebody may have: one piece of a pool. One for each viewer and round. */
export interface NewRight {
  /** Names no viewer. */
  readonly id: string;
  readonly interaction: string;
  readonly viewer: string;
  readonly pool: string;
  /** What the piece is, in the words of whoever gives it. */
  readonly prize: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** What it was earned by: `draw`, `sale`, the answer's id... */
  readonly cause: string;
  /**
   * A reservation ends by itself at this moment, and only `release` by its id releases it. Null: it waits for the
   * round's reveal.
   */
  readonly expiresAtUs: UnixMicroseconds | null;
  /** Who may draw from high pools was settled when the list was closed: not judged again. */
  readonly tierJudged?: boolean;
}

export type RightState = 'earned' | 'released' | 'granted' | 'voided';

export interface Right extends NewRight {
  readonly state: RightState;
  /** Why it was voided. */
  readonly why: string | null;
  readonly earnedAtUs: UnixMicroseconds;
}

export interface Grant {
  /** `g_` and the right: the idempotency key downstream. */
  readonly id: string;
  readonly right: string;
  readonly interaction: string;
  readonly viewer: string;
  readonly pool: string;
  readonly prize: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly madeAtUs: UnixMicroseconds;
  readonly reversed: { readonly atUs: UnixMicroseconds; readonly why: string } | null;
}

/** `not-eligible`: no accepted answer in a round that counts, too few boxes for a high pool, or the wrong region. */
export type EarnOutcome = 'earned' | 'already' | 'empty' | 'closed' | 'not-eligible';
export type ReleaseOutcome = 'released' | 'already' | 'voided' | 'granted' | 'unknown';
/** `granted`: too late, it takes a reversal. */
export type VoidOutcome = 'voided' | 'already' | 'granted' | 'unknown';
export type GrantOutcome = 'granted' | 'already' | 'not-released' | 'voided' | 'unknown';
/** `declined`: the reward platform said no itself, and is not told. */
export type ReverseOutcome = 'reversed' | 'already' | 'unknown';

/** A command that cannot be: nothing was changed. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Who did it by hand; null: it came about by itself, by a rule. */
export type By = string | null;
