import { describe, expect, test } from 'vitest';
import { unixUs } from '../../../../packet/time.ts';
import { canceledBy, revealedBy } from '../../fixtures.ts';
import { aRight, openTreasury, T0 } from './fixtures.ts';

describe('a right', () => {
  test('reserves its piece at once, waits for the reveal, and becomes one grant with one call downstream', () => {
    const books = openTreasury();
    books.pool({ id: 'p1' }, { pieces: 2, amountMinor: 300 });
    books.round('q1', ['ann']);
    expect(books.treasury.earn(aRight({ id: 'r1', viewer: 'ann', amountMinor: 100 }), T0)).toBe('earned');
    expect(books.balances('p1')).toMatchObject({
      free: { pieces: 1, amountMinor: 200 },
      reserved: { pieces: 1, amountMinor: 100 },
    });
    expect(books.treasury.grant('r1', T0)).toBe('not-released');
    books.step(revealedBy('q1', {}, {}));
    expect(books.ask('right.get', { right: 'r1' })).toMatchObject({ state: 'released' });
    expect(books.treasury.grant('r1', T0)).toBe('granted');
    expect(books.treasury.grant('r1', T0)).toBe('already');
    expect(books.balances('p1')).toMatchObject({
      reserved: { pieces: 0, amountMinor: 0 },
      granted: { pieces: 1, amountMinor: 100 },
    });
    expect(books.ask('outbox.list', { limit: 10 })).toMatchObject([
      {
        id: 'g_r1',
        topic: 'grant.made',
        lane: 'p1',
        viewer: 'ann',
        payload: { grant: 'g_r1', amountMinor: 100 },
      },
    ]);
  });

  test('is one for each viewer and round, whatever became of the first', () => {
    const books = openTreasury();
    books.pool({ id: 'p1' }, { pieces: 5, amountMinor: 500 });
    books.round('q1', ['ann']);
    expect(books.treasury.earn(aRight({ id: 'r1', viewer: 'ann' }), T0)).toBe('earned');
    expect(books.treasury.earn(aRight({ id: 'r2', viewer: 'ann' }), T0)).toBe('already');
    expect(books.treasury.void('r1', 'test', T0)).toBe('voided');
    expect(books.treasury.earn(aRight({ id: 'r3', viewer: 'ann' }), T0)).toBe('already');
    expect(books.balances('p1').free).toEqual({ pieces: 5, amountMinor: 500 });
  });

  test('is not earned from a pool without a piece or without the money for it', () => {
    const books = openTreasury();
    books.pool({ id: 'p1' }, { pieces: 1, amountMinor: 1_000 });
    books.pool({ id: 'p2' }, { pieces: 9, amountMinor: 99 });
    books.round('q1', ['ann', 'bob', 'cyd']);
    expect(books.treasury.earn(aRight({ id: 'r1', viewer: 'ann' }), T0)).toBe('earned');
    expect(books.treasury.earn(aRight({ id: 'r2', viewer: 'bob' }), T0)).toBe('empty');
    expect(books.treasury.earn(aRight({ id: 'r2', viewer: 'bob', pool: 'p2' }), T0)).toBe('empty');
  });

  test('is of the kind of its pool: no prize comes from stock, and no prize is sold', () => {
    const books = openTreasury();
    books.pool({ id: 'prizes' }, { pieces: 1, amountMinor: 100 });
    books.pool({ id: 'stock', purpose: 'stock' }, { pieces: 1, amountMinor: 100 });
    books.round('q1', ['ann', 'bob']);
    const earn = (viewer: string, pool: string, cause: string) =>
      books.treasury.earn(aRight({ id: viewer, viewer, pool, cause }), T0);
    const refused = expect.objectContaining({ code: 'ERR_POOL_PURPOSE' });
    expect(() => earn('ann', 'stock', 'draw')).toThrow(refused);
    expect(() => earn('ann', 'prizes', 'sale')).toThrow(refused);
    expect(books.balances('stock').reserved).toEqual({ pieces: 0, amountMinor: 0 });
    expect([earn('ann', 'prizes', 'draw'), earn('bob', 'stock', 'sale')]).toEqual(['earned', 'earned']);
  });

  test('needs an answer that counts', () => {
    const books = openTreasury();
    books.pool({ id: 'p1' }, { pieces: 1, amountMinor: 100 });
    books.round('q1', []);
    expect(books.treasury.earn(aRight({ id: 'r1', viewer: 'ann' }), T0)).toBe('not-eligible');
    expect(() => books.treasury.earn(aRight({ id: 'r1', interaction: 'q2' }), T0)).toThrow(
      expect.objectContaining({ code: 'ERR_INTERACTION_UNKNOWN' }),
    );
  });

  test('is not earned in a round that is cancelled', () => {
    const books = openTreasury();
    books.pool({ id: 'p1' }, { pieces: 1, amountMinor: 100 });
    books.round('q1', ['ann']);
    books.step(canceledBy('q1'));
    expect(books.treasury.earn(aRight({ id: 'r1', viewer: 'ann' }), T0)).toBe('closed');
  });
});

