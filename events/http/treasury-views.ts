import { type UnixMicroseconds, unixUsToMs } from '../../packet/time.ts';
import type { Measure } from '../ledger/measures.ts';
import type { ActRecord } from '../ledger/sqlite/acted.ts';
import type { Amount, Grant, Pool, Right } from '../ledger/treasury.ts';
import type { MovementRecord, PoolAccount, TreasuryView } from '../ledger/treasury-commands.ts';
import type { DrawLine } from './treasury-operations.ts';

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

export const viewBody = (
  { pools, rights, totals, shows }: TreasuryView,
  draws: readonly DrawLine[],
  now: UnixMicroseconds,
) => ({
  at: at(now),
  pools: pools.map(poolBody),
  rights,
  totals,
  shows: shows.map(({ boxes, measures }) => ({ boxes, measures: measures.map(measureBody) })),
  draws,
});

export function accountBody(
  accounts: readonly PoolAccount[],
  draws: readonly DrawLine[],
  now: UnixMicroseconds,
) {
  const missing = [...accounts.flatMap(missingOfPool), ...draws.flatMap(missingOfDraw)];
  return {
    at: at(now),
    /** Nothing is wrong, nothing waits or is free, and every winner has what they can have. */
    settled: [...accounts, ...draws].every(({ settled }) => settled),
    inOrder: accounts.every(({ wrong }) => wrong.length === 0),
    missing,
    accounts: accounts.map(({ pool, swept, ...account }) => ({
      ...account,
      pool: poolBody(pool),
      swept: swept.map(({ atUs, ...sweep }) => ({ ...sweep, at: at(atUs) })),
    })),
    draws: draws.filter(({ settled, excluded, shadow }) => !settled || (excluded > 0 && !shadow)),
  };
}

const WAITS: Readonly<Record<PoolAccount['waiting'][number]['waitsFor'], string>> = {
  reveal: 'waits for the reveal of',
  order: 'is reserved in',
  grant: 'is about to be granted in',
  voiding: 'is about to come back from',
};
const piecesOf = ({ pieces, amountMinor }: Amount, currency: string): string =>
  `${pieces === 1 ? '1 piece' : `${pieces} pieces`} (${amountMinor} minor units of ${currency})`;

function missingOfPool({ pool, settled, free, waiting, wrong }: PoolAccount): readonly string[] {
  if (settled) return [];
  const { id, currency } = pool;
  return [
    ...wrong.map((what) => `Pool ${id} does not add up: ${what}.`),
    ...waiting.map(
      ({ interaction, waitsFor, ...amount }) =>
        `Pool ${id}: ${piecesOf(amount, currency)} ${WAITS[waitsFor]} ${interaction}.`,
    ),
    ...(free.pieces + free.amountMinor === 0
      ? []
      : [`Pool ${id}: ${piecesOf(free, currency)} free. Close it and sweep it.`]),
  ];
}

const missingOfDraw = ({ interaction, settled, next }: DrawLine): readonly string[] =>
  settled ? [] : [`Draw ${interaction} is not settled. ${next ?? ''}`.trim()];
