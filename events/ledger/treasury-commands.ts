import type { UnixMicroseconds } from '../../packet/time.ts';
import type { Amount, By, Grant, Pool, PoolTerms, Refused, Right, RightState } from './treasury.ts';

interface Change {
  readonly by: By;
  readonly atUs: UnixMicroseconds;
}

/** What comes of asking for a change of a pool. */
export type PoolOutcome =
  | { readonly kind: 'done'; readonly pool: Pool }
  /** This was asked for before and stands. */
  | { readonly kind: 'already'; readonly pool: Pool }
  | Refused;

export type SweepOutcome =
  | {
      readonly kind: 'done' | 'already';
      readonly pool: Pool;
      readonly swept: Amount;
      /** Null: returned. */
      readonly to: string | null;
    }
  | Refused;

export interface TreasuryCommands {
  /** `budget`: funded at once. */
  readonly 'pool.open': {
    readonly in: Change & { readonly terms: PoolTerms; readonly budget: Amount | null };
    readonly out: PoolOutcome;
  };
  /** `key`: by which a repeat is known. */
  readonly 'pool.fund': {
    readonly in: Change & { readonly pool: string; readonly amount: Amount; readonly key: string };
    readonly out: PoolOutcome;
  };
  readonly 'pool.close': {
    readonly in: Change & { readonly pool: string; readonly why: string };
    readonly out: PoolOutcome;
  };
  readonly 'pool.reopen': {
    readonly in: Change & { readonly pool: string };
    readonly out: PoolOutcome;
  };
  /** What is free goes where the pool's rule says. Only once no right can be earned from it any more. */
  readonly 'pool.sweep': {
    readonly in: Change & { readonly pool: string; readonly key: string };
    readonly out: SweepOutcome;
  };

  // What the keeper does, again and again, a bounded batch at a time.
  /** Released rights become grants. */
  readonly 'grants.make': { readonly in: Batch; readonly out: { readonly granted: number } };
  /** Rights of rounds that were voided: voided, or their grants taken back where the pool says so. */
  readonly 'rounds.void': {
    readonly in: Batch;
    readonly out: { readonly voided: number; readonly reversed: number };
  };
  /** Reservations whose time is over. */
  readonly 'rights.expire': { readonly in: Batch; readonly out: { readonly expired: number } };
}

interface Batch {
  readonly limit: number;
  readonly atUs: UnixMicroseconds;
}

export interface TreasuryQuestions {
  readonly 'pool.list': {
    readonly in: { readonly show: string | null; readonly limit: number; readonly after: string | null };
    readonly out: readonly Pool[];
  };
  readonly 'pool.get': { readonly in: { readonly pool: string }; readonly out: Pool | null };
  readonly 'right.get': { readonly in: { readonly right: string }; readonly out: Right | null };
  /** Newest first. */
  readonly 'right.list': {
    readonly in: {
      readonly interaction: string | null;
      readonly viewer: string | null;
      readonly pool: string | null;
      readonly state: RightState | null;
      readonly limit: number;
      readonly before: number | null;
    };
    readonly out: Page<Right>;
  };
  readonly 'grant.get': { readonly in: { readonly grant: string }; readonly out: Grant | null };
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** `before` of the next page; null: this is the last. */
  readonly next: number | null;
}
