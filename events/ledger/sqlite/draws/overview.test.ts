import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import { seedHashOf } from '../../../../draws/commitment.ts';
import { unixUs } from '../../../../packet/time.ts';
import type { DrawCommitment, EntrantPageRow } from '../../draws.ts';
import { canceledBy, revealedBy } from '../../fixtures.ts';
import type { PoolTerms } from '../../treasury.ts';
import { MIGRATIONS } from '../schema.ts';
import { openTreasury, replayed, T0, type TestBooks } from '../treasury/fixtures.ts';
import { drawWinners, readEntrants } from './list.ts';
import { LACKS, OVERVIEW } from './overview.ts';

const SEED = new Uint8Array(32).fill(7);
const later = (n: number) => unixUs(T0 + n);
let books: TestBooks;
beforeEach(() => {
  books = openTreasury();
});

interface Lottery {
  readonly pool?: string;
  /** Two pieces from each of these, instead of 50 from one. */
  readonly pools?: readonly string[];
  readonly show?: string;
  readonly shadow?: boolean;
  /** Of each viewer who enters. */
  readonly regions?: readonly string[];
}

const prizesOf = ({ pool = 'p1', pools }: Lottery) =>
  pools === undefined
    ? [{ prize: 'bag', pool, pieces: 50, amountMinor: 100 }]
    : pools.map((of, i) => ({ prize: `bag-${i}`, pool: of, pieces: 2, amountMinor: 100 }));

/** Its list is closed at `n`. */
function frozen(id: string, n: number, lottery: Lottery = {}) {
  const { show = 's1', shadow = false, regions = [] } = lottery;
  const prizes = prizesOf(lottery);
  const config = { title: `Draw ${id}`, prizes, durationMs: 1_000, randomness: { kind: 'commit-reveal' } };
  books.round(id, [], { type: 'lottery', config, show, ...(shadow ? { shadow } : {}) });
  for (const [i, region] of regions.entries()) books.answer(id, `${id}-${i}`, region);
  expect(books.perform('draw.freeze', { interaction: id, atUs: later(n) })).toBe('done');
}

/** ... and it is drawn: everybody wins. */
function drawn(id: string, n: number, lottery: Lottery): void {
  frozen(id, n, lottery);
  const on = { interaction: id, atUs: later(n) };
  const reading = readEntrants(books.db, id);
  const pages: EntrantPageRow[] = [];
  let next = reading.next();
  for (; next.done !== true; next = reading.next()) pages.push(next.value);
  for (const [page, kept] of pages.entries()) books.perform('draw.page', { interaction: id, page, ...kept });
  const prizes = prizesOf(lottery).map(({ prize, pieces }) => ({ prize, pieces, tier: 'any' as const }));
  const commitment: DrawCommitment = { seedHash: seedHashOf(SEED), ...next.value, prizes, beacon: null };
  expect(books.perform('draw.commit', { ...on, commitment })).toBe('done');
  books.perform('draw.publish', { ...on, round: null });
  const batch = drawWinners(books.db, id, commitment, SEED, null).map((winner, place) => ({
    ...{ ...winner, right: `d_${id}_${place}` },
  }));
  const given = { ...on, signature: null, by: null, winners: batch.length, batch };
  expect(books.perform('draw.draw', given)).toBe('done');
}

const pool = (over: Partial<PoolTerms>, pieces: number) =>
  books.pool(over, { pieces, amountMinor: pieces * 100 });
const told = (show: string | null = null, limit = 50) =>
  books.ask('draw.overview', { show, limit }).map(({ interaction }) => interaction);
const one = (id: string) =>
  books.ask('draw.overview', { show: null, limit: 50 }).find(({ interaction }) => interaction === id)!;

