import { afterAll, beforeAll, expect, test } from 'vitest';
import { someTerms } from '../ledger/sqlite/treasury/fixtures.ts';
import { type Answer, DIRECTOR, EventsUnderTest } from '../test-support/harness.ts';

let t: EventsUnderTest;
beforeAll(async () => {
  t = await new EventsUnderTest().start();
  const atUs = t.time.clock.unixUs();
  for (const over of [{ id: 'vouchers' }, { id: 'jackets', purpose: 'stock' }, { id: 'later' }] as const) {
    const budget = over.id === 'later' ? null : { pieces: 100, amountMinor: 50_000 };
    await t.books.perform('pool.open', { terms: someTerms(over), budget, by: null, atUs });
  }
});
afterAll(() => t.stop());

let made = 0;
const make = (type: string, config: object, over: object = {}): Promise<Answer> =>
  t.post('/api/v1/interactions', { id: `i${++made}`, type, config, ...over }, DIRECTOR);
const lottery = (pool: string, amountMinor: number, over: object = {}) =>
  make(
    'lottery',
    {
      ...{ title: 'Final', durationMs: 10_000, randomness: { kind: 'commit-reveal' } },
      prizes: [{ prize: 'bag', pool, pieces: 3, amountMinor }],
    },
    over,
  );
const sale = (pool: string, priceMinor: number, currency = 'EUR') =>
  make('flash-sale', {
    ...{ title: 'Jacket', pool, priceMinor, currency, reservationMs: 60_000, durationMs: 60_000 },
  });

test('an interaction whose pool could never give what it names is refused when it is made', async () => {
  expect(await lottery('jackets', 100)).toMatchObject({
    status: 409,
    body: { error: { code: 'ERR_POOL_PURPOSE', details: { pool: 'jackets', purpose: 'stock' } } },
  });
  expect(await sale('vouchers', 100)).toMatchObject({
    status: 409,
    body: { error: { code: 'ERR_POOL_PURPOSE', details: { pool: 'vouchers', purpose: 'prize' } } },
  });
  const invalid = { status: 400, body: { error: { code: 'ERR_AMOUNT_INVALID' } } };
  expect(await sale('jackets', 100, 'USD')).toMatchObject(invalid);
  // A piece in euros where cents are meant: more than the whole budget.
  expect(await lottery('vouchers', 50_001)).toMatchObject(invalid);
  expect(await sale('jackets', 50_001)).toMatchObject(invalid);
  expect((await t.get('/api/v1/interactions', DIRECTOR)).body.interactions).toEqual([]);
});

test('what fits is made; a pool that is not there or not funded yet may come; a shadow round takes nothing', async () => {
  for (const answer of [
    await lottery('vouchers', 50_000),
    await sale('jackets', 50_000),
    await lottery('later', 1_000_000),
    await lottery('none', 1_000_000),
    await lottery('jackets', 1_000_000, { shadow: true }),
  ]) {
    expect([answer.status, answer.body.error]).toEqual([201, undefined]);
  }
});
