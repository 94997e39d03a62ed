import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openBooks } from '../books.ts';
import { MIGRATIONS } from '../schema.ts';
import { T0 } from './fixtures.ts';
import { treasuryQuestions } from './reads.ts';

/** Tables that grow with the audience: nothing that is asked again and again may walk through one of them. */
const LARGE = [
  'rights',
  'grants',
  'pool_moves',
  'boxes',
  'box_drops',
  'submissions',
  'judgements',
  'journal',
];

/** At the first start with a ledger that is older than the chain, and never again. */
const AT_AN_UPGRADE = 'FROM judgements j JOIN submissions s ON s.seq = j.submission ORDER BY j.judged_us';

/** A database that notes what is prepared on it. */
function notedDatabase(): { readonly db: DatabaseSync; readonly prepared: string[] } {
  const real = new DatabaseSync(':memory:');
  for (const step of MIGRATIONS) real.exec(step);
  const prepared: string[] = [];
  const db = new Proxy(real, {
    get(target, name) {
      if (name === 'prepare') {
        return (sql: string) => {
          prepared.push(sql);
          return target.prepare(sql);
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { db, prepared };
}

const planOf = (db: DatabaseSync, sql: string): string =>
  db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => detail)
    .join('; ');

/** What stands behind `FROM` or `JOIN` under another name. */
const namesOf = (sql: string, table: string): readonly string[] =>
  [
    ...sql.matchAll(
      new RegExp(`(?:FROM|JOIN|UPDATE)\\s+${table}(?:\\s+(?!INDEXED|WHERE|SET|ON)([a-z]))?\\b`, 'g'),
    ),
  ].map(([, alias]) => alias ?? table);

describe('what is asked again and again', () => {
  const { db, prepared } = notedDatabase();
  openBooks({ write: db, read: db, nowUs: () => T0 });
  const asked = [...new Set(prepared)].filter((sql) => !sql.includes(AT_AN_UPGRADE));

  test.each(LARGE)('nothing that the ledger prepares walks through all of %s', (table) => {
    const walks = asked.filter((sql) => {
      const plan = planOf(db, sql);
      return namesOf(sql, table).some((name) => new RegExp(`SCAN ${name}\\b`).test(plan));
    });
    expect(walks).toEqual([]);
  });

  test('reservations that end are found by their end, however many are held', () => {
    const ends = asked.filter((sql) => /FROM rights[^(]*expires_us <?>?=? ?\?/s.test(sql));
    expect(ends.length).toBeGreaterThanOrEqual(4);
    for (const sql of ends) {
      expect(planOf(db, sql)).toMatch(/rights USING (COVERING )?INDEX rights_to_expire \(expires_us[<>]/);
      expect(planOf(db, sql)).not.toContain('TEMP B-TREE');
    }
  });

  test('the counts of the view come from kept totals', () => {
    prepared.length = 0;
    const questions = treasuryQuestions(db);
    const [counts] = prepared.filter((sql) => sql.includes('open_rights'));
    expect(counts).not.toMatch(/(FROM|JOIN) rights\b/);
    expect(planOf(db, counts!)).toMatch(/^SCAN o; /);
    expect(questions['treasury.view']({ show: null }).rights).toEqual({
      ...{ earned: 0, reserved: 0, released: 0, granted: 0, reversed: 0, voided: 0 },
    });
  });
});

describe('pages of rights and grants', () => {
  const { db, prepared } = notedDatabase();
  const questions = treasuryQuestions(db);
  const planOfAsking = (ask: () => unknown): string => {
    prepared.length = 0;
    ask();
    expect(prepared).toHaveLength(1);
    return planOf(db, prepared[0]!);
  };
  const ALL = { interaction: null, viewer: null, pool: null, limit: 5, before: null };

  test.each([
    [{ state: 'voided' }, 'r USING INDEX rights_by_state (state=? AND seq<?)'],
    [{ state: 'earned' }, 'r USING INDEX rights_by_state (state=? AND seq<?)'],
    [{ state: 'released' }, 'r USING INDEX rights_by_state (state=? AND seq<?)'],
    [{ state: 'granted' }, 'r USING INDEX rights_by_state (state=? AND seq<?)'],
    [{ interaction: 'q1' }, 'r USING INDEX rights_by_round (interaction=? AND seq<?)'],
    [{ pool: 'p1' }, 'r USING INDEX rights_by_pool (pool=? AND seq<?)'],
    [{ viewer: 'ann' }, 'r USING INDEX rights_by_viewer (viewer=? AND seq<?)'],
    [{ viewer: 'ann', state: 'granted' }, 'r USING INDEX rights_by_viewer (viewer=? AND seq<?)'],
    [{ pool: 'p1', state: 'voided' }, 'r USING INDEX rights_by_pool (pool=? AND seq<?)'],
    [{ interaction: 'q1', state: 'released' }, 'r USING INDEX rights_by_round (interaction=? AND seq<?)'],
  ] as const)('of rights by %j go from the newest on by an index, and are not sorted', (by, index) => {
    const plan = planOfAsking(() => questions['right.list']({ ...ALL, state: null, ...by }));
    expect(plan).toContain(index);
    expect(plan).not.toContain('TEMP B-TREE');
  });

  test.each([
    [{ interaction: 'q1' }, 'g USING INDEX grants_by_round (interaction=? AND seq<?)'],
    [{ pool: 'p1' }, 'g USING INDEX grants_by_pool (pool=? AND seq<?)'],
  ] as const)('of grants by %j go from the newest on by an index, and are not sorted', (by, index) => {
    const plan = planOfAsking(() => questions['grant.list']({ ...ALL, ...by }));
    expect(plan).toContain(index);
    expect(plan).not.toContain('TEMP B-TREE');
  });
});
