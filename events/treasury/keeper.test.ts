import { expect, expectTypeOf, test } from 'vitest';
import { unixUs } from '../../packet/time.ts';
import { createLog } from '../../service/log.ts';
import type { Books, Commands } from '../ledger/commands.ts';
import { canceledBy, revealedBy } from '../ledger/fixtures.ts';
import { aRight, openTreasury, T0, type TestBooks } from '../ledger/sqlite/treasury/fixtures.ts';
import { ManualTime } from '../test-support/manual-time.ts';
import { TreasuryKeeper } from './keeper.ts';
import { silentTreasuryObserver } from './observer.ts';

const log = createLog('events', { logLevel: 'silent' });
const time = new ManualTime();
const N = 57;

/** @param lives how many batches are committed before the process is gone, as if it had been killed */
function keeperOf(books: TestBooks, lives = Number.POSITIVE_INFINITY): TreasuryKeeper {
  let left = lives;
  const asked: Books = {
    async perform(name, given) {
      if (left-- <= 0) throw new Error('gone');
      return books.perform(name, given);
    },
    ask: async (name, given) => books.ask(name, given),
  };
  return new TreasuryKeeper({
    ...{ books: asked, clock: time.clock, log, observer: silentTreasuryObserver },
    ...{ boxKey: '00'.repeat(32), atOnce: 5 },
  });
}

function manyRights(over: { readonly reverseOnVoid?: boolean } = {}): TestBooks {
  const books = openTreasury();
  books.pool({ id: 'p1', ...over }, { pieces: N, amountMinor: N * 100 });
  const viewers = Array.from({ length: N }, (_, n) => `v${n}`);
  books.round('q1', viewers);
  for (const [n, viewer] of viewers.entries()) {
    expect(books.treasury.earn(aRight({ id: `r${n}`, viewer }), T0)).toBe('earned');
  }
  return books;
}

test('a reveal is followed by one grant for each right, in batches, over any number of crashes', async () => {
  const books = manyRights();
  await keeperOf(books).tick();
  expect(books.balances('p1').granted.pieces).toBe(0);
  books.step(revealedBy('q1', {}, {}));
  for (let lives = 0; lives < 6; lives++) await keeperOf(books, lives).tick();
  expect(books.balances('p1').granted.pieces).toBeGreaterThan(0);
  await keeperOf(books).tick();
  await keeperOf(books).tick();
  expect(books.balances('p1')).toMatchObject({
    granted: { pieces: N, amountMinor: N * 100 },
    reserved: { pieces: 0, amountMinor: 0 },
  });
  const sent = books.ask('outbox.list', { limit: 1_000 });
  expect(new Set(sent.map(({ id }) => id)).size).toBe(N);
  expect(sent.length).toBe(N);
  expect(books.ask('treasury.account', { show: null, atUs: T0 })).toMatchObject([
    { settled: true, wrong: [] },
  ]);
});

test('a cancel gives every piece back, whatever the crash; nothing goes out', async () => {
  const books = manyRights();
  books.step(canceledBy('q1'));
  for (let lives = 0; lives < 4; lives++) await keeperOf(books, lives).tick();
  await keeperOf(books).tick();
  expect(books.balances('p1').free).toEqual({ pieces: N, amountMinor: N * 100 });
  expect(books.ask('outbox.list', { limit: 10 })).toEqual([]);
});

test.each([true, false])(
  'a round that is voided after its grants: taken back where the pool says so (%s)',
  async (reverseOnVoid) => {
    const books = manyRights({ reverseOnVoid });
    books.step(revealedBy('q1', {}, {}));
    await keeperOf(books, 3).tick();
    const granted = books.balances('p1').granted.pieces;
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThan(N);
    books.step(canceledBy('q1'));
    await keeperOf(books, 1).tick();
    await keeperOf(books).tick();
    expect(books.balances('p1').granted.pieces).toBe(reverseOnVoid ? 0 : granted);
    expect(books.balances('p1').reserved.pieces).toBe(0);
    const told = books.ask('outbox.list', { limit: 1_000 }).filter(({ topic }) => topic === 'grant.reversed');
    expect(told.length).toBe(reverseOnVoid ? granted : 0);
    for (const { id, after } of told) expect(after).toBe(`g_${id.slice(2)}`);
  },
);

