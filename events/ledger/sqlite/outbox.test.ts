import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import { unixUs } from '../../../packet/time.ts';
import { OutboxBooks, T0_US } from '../../outbox/testing/outbox-books.ts';
import type { OutboxItem } from '../outbox.ts';
import { openBooks } from './books.ts';
import { prepareOutboxReads } from './outbox-reads.ts';
import { MIGRATIONS } from './schema.ts';

const at = (ms: number) => unixUs(T0_US + ms * 1000);
const failure = { code: 'failed', status: 503 } as const;

describe('the outbox in the ledger', () => {
  let books: OutboxBooks;
  const due = async (ms: number, over: object = {}): Promise<string[]> => {
    const items: OutboxItem[] = await books.ask('outbox.due', { nowUs: at(ms), limit: 100, ...over });
    return items.map(({ id }) => id);
  };
  const get = (id: string): Promise<OutboxItem> => books.ask('outbox.get', { id });
  const attempted = (id: string, attempt: number, ms: number, nextMs: number) =>
    books.perform('outbox.attempted', { id, attempt, ...failure, atUs: at(ms), nextUs: at(nextMs) });
  const delivered = (id: string, ms = 0, outcome = 'done', reason: string | null = null) =>
    books.perform('outbox.delivered', { id, outcome, reason, atUs: at(ms) });
  const dead = (id: string, attempt: number, ms = 0) =>
    books.perform('outbox.dead', { id, attempt, code: 'refused', status: 422, why: 'refused', atUs: at(ms) });
  const revive = (id: string, ms = 0) => books.perform('outbox.revive', { id, by: 'ops', atUs: at(ms) });
  const entries = () => Number(books.db.prepare('SELECT count(*) AS n FROM journal').get()!.n);

  beforeEach(() => {
    books = new OutboxBooks();
  });

  test('an item is due from the moment it is queued, and the journal names no viewer in its body', async () => {
    books.enqueue();
    expect(await get('g_1')).toMatchObject({
      ...{ topic: 'grant.made', lane: 'gold', viewer: 'ann', state: 'queued', attempts: 0, after: null },
      ...{ payload: { amountMinor: 500, currency: 'EUR' }, queuedAtUs: T0_US, sinceUs: T0_US, nextUs: T0_US },
    });
    expect(await due(-1)).toEqual([]);
    expect(await due(0)).toEqual(['g_1']);
    const entry = books.db.prepare('SELECT viewer, body FROM journal').get()!;
    expect(entry.viewer).toBe('ann');
    expect(entry.body).not.toContain('ann');
  });

  test('an id is queued once: the second time throws, and leaves nothing behind', () => {
    books.enqueue();
    expect(() => books.enqueue({ lane: 'silver' })).toThrow('UNIQUE');
    expect(entries()).toBe(1);
  });

  test('what is due comes by its moment, of one lane or of all, and no more than asked for', async () => {
    books.enqueue({ id: 'b', atUs: at(2) });
    books.enqueue({ id: 'a', atUs: at(1) });
    books.enqueue({ id: 'c', lane: 'silver', atUs: at(0) });
    expect(await due(5)).toEqual(['c', 'a', 'b']);
    expect(await due(5, { lane: 'gold' })).toEqual(['a', 'b']);
    expect(await due(5, { lane: 'gold', limit: 1 })).toEqual(['a']);
    expect(await due(1, { lane: 'gold' })).toEqual(['a']);
  });

  test('a failed attempt puts it off and is written down once', async () => {
    books.enqueue();
    expect(await attempted('g_1', 1, 10, 1_000)).toBe('recorded');
    expect(await attempted('g_1', 1, 10, 1_000)).toBe('already');
    expect(entries()).toBe(2);
    expect(await due(999)).toEqual([]);
    expect(await due(1_000)).toEqual(['g_1']);
    expect(await get('g_1')).toMatchObject({
      attempts: 1,
      lastCode: 'failed',
      lastStatus: 503,
      lastUs: at(10),
    });
    expect(await attempted('nobody', 1, 0, 0)).toBe('unknown');
  });

  test('a clock that was set back strands nothing: no item waits longer than the longest wait', async () => {
    books.enqueue();
    await attempted('g_1', 1, 0, 600_000);
    expect(await due(-3_600_000, { longestUs: 600_000_000 })).toEqual(['g_1']);
    expect(await due(0, { longestUs: 600_000_000 })).toEqual([]);
    expect(await due(-3_600_000, { lane: 'gold', longestUs: 600_000_000 })).toEqual(['g_1']);
  });

  test('the first outcome counts, and the other domains hear it once', async () => {
    books.enqueue();
    expect(await delivered('g_1', 5, 'declined', 'address-unknown')).toBe('recorded');
    expect(await delivered('g_1', 6, 'done')).toBe('already');
    expect(await attempted('g_1', 1, 7, 8)).toBe('already');
    expect(await get('g_1')).toMatchObject({
      ...{ state: 'delivered', outcome: 'declined', reason: 'address-unknown', attempts: 1, lastUs: at(5) },
    });
    expect(books.told).toEqual([
      {
        ...{ id: 'g_1', topic: 'grant.made', lane: 'gold', viewer: 'ann' },
        ...{ payload: { amountMinor: 500, currency: 'EUR' }, outcome: 'declined' },
        ...{ reason: 'address-unknown', atUs: at(5) },
      },
    ]);
    expect(await due(1_000_000)).toEqual([]);
    expect(entries()).toBe(2);
  });

  test('a dead one is not due until a person revives it, and then has all its time again', async () => {
    books.enqueue();
    await attempted('g_1', 1, 10, 1_000);
    expect(await dead('g_1', 1)).toBe('already');
    expect(await dead('g_1', 2, 2_000)).toBe('recorded');
    expect(await due(1e9)).toEqual([]);
    expect(await get('g_1')).toMatchObject({
      state: 'dead',
      attempts: 2,
      lastCode: 'refused',
      lastStatus: 422,
    });
    expect(await revive('g_1', 9_000)).toMatchObject({
      kind: 'revived',
      item: { state: 'queued', attempts: 0 },
    });
    expect(await revive('g_1', 9_001)).toMatchObject({ kind: 'not-dead' });
    expect(await revive('nobody')).toEqual({ kind: 'unknown' });
    const acts = await books.ask('people.list', { limit: 9, before: null, by: null, target: null });
    expect(acts).toMatchObject([{ by: 'ops', what: 'outbox.revive', target: 'g_1' }]);
    expect(await due(9_000)).toEqual(['g_1']);
    expect(await get('g_1')).toMatchObject({ queuedAtUs: at(0), sinceUs: at(9_000) });
  });

  test('an answer that comes when nobody tried any more counts', async () => {
    books.enqueue();
    await dead('g_1', 1);
    expect(await delivered('g_1', 10)).toBe('recorded');
    expect(await books.ask('outbox.lanes', {})).toMatchObject([{ queued: 0, delivered: 1, dead: 0 }]);
  });

  test('what takes something back waits until that is delivered or dead', async () => {
    books.enqueue();
    books.enqueue({ id: 'r_1', topic: 'grant.reversed', after: 'g_1' });
    expect(await due(0)).toEqual(['g_1']);
    await attempted('g_1', 1, 0, 5_000);
    expect(await due(1_000)).toEqual([]);
    await delivered('g_1');
    expect(await due(1_000)).toEqual(['r_1']);
  });

  test('what was taken back is not revived', async () => {
    books.enqueue();
    books.enqueue({ id: 'r_1', topic: 'grant.reversed', after: 'g_1' });
    await dead('g_1', 1);
    expect(await due(0)).toEqual(['r_1']);
    expect(await revive('g_1')).toMatchObject({ kind: 'taken-back', by: 'r_1' });
    expect(
      await books.perform('outbox.revive-all', { lane: null, limit: 9, by: 'ops', atUs: at(1) }),
    ).toEqual({
      ...{ revived: 0, left: 1 },
    });
  });

  test('all the dead of a lane come back together, in bounded steps', async () => {
    for (const id of ['a', 'b', 'c']) books.enqueue({ id });
    books.enqueue({ id: 'd', lane: 'silver' });
    for (const id of ['a', 'b', 'c', 'd']) await dead(id, 1);
    const all = (lane: string | null, limit: number) =>
      books.perform('outbox.revive-all', { lane, limit, by: 'ops', atUs: at(1) });
    expect(await all('gold', 2)).toEqual({ revived: 2, left: 1 });
    expect(await all('gold', 2)).toEqual({ revived: 1, left: 0 });
    expect(await all(null, 10)).toEqual({ revived: 1, left: 0 });
    expect(await due(1)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a viewer is not erased before the downstream has answered for good', async () => {
    const erase = () =>
      books.perform('viewer.erase', { viewer: 'ann', pseudonym: 'erased:1', by: 'ops', atUs: at(9) });
    books.enqueue();
    await expect(erase()).rejects.toMatchObject({ code: 'ERR_VIEWER_BUSY' });
    await dead('g_1', 1);
    await expect(erase()).rejects.toMatchObject({ code: 'ERR_VIEWER_BUSY' });
    await delivered('g_1');
    await erase();
    expect(await get('g_1')).toMatchObject({ viewer: 'erased:1', state: 'delivered' });
  });

  test('an id that fits into no header is a mistake of the program', () => {
    for (const id of ['', 'a b', 'ä', 'a\nb', 'x'.repeat(201)]) {
      expect(() => books.enqueue({ id })).toThrow(TypeError);
    }
  });

  test('lanes are counted, and the numbers are what the items add up to', async () => {
    for (const id of ['a', 'b', 'c', 'd']) books.enqueue({ id, atUs: at(id.charCodeAt(0)) });
    books.enqueue({ id: 'e', lane: 'silver' });
    await delivered('a');
    await delivered('b', 0, 'declined');
    await dead('c', 1);
    await attempted('d', 1, 200, 4_000);
    expect(await books.ask('outbox.lanes', {})).toEqual([
      {
        ...{ lane: 'gold', queued: 1, delivered: 1, declined: 1, dead: 1 },
        ...{ oldestUs: at('d'.charCodeAt(0)), nextUs: at(4_000) },
      },
      { lane: 'silver', queued: 1, delivered: 0, declined: 0, dead: 0, oldestUs: T0_US, nextUs: T0_US },
    ]);
  });

  test('pages go from the newest on, by state, lane and viewer', async () => {
    for (const id of ['a', 'b', 'c']) books.enqueue({ id, viewer: id === 'b' ? 'bob' : 'ann' });
    await dead('a', 1);
    const ids = async (given: object) =>
      ((await books.ask('outbox.list', { limit: 10, ...given })) as OutboxItem[]).map(({ id }) => id);
    const [newest] = await books.ask('outbox.list', { limit: 1 });
    expect(newest.id).toBe('c');
    expect(await ids({ before: newest.seq })).toEqual(['b', 'a']);
    expect(await ids({ state: 'dead' })).toEqual(['a']);
    expect(await ids({ viewer: 'bob' })).toEqual(['b']);
    expect(await ids({ lane: 'silver' })).toEqual([]);
  });

  test('due of a lane is read by an index, whatever has been delivered', () => {
    const plan = books.db
      .prepare(
        `EXPLAIN QUERY PLAN SELECT * FROM outbox o WHERE state = 'queued' AND next_us <= 1 AND lane = 'x'
         ORDER BY next_us, seq LIMIT 5`,
      )
      .all()
      .map(({ detail }) => detail);
    expect(plan.join()).toContain('outbox_due');
    expect(plan.join()).not.toContain('TEMP B-TREE');
  });

  test('the dead, and the items of a viewer, are listed by an index, whatever has been delivered', () => {
    const asked: string[] = [];
    const db = new Proxy(books.db, {
      get: (target, name) => {
        if (name === 'prepare') {
          return (sql: string) => {
            asked.push(sql);
            return target.prepare(sql);
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { 'outbox.list': list } = prepareOutboxReads(db);
    const planOf = (given: object) => {
      list({ limit: 5, ...given });
      const sql = asked.at(-1)!.replaceAll('?', '1');
      return books.db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => detail)
        .join();
    };
    expect(planOf({ state: 'dead' })).toContain('USING INDEX outbox_dead');
    expect(planOf({ viewer: 'ann' })).toContain('USING INDEX outbox_by_viewer');
  });
});

describe('the outbox over the open books', () => {
  test('is one of their domains: commands and questions by name', () => {
    const db = new DatabaseSync(':memory:');
    for (const step of MIGRATIONS) db.exec(step);
    const books = openBooks({ write: db, read: db, nowUs: () => T0_US });
    const given = { id: 'x', outcome: 'done', reason: null, atUs: T0_US };
    expect(books.apply({ kind: 'command', name: 'outbox.delivered', given })).toBe('unknown');
    expect(books.answer({ kind: 'question', name: 'outbox.lanes', given: {} })).toEqual([]);
  });
});