describe('draws at a glance', () => {
  test('newest first, bounded; who is not over or lacks something is there however old', () => {
    drawn('short', 1, { pool: 'none', regions: ['DE'] });
    frozen('waits', 2);
    for (let n = 3; n < 9; n++) {
      drawn(`done-${n}`, n, {});
      books.step(revealedBy(`done-${n}`, {}, {}));
    }
    expect(told(null, 2)).toEqual(['done-8', 'done-7', 'waits', 'short']);
    expect(told(null, 50)).toHaveLength(8);
    expect(one('waits')).toMatchObject({
      state: 'frozen',
      title: 'Draw waits',
      entrants: null,
      revealedAtUs: null,
    });
    expect(one('done-8')).toMatchObject({
      state: 'drawn',
      entrants: 0,
      winners: 0,
      revealedAtUs: expect.any(Number),
      lacks: null,
    });
    expect(one('short')).toMatchObject({
      ...{ winners: 1, short: 1, excluded: 0, lacks: { pool: 'none', outcome: 'no-pool' } },
    });
    books.step(canceledBy('short'));
    expect(told(null, 2)).toEqual(['done-8', 'done-7', 'waits']);
  });

  test('of a show: its own, and those that draw from its pools', () => {
    pool({ id: 'theirs', show: 's2' }, 1);
    frozen('a', 1);
    frozen('b', 2, { show: 's2' });
    frozen('c', 3, { pool: 'theirs' });
    expect(told('s1')).toEqual(['c', 'a']);
    expect(told('s2')).toEqual(['c', 'b']);
    expect(told('s3')).toEqual([]);
  });

  test('a winner whose region the pool excludes has no right, lacks none, and is counted apart', () => {
    pool({ regions: { allow: ['DE'], deny: null } }, 1);
    drawn('final', 1, { regions: ['DE', 'US', 'US'] });
    expect(one('final')).toMatchObject({ winners: 3, short: 0, excluded: 2, lacks: null });
    expect(replayed(books.db)).toEqual([]);
  });

  test('asked again, who is found to be excluded is not short any more, and never asked for again', () => {
    pool({ regions: { allow: ['DE'], deny: null } }, 5);
    const by = { by: 'tess', atUs: T0 };
    books.perform('pool.close', { pool: 'p1', why: 'a break', ...by });
    drawn('final', 1, { regions: ['DE', 'US', 'DE'] });
    expect(one('final')).toMatchObject({ short: 3, excluded: 0, lacks: { pool: 'p1', outcome: 'closed' } });
    books.perform('pool.reopen', { pool: 'p1', ...by });
    const again = { interaction: 'final', limit: 10, ...by };
    expect(books.perform('draw.rebook', again)).toEqual({ kind: 'done', earned: 2, short: 0 });
    expect(one('final')).toMatchObject({ winners: 3, short: 0, excluded: 1, lacks: null });
    expect(books.perform('draw.rebook', again)).toEqual({ kind: 'done', earned: 0, short: 0 });
  });

  test('asked again, a pool that is not to be had keeps nobody from the pieces of another', () => {
    pool({ id: 'full' }, 2);
    const by = { by: 'tess', atUs: T0 };
    books.perform('pool.close', { pool: 'full', why: 'a break', ...by });
    drawn('final', 1, { pools: ['none', 'full'], regions: ['DE', 'DE', 'DE', 'DE'] });
    expect(one('final')).toMatchObject({ winners: 4, short: 4 });
    books.perform('pool.reopen', { pool: 'full', ...by });
    const again = { interaction: 'final', limit: 2, ...by };
    expect(books.perform('draw.rebook', again)).toEqual({ kind: 'done', earned: 1, short: 3 });
    expect(books.perform('draw.rebook', again)).toEqual({ kind: 'done', earned: 1, short: 2 });
    expect(one('final')).toMatchObject({ short: 2, lacks: { pool: 'none', outcome: 'no-pool' } });
  });

  test('a shadow draw gives nothing, so its winners lack nothing, whatever its pools are like', () => {
    drawn('load', 1, { pool: 'none', shadow: true, regions: ['DE'] });
    expect(one('load')).toMatchObject({ isShadow: true, winners: 1, short: 0, excluded: 1 });
  });

  test('is read along indexes: neither draws nor winners are scanned', () => {
    const planOf = (sql: string) =>
      (books.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(
        ({ detail }) => detail,
      );
    const plan = planOf(OVERVIEW);
    for (const index of ['draws_newest', 'draws_open', 'draws_lacking']) {
      expect(plan.join('\n')).toContain(index);
    }
    const scanned = plan.filter((line) => /SCAN (draws|d|i|t|l)\b/.test(line) && !line.includes('USING'));
    expect(scanned).toEqual([]);
    expect(planOf(LACKS).join('\n')).toContain('draw_winners_short');
  });
});

test('a ledger of before counts those who were excluded once it is brought up', () => {
  const db = new DatabaseSync(':memory:');
  for (const step of MIGRATIONS.slice(0, 2)) db.exec(step);
  db.exec(`
    INSERT INTO draws (interaction, state, frozen_us, winners, booked, short) VALUES ('a', 'drawn', 1, 4, 4, 1), ('b', 'frozen', 2, 0, 0, 0);
    INSERT INTO draw_winners (interaction, place, entrant, prize, submission, right_id, outcome) VALUES
      ('a', 0, 0, 0, 1, 'r0', 'earned'), ('a', 1, 1, 0, 2, 'r1', 'not-eligible'), ('a', 2, 2, 0, 3, 'r2', 'empty'),
      ('a', 3, 3, 0, 4, 'r3', 'not-eligible');`);
  for (const step of MIGRATIONS.slice(2, 3)) db.exec(step);
  const rows = db.prepare('SELECT interaction, short, excluded FROM draws ORDER BY interaction').all();
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { interaction: 'a', short: 1, excluded: 2 },
    { interaction: 'b', short: 0, excluded: 0 },
  ]);
  expect(db.prepare('SELECT oldest FROM schema_compat').get()).toMatchObject({ oldest: 3 });
});
