import type { FramecueClientError } from '../types.ts';

/** Where a draw stands: its list is open, closed, committed to; winners are drawn, shown; or nothing comes of it. */
export type DrawState = 'open' | 'frozen' | 'committed' | 'drawn' | 'revealed' | 'void';

/** Who has won, as the sealed result says it. */
export interface DrawResult {
  readonly interaction: string;
  /** Root over the entrants, lower-case hex. */
  readonly root: string;
  /** Entrants. */
  readonly total: number;
  /** In the order in which they were drawn. `leaf` is base64url, as in {@link OwnPlace}. */
  readonly winners: readonly { readonly leaf: string; readonly prize: string; readonly title: string }[];
}

/** A viewer's place in the closed list, checked against the root that everybody is shown. */
export interface OwnPlace {
  /** From 1. */
  readonly number: number;
  /** Entrants. */
  readonly count: number;
  /** Lower-case hex. */
  readonly root: string;
  readonly tier: 'high' | 'low';
  /** base64url. */
  readonly leaf: string;
}

/** What the server says of a prize once it is shown. */
export interface OwnPrize {
  readonly prize: string;
  readonly title: string;
  /** Null: there is none yet, because its pool was short; the operator can ask again. */
  readonly right: 'earned' | 'released' | 'granted' | 'voided' | null;
  /** `delivered`: the reward platform has it. */
  readonly grant: { readonly id: string; readonly reversed: boolean; readonly delivered: boolean } | null;
}

export interface OwnEntry {
  readonly interaction: string;
  readonly state: DrawState;
  /** Null: this viewer has not entered. `held`: not judged yet; `refused`: it does not count. */
  readonly entry: { readonly receipt: string; readonly status: 'accepted' | 'held' | 'refused' } | null;
  /** Null until the list is committed to, and for whoever is not on it. Whatever stands here was checked. */
  readonly place: OwnPlace | null;
  /** Null until the round is revealed, and for whoever has won nothing. */
  readonly prize: OwnPrize | null;
}

export type PrefetchOutcome = { readonly ok: true } | PrizeFailure;
export type SealedOutcome = { readonly ok: true; readonly result: DrawResult } | PrizeFailure;
export type MineOutcome = { readonly ok: true; readonly mine: OwnEntry } | PrizeFailure;

interface PrizeFailure {
  readonly ok: false;
  readonly error: FramecueClientError;
}

export interface PrizeRequestOptions {
  /**
   * The request leaves at a random moment within that many milliseconds, so that a large audience does not ask in one
   * second. Default: 10,000 for `prefetchSealed`, none for `mine`.
   */
  readonly withinMs?: number | undefined;
}
