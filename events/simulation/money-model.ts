import type { Amount, NewRight } from '../ledger/treasury.ts';

export interface PoolModel {
  readonly id: string;
  /** Opening was confirmed. */
  opened: boolean;
  /** Whoever pays sends each until it is confirmed. */
  readonly funds: Map<string, { readonly amount: Amount; confirmed: boolean }>;
}

/** What a viewer may have in a round: what was asked for, and what of it was confirmed. */
export interface RightModel {
  readonly asked: Map<string, NewRight>;
  earned: string | null;
}

export interface MoneyModel {
  readonly pools: Map<string, PoolModel>;
  /** By round and viewer. */
  readonly rights: Map<string, RightModel>;
  /** Rights whose release by name was asked for. */
  readonly released: Set<string>;
  /** ... and whose taking back was. */
  readonly voided: Set<string>;
}

export const newMoneyModel = (): MoneyModel => ({
  pools: new Map(),
  rights: new Map(),
  released: new Set(),
  voided: new Set(),
});