describe('a pool is for some', () => {
  test('by its time', () => {
    const books = openTreasury();
    const opensAtUs = unixUs(T0 + 10);
    const closesAtUs = unixUs(T0 + 20);
    books.pool({ id: 'p1', opensAtUs, closesAtUs }, { pieces: 9, amountMinor: 900 });
    books.round('q1', ['ann', 'bob', 'cyd', 'dan']);
    const at = (viewer: string, atUs: number) =>
      books.treasury.earn(aRight({ id: viewer, viewer }), unixUs(atUs));
    expect([at('ann', T0 + 9), at('bob', T0 + 10), at('cyd', T0 + 19), at('dan', T0 + 20)]).toEqual([
      'closed',
      'earned',
      'earned',
      'closed',
    ]);
    books.perform('pool.close', { pool: 'p1', why: 'test', by: null, atUs: T0 });
    expect(at('dan', T0 + 15)).toBe('closed');
    // What was earned in time is granted later.
    books.step(revealedBy('q1', {}, {}));
    expect(books.treasury.grant('bob', unixUs(T0 + 30))).toBe('granted');
  });

  test('by region, of which a viewer of none is not', () => {
    const books = openTreasury();
    books.pool({ id: 'only', regions: { allow: ['DE', 'AT'], deny: null } }, { pieces: 9, amountMinor: 900 });
    books.pool({ id: 'not', regions: { allow: null, deny: ['US'] } }, { pieces: 9, amountMinor: 900 });
    books.round('q1', []);
    const of = { ann: 'DE', bob: 'US', cyd: 'FR' } as const;
    for (const [viewer, region] of Object.entries(of)) books.answer('q1', viewer, region);
    books.answer('q1', 'dan');
    const earn = (pool: string, viewer: string) =>
      books.treasury.earn(aRight({ id: `${pool}-${viewer}`, viewer, pool }), T0);
    expect(['bob', 'cyd', 'dan', 'ann'].map((viewer) => earn('only', viewer))).toEqual([
      ...['not-eligible', 'not-eligible', 'not-eligible'],
      'earned',
    ]);
    expect(['bob', 'dan', 'cyd'].map((viewer) => earn('not', viewer))).toEqual([
      ...['not-eligible', 'not-eligible'],
      'earned',
    ]);
  });

  test('by boxes: who has enough goes to the high pool, and to the low one when that is empty', () => {
    const books = openTreasury();
    books.pool({ id: 'high', tier: 'high' }, { pieces: 1, amountMinor: 100 });
    books.pool({ id: 'low', tier: 'low' }, { pieces: 2, amountMinor: 200 });
    books.round('q1', ['ann', 'bob', 'cyd', 'dan']);
    const rules = { dropPpm: 0, threshold: 2 };
    books.perform('show.rule', { show: 's1', rules, measures: [], by: 'ops', atUs: T0 });
    for (const viewer of ['ann', 'cyd', 'dan']) {
      books.perform('boxes.drop', { show: 's1', viewer, count: 2, cause: viewer, by: null, atUs: T0 });
    }
    const earn = (viewer: string) => {
      const { pool: _, ...right } = aRight({ id: viewer, viewer });
      return books.treasury.earnByTier(right, { high: 'high', low: 'low' }, T0);
    };
    expect(earn('bob')).toEqual({ outcome: 'earned', pool: 'low' });
    expect(earn('ann')).toEqual({ outcome: 'earned', pool: 'high' });
    expect(earn('cyd')).toEqual({ outcome: 'earned', pool: 'low' });
    expect(earn('dan')).toEqual({ outcome: 'empty', pool: null });
    expect(earn('ann')).toEqual({ outcome: 'already', pool: null });
    expect(books.treasury.tierOf('s1', 'bob')).toBe('low');
  });

  test('by boxes as they were judged when a list was closed', () => {
    const books = openTreasury();
    books.pool({ id: 'high', tier: 'high' }, { pieces: 2, amountMinor: 200 });
    books.round('q1', ['ann', 'bob']);
    const rules = { dropPpm: 0, threshold: 2 };
    books.perform('show.rule', { show: 's1', rules, measures: [], by: 'ops', atUs: T0 });
    const right = aRight({ id: 'r1', pool: 'high' });
    expect(books.treasury.earn(right, T0)).toBe('not-eligible');
    expect(books.treasury.earn({ ...right, tierJudged: true }, T0)).toBe('earned');
  });

  test('and its account is exact where all that has moved is more than a safe integer', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const books = openTreasury();
    books.pool({ id: 'large' }, { pieces: 2, amountMinor: most });
    const viewers = ['bob', 'eve', 'zoe'];
    books.round('q1', viewers);
    for (const viewer of viewers) {
      const right = { id: `large-${viewer}`, viewer, pool: 'large', amountMinor: most };
      expect(books.treasury.earn(aRight(right), T0)).toBe('earned');
      expect(books.treasury.void(right.id, 'test', T0)).toBe('voided');
    }
    const [account] = books.ask('treasury.account', { show: null, atUs: T0 });
    expect(account).toMatchObject({ wrong: [], free: { pieces: 2, amountMinor: most } });
  });

  test('and its account says what is wrong where somebody has changed the file', () => {
    const books = openTreasury();
    books.pool({ id: 'p1' }, { pieces: 2, amountMinor: 200 });
    books.db.exec(`UPDATE pools SET free_pieces = 1, granted_pieces = 1 WHERE id = 'p1'`);
    const [account] = books.ask('treasury.account', { show: null, atUs: T0 });
    expect(account!.settled).toBe(false);
    expect(account!.wrong).toEqual([
      'free against its movements: 1 pieces, should be 2',
      'granted against its movements: 1 pieces, should be 0',
      'granted against the grants that stand: 1 pieces, should be 0',
    ]);
  });
});
