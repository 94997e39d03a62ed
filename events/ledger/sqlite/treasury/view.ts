import type { DatabaseSync } from 'node:sqlite';
import { ACCOUNTS, type Balances, type Pool } from '../../treasury.ts';
import type { RightCounts, TreasuryDue, TreasuryQuestions, TreasuryView } from '../../treasury-commands.ts';
import { preparePoolAccount } from './account.ts';
import { type PoolRow, poolOf } from './rows.ts';
import { prepareShowReads } from './shows.ts';

type Answers = {
  readonly [Name in 'treasury.due' | 'treasury.view' | 'treasury.account' | 'show.get']: (
    given: TreasuryQuestions[Name]['in'],
  ) => TreasuryQuestions[Name]['out'];
};

const POOLS = 1_000;

/** The treasury as a whole: for the keeper, the operator's page, and the closing of a show. Kept totals, no scans of rights. */
export function viewQuestions(db: DatabaseSync): Answers {
  const all = db.prepare('SELECT * FROM pools WHERE ?1 IS NULL OR show = ?1 ORDER BY id LIMIT ?2');
  const shows = prepareShowReads(db);
  const account = preparePoolAccount(db);
  const pools = (show: string | null): readonly Pool[] =>
    (all.all(show, POOLS) as unknown as PoolRow[]).map(poolOf);
  const countRights = prepareCounts(db);
  return {
    'treasury.due': prepareDue(db, shows.dueMeasures),
    'treasury.view': ({ show }): TreasuryView => {
      const found = pools(show);
      return {
        pools: found,
        rights: countRights(show),
        totals: totalsOf(found),
        shows: (show === null ? shows.shows() : [show]).map((name) => ({
          ...{ boxes: shows.boxesOf(name), measures: shows.measures(name) },
        })),
      };
    },
    'treasury.account': ({ show, atUs }) => pools(show).map((pool) => account(pool, atUs)),
    'show.get': ({ show }) => ({ boxes: shows.boxesOf(show), measures: shows.measures(show) }),
  };
}

function prepareDue(
  db: DatabaseSync,
  dueMeasures: () => TreasuryDue['measures'],
): (given: { readonly nowUs: number }) => TreasuryDue {
  const phases = db.prepare(`
    SELECT coalesce(max(phase = 'released' AND waiting > 0), 0) AS grants, coalesce(max(phase = 'void'), 0) AS voids
    FROM prize_rounds WHERE phase <> 'running' AND waiting + holds + reversible > 0`);
  const byName = db.prepare(`SELECT 1 FROM rights WHERE state = 'released' LIMIT 1`);
  const overdue = db.prepare(`
    SELECT 1 FROM rights INDEXED BY rights_to_expire
    WHERE state = 'earned' AND expires_us IS NOT NULL AND expires_us <= ? LIMIT 1`);
  const boxes = db.prepare(`
    SELECT 1 WHERE EXISTS (SELECT 1 FROM prize_shows WHERE drop_ppm > 0) AND (
      (SELECT max(seq) FROM submissions) > coalesce((SELECT answer FROM box_cursor), 0)
      OR EXISTS (SELECT 1 FROM box_waiting w JOIN judgements j ON j.submission = w.answer))`);
  const sweeps = db.prepare(`
    SELECT id FROM pools
    WHERE sweeps_us IS NOT NULL AND reserved_pieces = 0 AND free_pieces + free_amount > 0 AND sweeps_us <= ?
    LIMIT 100`);
  return ({ nowUs }) => {
    const { grants, voids } = phases.get() as { grants: number; voids: number };
    return {
      grants: grants === 1 || byName.get() !== undefined,
      voids: voids === 1,
      expired: overdue.get(nowUs) !== undefined,
      boxes: boxes.get() !== undefined,
      measures: dueMeasures(),
      sweeps: (sweeps.all(nowUs) as { id: string }[]).map(({ id }) => id),
    };
  };
}

function prepareCounts(db: DatabaseSync): (show: string | null) => RightCounts {
  const moves = db.prepare(`
    SELECT t.move, sum(t.n) AS n FROM pool_totals t JOIN pools p ON p.id = t.pool
    WHERE ?1 IS NULL OR p.show = ?1 GROUP BY t.move`);
  // As many rows as pools have rounds that are under way.
  const open = db.prepare(`
    SELECT coalesce(sum(o.held), 0) AS reserved,
      coalesce(sum(o.waiting) FILTER (WHERE d.phase <> 'released'), 0) AS earned,
      coalesce(sum(o.released), 0) + coalesce(sum(o.waiting) FILTER (WHERE d.phase = 'released'), 0) AS released
    FROM open_rights o JOIN prize_rounds d ON d.interaction = o.interaction
    WHERE ?1 IS NULL OR (SELECT show FROM pools p WHERE p.id = o.pool) = ?1`);
  return (show) => {
    const byMove = new Map(
      (moves.all(show) as { move: string; n: number }[]).map(({ move, n }) => [move, n]),
    );
    const n = (move: string) => byMove.get(move) ?? 0;
    const { earned, reserved, released } = open.get(show) as OpenRow;
    return {
      ...{ earned, reserved, released },
      ...{ granted: n('grant'), reversed: n('reverse'), voided: n('release') },
    };
  };
}

type OpenRow = Pick<RightCounts, 'earned' | 'reserved' | 'released'>;

function totalsOf(pools: readonly Pool[]): TreasuryView['totals'] {
  const byCurrency = Map.groupBy(pools, ({ currency }) => currency);
  return [...byCurrency].map(([currency, of]) => ({
    currency,
    pools: of.length,
    balances: Object.fromEntries(
      ACCOUNTS.map((account) => [
        account,
        {
          pieces: of.reduce((sum, { balances }) => sum + balances[account].pieces, 0),
          amountMinor: of.reduce((sum, { balances }) => sum + balances[account].amountMinor, 0),
        },
      ]),
    ) as Balances,
  }));
}
