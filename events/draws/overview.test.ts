import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TREASURY_OPERATIONS } from '../http/treasury-operations.ts';
import { someTerms } from '../ledger/sqlite/treasury/fixtures.ts';
import type { PoolTerms } from '../ledger/treasury.ts';
import { DIRECTOR, EventsUnderTest, READER, SPREAD_MS, TREASURER } from '../test-support/harness.ts';
import { until } from '../test-support/until.ts';
import { TEST_CHAIN } from './testing.ts';

const DURATION_MS = 10_000;

let events: EventsUnderTest;
beforeEach(async () => {
  // No relay is reached.
  events = await new EventsUnderTest({
    draws: { relays: ['http://127.0.0.1:9'], chain: TEST_CHAIN, relayTimeoutMs: 200 },
  }).start();
});
afterEach(() => events.stop());

async function pool(over: Partial<PoolTerms>, pieces: number): Promise<void> {
  await events.books.perform('pool.open', {
    terms: someTerms(over),
    ...{ budget: { pieces, amountMinor: pieces * 100 }, by: null, atUs: events.time.clock.unixUs() },
  });
}

/** Everybody enters, everybody wins; each from a country. */
async function lottery(randomness: object, regions: readonly string[]): Promise<void> {
  const prizes = [{ prize: 'bag', pool: 'p1', pieces: 50, amountMinor: 100 }];
  const config = { title: 'The final', prizes, durationMs: DURATION_MS, randomness };
  const wanted = { id: 'final', type: 'lottery', show: 's1', config };
  expect((await events.post('/api/v1/interactions', wanted, DIRECTOR)).status).toBe(201);
  const data = { interaction: 'final' };
  await events.publish(
    events.land({ id: 'open-1', type: 'interaction.open', data, durationMs: DURATION_MS }),
  );
  for (const [i, region] of regions.entries()) {
    const jwt = await events.jwt(`viewer-${i}`, { region });
    const { body } = await events.post('/api/v1/session', { token: jwt });
    expect((await events.submit('final', body.token)).status).toBe(200);
  }
  events.time.advance(DURATION_MS + SPREAD_MS);
}

async function asked(path: 'treasury' | 'treasury/account', query = '') {
  const { body } = await events.get(`/api/v1/${path}${query}`, READER);
  const told = TREASURY_OPERATIONS.find((each) => each.method === 'get' && each.path === `/api/v1/${path}`);
  expect(told?.answers[200]?.schema?.safeParse(body).error?.issues).toBeUndefined();
  return body;
}
/** Time goes on until the draw is like that. */
const comesTo = (like: object, stepMs = 500) =>
  until(async () => {
    events.time.advance(stepMs);
    const { draws } = await asked('treasury', '?show=s1');
    expect(draws).toMatchObject([{ interaction: 'final', show: 's1', title: 'The final', ...like }]);
    return draws[0];
  });
const reveal = () =>
  events.publish(events.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' }));

describe('who looks after prizes sees of a draw', () => {
  test('that it waits for its randomness, since when, and what to do', async () => {
    await pool({}, 5);
    await lottery({ kind: 'drand' }, ['DE', 'DE']);
    const staffOf = async () => (await events.get('/api/v1/interactions/final/draw', READER)).body.staff;
    await until(async () => {
      events.time.advance(500);
      expect((await staffOf()).publishedAt).not.toBeNull();
    });
    const waits = await comesTo({ state: 'committed', entrants: 2, problem: null }, 0);
    expect(waits.next).toContain('it waits for round');
    events.time.advance(waits.roundAt - events.time.clock.unixMs());
    const dueAt = events.time.clock.unixMs();
    const stuck = await comesTo({ state: 'committed', problem: { code: 'no-randomness' } });
    expect(stuck).toMatchObject({ winners: 0, short: 0, settled: false, since: waits.since });
    expect(stuck.problem.since).toBeGreaterThanOrEqual(dueAt);
    expect(stuck.next).toContain('POST /api/v1/interactions/final/draw/randomness');
    // Tried again and again it is the same problem.
    await until(async () => {
      events.time.advance(30_000);
      expect(events.time.clock.unixMs()).toBeGreaterThan(stuck.problem.since + 60_000);
    });
    expect((await comesTo({ problem: { code: 'no-randomness' } })).problem).toEqual(stuck.problem);
    expect(await staffOf()).toMatchObject({
      ...{ problem: 'no-randomness', problemSince: stuck.problem.since, next: stuck.next },
    });
    expect(await asked('treasury', '?show=s2')).toMatchObject({ draws: [] });
    const account = await asked('treasury/account');
    expect(account.settled).toBe(false);
    expect(account.missing).toContain(`Draw final is not settled. ${stuck.next}`);
  });

  test('whom no pool had a piece for: the account is not settled before they have it', async () => {
    await pool({}, 2);
    await lottery({ kind: 'commit-reveal' }, ['DE', 'DE', 'DE']);
    const short = await comesTo({ state: 'drawn', winners: 3, short: 1, settled: false });
    expect(short.next).toContain('1 winner has no right yet: pool p1 has no piece');
    await reveal();
    await comesTo({ state: 'revealed', short: 1 });
    const isGranted = (pieces: number) =>
      until(async () => {
        events.time.advance(300);
        const account = await asked('treasury/account', '?show=s1');
        expect(account.accounts[0].grants.pieces).toBe(pieces);
        return account;
      });
    // Every piece there was is granted, and one winner has nothing.
    const before = await isGranted(2);
    expect(before).toMatchObject({ settled: false, inOrder: true, accounts: [{ settled: true }] });
    expect(before.draws).toMatchObject([{ interaction: 'final', short: 1 }]);
    expect(before.missing).toEqual([`Draw final is not settled. ${before.draws[0].next}`]);

    await events.send('/api/v1/pools/p1/fund', {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${TREASURER}`,
        'Idempotency-Key': 'k',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ pieces: 1, amountMinor: 100 }),
    });
    const rebook = await events.post('/api/v1/interactions/final/draw/rebook', {}, TREASURER);
    expect(rebook.body).toEqual({ earned: 1, short: 0 });
    expect(await isGranted(3)).toMatchObject({ settled: true, missing: [], draws: [] });
    expect(await comesTo({ state: 'revealed', short: 0, settled: true })).toMatchObject({ next: null });
  });

  test('whom the pool excludes by their region: a winner without a right, counted and said as such', async () => {
    await pool({ regions: { allow: null, deny: ['US'] } }, 2);
    await lottery({ kind: 'commit-reveal' }, ['DE', 'US', 'DE']);
    await comesTo({ state: 'drawn', winners: 3, short: 0, excluded: 1, settled: true });
    await reveal();
    const shown = await comesTo({ state: 'revealed', excluded: 1 });
    expect(shown.next).toContain('1 winner has no right and will get none');
    const account = await until(async () => {
      events.time.advance(300);
      const now = await asked('treasury/account');
      expect(now.settled).toBe(true);
      return now;
    });
    // Nothing is owed to them, and it is not hidden either.
    expect(account).toMatchObject({ missing: [], draws: [{ interaction: 'final', excluded: 1 }] });
    const { staff } = (await events.get('/api/v1/interactions/final/draw', READER)).body;
    expect(staff).toMatchObject({ winners: 3, short: 0, excluded: 1 });
  });
});
