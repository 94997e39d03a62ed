import { describe, expect, test } from 'vitest';
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
