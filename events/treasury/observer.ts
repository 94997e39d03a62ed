import type { TreasuryView } from '../ledger/treasury-commands.ts';

/** What is worth measuring in the treasury. */
export interface TreasuryObserver {
  granted(n: number): void;
  voided(why: 'round' | 'expired', n: number): void;
  /** By the rule of a pool, of rounds that were voided. */
  reversed(n: number): void;
  boxesDropped(n: number): void;
  /** By itself. */
  measureApplied(): void;
  swept(): void;
  /** Every few seconds. */
  stands(view: TreasuryView): void;
}

const nothing = (): void => undefined;

export const silentTreasuryObserver: TreasuryObserver = {
  ...{ granted: nothing, voided: nothing, reversed: nothing, boxesDropped: nothing },
  ...{ measureApplied: nothing, swept: nothing, stands: nothing },
};
