import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../../packet/time.ts';
import type { QuestionIn, QuestionOut } from '../../commands.ts';
import type { RightState } from '../../treasury.ts';
import type { MovementRecord, TreasuryQuestions } from '../../treasury-commands.ts';
import { type Filtered, prepareFiltered } from '../filtered.ts';
import { prepareEligibility } from './eligibility.ts';
import {
  type GrantRow,
  grantOf,
  type PoolRow,
  poolOf,
  type RightRow,
  rightOf,
  SELECT_GRANT,
  SELECT_RIGHT,
  selectRightsIn,
} from './rows.ts';
import { viewQuestions } from './view.ts';

type Answers = {
  readonly [Name in keyof TreasuryQuestions]: (given: QuestionIn<Name>) => QuestionOut<Name>;
};

export function treasuryQuestions(db: DatabaseSync): Answers {
  const pools = db.prepare(
    'SELECT * FROM pools WHERE (?1 IS NULL OR show = ?1) AND id > ?2 ORDER BY id LIMIT ?3',
  );
  const pool = db.prepare('SELECT * FROM pools WHERE id = ?');
  const right = db.prepare(`${SELECT_RIGHT} WHERE r.id = ?`);
  const rights = prepareFiltered<RightRow>(db, SELECT_RIGHT);
  const rightsIn = prepareRightsIn(db);
  const grant = db.prepare(`${SELECT_GRANT} WHERE g.id = ?`);
  const grants = prepareFiltered<GrantRow>(db, SELECT_GRANT);
  const moves = db.prepare(`
    SELECT seq, pool, move, pieces, amount, ref, at_us FROM pool_moves WHERE pool = ? AND seq < ?
    ORDER BY seq DESC LIMIT ?`);
  const boxes = db.prepare('SELECT n FROM boxes WHERE show = ? AND viewer = ?');
  const { tierOf } = prepareEligibility(db);
  return {
    ...viewQuestions(db),
    'grant.list': ({ interaction, viewer, pool: from, limit, before }) =>
      pageOf(grants({ interaction, viewer, pool: from }, before, limit), limit, grantOf),
    'pool.moves': ({ pool: id, limit, before }) => {
      const rows = moves.all(id, before ?? Number.MAX_SAFE_INTEGER, limit) as unknown as MoveRow[];
      return pageOf(rows, limit, ({ amount, at_us, ...row }) => ({
        ...row,
        ...{ amountMinor: amount, atUs: unixUs(at_us) },
      }));
    },
    'boxes.ofViewer': ({ show, viewer }) => ({
      boxes: (boxes.get(show, viewer) as { n: number } | undefined)?.n ?? 0,
      tier: tierOf(show, viewer),
    }),
    'pool.list': ({ show, limit, after }) =>
      (pools.all(show, after ?? '', limit) as unknown as PoolRow[]).map(poolOf),
    'pool.get': ({ pool: id }) => {
      const row = pool.get(id) as PoolRow | undefined;
      return row === undefined ? null : poolOf(row);
    },
    'right.get': ({ right: id }) => {
      const row = right.get(id) as RightRow | undefined;
      return row === undefined ? null : rightOf(row);
    },
    'right.list': ({ interaction, viewer, pool: from, state, limit, before }) => {
      const by = { interaction, viewer, pool: from };
      const rows = state === null ? rights(by, before, limit) : rightsIn(state, by, before, limit);
      return pageOf(rows, limit, rightOf);
    },
    'grant.get': ({ grant: id }) => {
      const row = grant.get(id) as GrantRow | undefined;
      return row === undefined ? null : grantOf(row);
    },
  };
}

function prepareRightsIn(
  db: DatabaseSync,
): (state: RightState, ...given: Parameters<Filtered<RightRow>>) => readonly RightRow[] {
  const lists = new Map<string, Filtered<RightRow>>();
  return (state, by, ...page) => {
    const column = Object.values(by).every((value) => value === null) ? 'r.state' : '+r.state';
    const key = `${column} ${state}`;
    const list = lists.get(key) ?? prepareFiltered<RightRow>(db, selectRightsIn(state, column));
    lists.set(key, list);
    return list(by, ...page);
  };
}

interface MoveRow extends Omit<MovementRecord, 'amountMinor' | 'atUs'> {
  readonly amount: number;
  readonly at_us: number;
}

const pageOf = <Row extends { readonly seq: number }, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
): { readonly items: readonly Item[]; readonly next: number | null } => ({
  items: rows.map(itemOf),
  next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null),
});
