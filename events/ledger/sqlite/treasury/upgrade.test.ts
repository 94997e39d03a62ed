import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { unixUs } from '../../../../packet/time.ts';
import { revealedBy } from '../../fixtures.ts';
import { MIGRATIONS } from '../schema.ts';
import { aRight, openTreasury, T0, type TestBooks } from './fixtures.ts';
import { treasury } from './index.ts';

const SOON = unixUs(T0 + 60_000_000);

/** Rights in each state: waiting, held, released by name, behind a reveal, granted, reversed, voided. */
function withRightsOfAllStates(): TestBooks {
  const books = openTreasury();
  books.pool({ id: 'p1', reverseOnVoid: true }, { pieces: 20, amountMinor: 2_000 });
  books.pool({ id: 'p2' }, { pieces: 20, amountMinor: 2_000 });
  const viewers = ['ann', 'bob', 'cyd', 'dan', 'eve'];
  for (const round of ['q1', 'q2']) books.round(round, viewers);
  const earn = (interaction: string, viewer: string, pool: string, expiresAtUs = aRight().expiresAtUs) =>
    books.treasury.earn(
      aRight({ id: `${interaction}-${viewer}`, interaction, viewer, pool, expiresAtUs }),
      T0,
    );
  const outcomes = [
    ...viewers.map((viewer, at) => earn('q1', viewer, at % 2 === 0 ? 'p1' : 'p2')),
    ...[earn('q2', 'ann', 'p1'), earn('q2', 'bob', 'p1', SOON), earn('q2', 'cyd', 'p2', SOON)],
    earn('q2', 'dan', 'p2'),
  ];
  expect(new Set(outcomes)).toEqual(new Set(['earned']));
  books.step(revealedBy('q1', {}, {}));
  for (const viewer of ['ann', 'bob', 'cyd']) books.treasury.grant(`q1-${viewer}`, T0);
  expect(books.treasury.reverse('g_q1-cyd', 'a mistake', T0, { tell: true })).toBe('reversed');
  books.treasury.void('q1-eve', 'left', T0);
  expect(books.treasury.release('q2-dan', T0)).toBe('released');
  return books;
}

const columnsOf = (db: DatabaseSync, table: string) =>
  db
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map(({ name }) => String(name));

/** What the second version would have in its tables. */
function asOfVersion2(now: DatabaseSync): DatabaseSync {
  const before = new DatabaseSync(':memory:');
  for (const step of MIGRATIONS.slice(0, 2)) before.exec(step);
  for (const table of treasury.tables) {
    const columns = columnsOf(before, table);
    // A table that came later.
    if (columns.length === 0) continue;
    const insert = before.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    const select = now.prepare(`SELECT ${columns.join(', ')} FROM ${table}`);
    select.setReturnArrays(true);
    for (const row of select.all() as unknown as (string | number | null)[][]) insert.run(...row);
  }
  return before;
}

test('a ledger of version 2 comes to the tables that this version would have made', () => {
  const { db } = withRightsOfAllStates();
  const upgraded = asOfVersion2(db);
  for (const step of MIGRATIONS.slice(2)) upgraded.exec(step);
  const contentOf = (of: DatabaseSync) =>
    Object.fromEntries(
      treasury.tables.map((table) => [
        table,
        of
          .prepare(`SELECT ${columnsOf(db, table).join(', ')} FROM ${table} ORDER BY 1`)
          .all()
          .map((row) => ({ ...row })),
      ]),
    );
  expect(contentOf(upgraded)).toEqual(contentOf(db));
  expect(contentOf(upgraded).open_rights).toEqual([
    { pool: 'p1', interaction: 'q2', waiting: 1, held: 1, released: 0 },
    { pool: 'p2', interaction: 'q1', waiting: 1, held: 0, released: 0 },
    { pool: 'p2', interaction: 'q2', waiting: 0, held: 1, released: 1 },
  ]);
});
