import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { MeasureTerms } from '../../measures.ts';
import { DOMAINS } from '../domains.ts';
import { prepareJournal, type Reducer } from '../journal.ts';
import { MIGRATIONS } from '../schema.ts';
import { openTreasury, replayed, T0 } from './fixtures.ts';

const measure = (id: string, closePool: string): MeasureTerms => ({
  ...{ id, title: id, when: null, do: { closePool }, auto: false },
});
/** Of a program of before: entries did not name the show. */
const OLD = [
  ['measures.prepared', { show: 's1', measures: [measure('m1', 'p1'), measure('m2', 'p1')] }],
  ['measures.prepared', { show: 's2', measures: [measure('m3', 'p1')] }],
  ['pool.closed', { pool: 'p1', why: 'measure:m1' }],
  ['measure.applied', { measure: 'm1', before: { pool: 'p1', state: 'open' } }],
  ['measure.applied', { measure: 'm3', before: { pool: 'p1', state: 'closed' } }],
  ['measure.reverted', { measure: 'm3' }],
] as const;

test('entries of before, which name no show, are read, and what they applied can be put back', () => {
  const books = openTreasury();
  books.pool({}, { pieces: 1, amountMinor: 100 });
  const reducers = new Map<string, Reducer>(DOMAINS.flatMap((of) => Object.entries(of.reducers(books.db))));
  const journal = prepareJournal(books.db, () => 'f'.repeat(32), reducers);
  for (const [kind, body] of OLD) journal.append({ kind, atUs: T0, viewer: null, body });
  const statesOf = (show: string) =>
    books.ask('show.get', { show }).measures.map(({ id, state }) => `${id} ${state}`);
  expect(statesOf('s1')).toEqual(['m1 applied', 'm2 prepared']);
  expect(statesOf('s2')).toEqual(['m3 reverted']);

  const by = { by: 'tess', atUs: T0 };
  const rules = { dropPpm: 0, threshold: 0 };
  books.perform('show.rule', { show: 's2', rules, measures: [measure('m1', 'p1')], ...by });
  expect(books.perform('measure.revert', { show: 's1', measure: 'm1', ...by })).toMatchObject({
    kind: 'done',
  });
  expect(books.ask('pool.get', { pool: 'p1' })!.state).toBe('open');
  expect([statesOf('s1'), statesOf('s2')]).toEqual([['m1 reverted', 'm2 prepared'], ['m1 prepared']]);
  expect(replayed(books.db)).toEqual([]);
});

test('a ledger of before keeps its measures as they stand', () => {
  const db = new DatabaseSync(':memory:');
  for (const step of MIGRATIONS.slice(0, 2)) db.exec(step);
  const terms = JSON.stringify(measure('m1', 'p1'));
  db.prepare(
    `INSERT INTO measures (id, show, place, terms, state, applied_us, before)
     VALUES ('m1', 's1', 4, ?, 'applied', 7, '{"pool":"p1","state":"open"}')`,
  ).run(terms);
  for (const step of MIGRATIONS.slice(2)) db.exec(step);
  expect(
    db
      .prepare('SELECT * FROM measures')
      .all()
      .map((row) => ({ ...row })),
  ).toEqual([
    {
      ...{ show: 's1', id: 'm1', place: 4, terms, state: 'applied', applied_us: 7 },
      before: '{"pool":"p1","state":"open"}',
    },
  ]);
  db.prepare(`INSERT INTO measures (show, id, place, terms) VALUES ('s2', 'm1', 0, ?)`).run(terms);
});