test('what the reward platform declines goes back to the pool, without telling it', () => {
  const books = manyRights();
  books.step(revealedBy('q1', {}, {}));
  books.perform('grants.make', { limit: 1, atUs: T0 });
  const given = { id: 'g_r0', outcome: 'declined', reason: 'unknown-account', atUs: T0 } as const;
  expect(books.perform('outbox.delivered', given)).toBe('recorded');
  expect(books.ask('grant.get', { grant: 'g_r0' })?.reversed).toMatchObject({
    why: 'declined: unknown-account',
  });
  expect(books.balances('p1')).toMatchObject({ granted: { pieces: 0 }, free: { pieces: 1 } });
  expect(books.ask('outbox.list', { limit: 10 }).length).toBe(1);
});

test('a reservation ends by itself, and cannot be released from that moment on', async () => {
  const books = openTreasury();
  books.pool({ id: 'p1', purpose: 'stock' }, { pieces: 2, amountMinor: 200 });
  books.round('q1', ['ann', 'bob']);
  const ends = unixUs(time.clock.unixUs() + 1_000_000);
  for (const viewer of ['ann', 'bob']) {
    books.treasury.earn(aRight({ id: viewer, viewer, cause: 'sale', expiresAtUs: ends }), T0);
  }
  books.step(revealedBy('q1', {}, {}));
  await keeperOf(books).tick();
  expect(books.balances('p1')).toMatchObject({ granted: { pieces: 0 }, reserved: { pieces: 2 } });
  expect(books.treasury.release('bob', ends)).toBe('voided');
  time.advance(1_001);
  await keeperOf(books).tick();
  expect(books.ask('right.get', { right: 'ann' })).toMatchObject({ state: 'voided', why: 'expired' });
  expect(books.balances('p1').free.pieces).toBe(2);
});

test('a clock that is an hour ahead for a moment ends no reservation and sweeps no pool', async () => {
  const books = openTreasury();
  const ends = unixUs(time.clock.unixUs() + 60_000_000);
  books.pool({ id: 'p1', closesAtUs: ends, sweepAtEnd: true }, { pieces: 2, amountMinor: 200 });
  books.pool({ id: 'p2', closesAtUs: ends, sweepAtEnd: true }, { pieces: 2, amountMinor: 200 });
  books.round('q1', ['ann']);
  books.treasury.earn(aRight({ id: 'ann', viewer: 'ann', expiresAtUs: ends }), T0);
  const keeper = keeperOf(books);
  await keeper.tick();
  time.clock.stepWallMs(3_600_000);
  for (let n = 0; n < 3; n++) {
    await keeper.tick();
    time.advance(1_000);
  }
  time.clock.stepWallMs(-3_600_000);
  await keeper.tick();
  expect(books.ask('right.get', { right: 'ann' })?.state).toBe('earned');
  expect(books.balances('p2').free.pieces).toBe(2);
  // One that stands is followed.
  time.clock.stepWallMs(3_600_000);
  for (let n = 0; n < 8; n++) {
    await keeper.tick();
    time.advance(1_000);
  }
  expect(books.ask('right.get', { right: 'ann' })?.state).toBe('voided');
  expect(books.balances('p2').free.pieces).toBe(0);
});

test('by type: nobody outside the ledger can make anybody earn', () => {
  expectTypeOf<
    Extract<keyof Commands, `${string}earn${string}` | 'grant.make' | `right.${'release' | 'void'}`>
  >().toBeNever();
});
