import type { DatabaseSync } from 'node:sqlite';
import type { QuestionIn, QuestionOut } from '../../commands.ts';
import type { TreasuryQuestions } from '../../treasury-commands.ts';
import {
  type GrantRow,
  grantOf,
  type PoolRow,
  poolOf,
  type RightRow,
  rightOf,
  SELECT_GRANT,
  SELECT_RIGHT,
} from './rows.ts';

type Answers = {
  readonly [Name in keyof TreasuryQuestions]: (given: QuestionIn<Name>) => QuestionOut<Name>;
};

export function treasuryQuestions(db: DatabaseSync): Answers {
  const pools = db.prepare(
    'SELECT * FROM pools WHERE (?1 IS NULL OR show = ?1) AND id > ?2 ORDER BY id LIMIT ?3',
  );
  const pool = db.prepare('SELECT * FROM pools WHERE id = ?');
  const right = db.prepare(`${SELECT_RIGHT} WHERE r.id = ?`);
  const rights = db.prepare(`
    SELECT * FROM (${SELECT_RIGHT})
    WHERE (?1 IS NULL OR interaction = ?1) AND (?2 IS NULL OR viewer = ?2) AND (?3 IS NULL OR pool = ?3)
      AND (?4 IS NULL OR state = ?4) AND seq < ?5
    ORDER BY seq DESC LIMIT ?6`);
  const grant = db.prepare(`${SELECT_GRANT} WHERE g.id = ?`);
  return {
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
      const rows = rights.all(
        ...([interaction, viewer, from, state, before ?? Number.MAX_SAFE_INTEGER, limit] as const),
      ) as unknown as RightRow[];
      return pageOf(rows, limit, rightOf);
    },
    'grant.get': ({ grant: id }) => {
      const row = grant.get(id) as GrantRow | undefined;
      return row === undefined ? null : grantOf(row);
    },
  };
}

export const pageOf = <Row extends { readonly seq: number }, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
): { readonly items: readonly Item[]; readonly next: number | null } => ({
  items: rows.map(itemOf),
  next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null),
});
