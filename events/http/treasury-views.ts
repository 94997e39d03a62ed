import { type UnixMicroseconds, unixUsToMs } from '../../packet/time.ts';
import type { Measure } from '../ledger/measures.ts';
import type { ActRecord } from '../ledger/sqlite/acted.ts';
import type { Grant, Pool, Right } from '../ledger/treasury.ts';
import type { MovementRecord, PoolAccount, TreasuryView } from '../ledger/treasury-commands.ts';

/** How the treasury looks over HTTP. Moments are Unix milliseconds. */

const at = (moment: UnixMicroseconds | null): number | null => (moment === null ? null : unixUsToMs(moment));

export function poolBody({ opensAtUs, closesAtUs, openedAtUs, ...pool }: Pool) {
  return { ...pool, opensAt: at(opensAtUs), closesAt: at(closesAtUs), openedAt: at(openedAtUs) };
}

export const movementBody = ({ atUs, pool: _, ...movement }: MovementRecord) => ({
  ...movement,
  at: at(atUs),
});

export const rightBody = ({ expiresAtUs, earnedAtUs, ...right }: Right) => ({
  ...right,
  ...{ expiresAt: at(expiresAtUs), earnedAt: at(earnedAtUs) },
});

export const grantBody = ({ madeAtUs, reversed, ...grant }: Grant) => ({
  ...grant,
  madeAt: at(madeAtUs),
  reversed: reversed === null ? null : { at: at(reversed.atUs), why: reversed.why },
});

export const measureBody = ({ appliedAtUs, ...measure }: Measure) => ({
  ...measure,
  appliedAt: at(appliedAtUs),
});

export const actBody = ({ atUs, ...act }: ActRecord) => ({ ...act, at: at(atUs) });

export const viewBody = ({ pools, rights, totals, shows }: TreasuryView, now: UnixMicroseconds) => ({
  at: at(now),
  pools: pools.map(poolBody),
  rights,
  totals,
  shows: shows.map(({ boxes, measures }) => ({ boxes, measures: measures.map(measureBody) })),
});

export const accountBody = (accounts: readonly PoolAccount[], now: UnixMicroseconds) => ({
  at: at(now),
  /** Nothing is wrong, and nothing waits or is free. */
  settled: accounts.every(({ settled }) => settled),
  inOrder: accounts.every(({ wrong }) => wrong.length === 0),
  accounts: accounts.map(({ pool, swept, ...account }) => ({
    ...account,
    pool: poolBody(pool),
    swept: swept.map(({ atUs, ...sweep }) => ({ ...sweep, at: at(atUs) })),
  })),
});
