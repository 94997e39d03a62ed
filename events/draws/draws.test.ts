import { createDecipheriv } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromBase64Url, fromHex, isIncluded } from '../../draws/index.ts';
import { readBundle } from '../../draws/read.ts';
import { verifyDraw } from '../../draws/verify.ts';
import { DIRECTOR, type EventsUnderTest, READER, REHEARSER } from '../test-support/harness.ts';
import { LotteryUnderTest } from '../test-support/lottery.ts';
import { until } from '../test-support/until.ts';
import { TEST_CHAIN } from './testing.ts';

const lotteryUnderTest = new LotteryUnderTest();
const { relay, path, draw, comesTo, pool, lottery, opened, closed, reveal, cancel, as, mine, bundle } =
  lotteryUnderTest;
let events: EventsUnderTest;
beforeEach(async () => {
  events = await lotteryUnderTest.start();
});
afterEach(() => lotteryUnderTest.stop());

test('goes from the entries to the prizes, and anybody can compute it anew', async () => {
  await pool('p1', 10);
  await lottery();
  const announced = await draw();
  expect(announced).toMatchObject({ state: 'open', commitment: null, result: null });
  await opened(12);
  expect((await events.get(path('entrants'))).body.error.code).toBe('ERR_DRAW_NOT_YET');
  expect((await events.get(path('sealed'))).body.error.code).toBe('ERR_DRAW_NOT_YET');
  expect(await mine('viewer-3')).toMatchObject({
    state: 'open',
    entry: { status: 'accepted' },
    place: null,
  });

  closed();
  const committed = await comesTo('committed');
  expect(committed.seedHash).toBe(announced.seedHash);
  expect(committed.commitment.roundAt).toBeGreaterThan(committed.commitment.committedAt);
  expect(relay.asked.filter((asked) => asked !== 'latest')).toEqual([]);
  // Late: nobody comes in any more, also not by an answer that was under way.
  const late = await events.submit('final', await events.session('late'));
  expect(late.body.error.code).toBe('ERR_INTERACTION_LOCKED');

  events.time.advance(committed.commitment.roundAt - events.time.clock.unixMs());
  const drawn = await comesTo('drawn');
  expect(drawn).toMatchObject({ result: null, staff: { winners: 4, booked: 4, short: 0, problem: null } });
  const before = await mine('viewer-3');
  as('mine', before);
  as('draw', drawn);
  as('entrants', (await events.get(path('entrants'))).body);
  expect(before.prize).toBeNull();
  const { index, count, root, leaf, path: way } = before.place;
  expect(count).toBe(12);
  const proof = { index, count, leaf: fromBase64Url(leaf)!, root: fromHex(root, 32)! };
  expect(isIncluded({ ...proof, path: way.map(fromBase64Url) })).toBe(true);

  // Prefetched sealed, the same for everybody and for ever; opened by what the reveal carries.
  const sealed = await events.get(path('sealed'));
  expect(sealed.headers.get('cache-control')).toContain('immutable');
  const asDrawn = await events.get(path('draw'));
  expect(asDrawn.headers.get('cache-control')).toBe('public, max-age=1');
  const tagOf = ({ headers }: { readonly headers: Headers }) => headers.get('etag')!;
  const again = (rest: string, tag: string) =>
    events.get(path(rest), undefined, { 'If-None-Match': tag, 'Cache-Control': 'max-age=0' });
  expect((await again('sealed', tagOf(sealed))).status).toBe(304);
  expect((await again('draw', tagOf(asDrawn))).status).toBe(304);
  expect((await events.get(path('reveal'))).status).toBe(401);
  expect((await events.get(path('reveal'), READER)).status).toBe(403);
  // Who only rehearses shows no result: what opens it is not for them, nor is what is drawn.
  expect((await events.get(path('reveal'), REHEARSER)).status).toBe(403);
  expect((await events.post(path('draw/randomness'), {}, REHEARSER)).status).toBe(403);
  expect((await events.get('/api/v1/rights?interaction=final', REHEARSER)).status).toBe(403);
  const { data } = (await events.get(path('reveal'), DIRECTOR)).body;
  const opening = open(sealed.body, data.resultKey);
  as('sealed', sealed.body);
  expect(opening).toMatchObject({ interaction: 'final', root, total: 12 });

  await reveal();
  const shown = await comesTo('revealed');
  as('draw', shown);
  // What was drawn is shown now: nobody is told that nothing has changed.
  expect(await again('draw', tagOf(asDrawn))).toMatchObject({ status: 200, body: { state: 'revealed' } });
  expect((await again('sealed', tagOf(sealed))).status).toBe(304);
  expect(shown.result.winners.map(({ leaf }: { leaf: string }) => leaf)).toEqual(
    opening.winners.map(({ leaf }: { leaf: string }) => leaf),
  );
  const read = readBundle(await bundle());
  expect(read.kind === 'read' && verifyDraw(read.value, { chains: [TEST_CHAIN] })).toMatchObject({
    kind: 'good',
  });

  const places = await Promise.all(lotteryUnderTest.viewers.map(mine));
  const won = places.filter(({ prize }) => prize !== null);
  as('mine', won[0]);
  expect(won.map(({ prize }) => prize.prize).sort()).toEqual(['bag', 'bag', 'bag', 'car']);
  for (const { prize } of won) expect(['released', 'granted']).toContain(prize.right);
  expect(await events.books.ask('pool.get', { pool: 'p1' })).toMatchObject({
    balances: { free: { pieces: 6 } },
  });
});

test('by commit-reveal needs nobody outside', async () => {
  await pool('p1', 10);
  await lottery({ randomness: { kind: 'commit-reveal' } });
  await opened(5);
  closed();
  await comesTo('drawn');
  await reveal();
  await comesTo('revealed');
  const read = readBundle(await bundle());
  expect(read.kind === 'read' && verifyDraw(read.value)).toMatchObject({ kind: 'good' });
  expect(relay.asked).toEqual([]);
});

test('with nobody in it is over at once; fewer than there are prizes win all that they can', async () => {
  await pool('p1', 10);
  await lottery();
  await opened(0);
  closed();
  expect(await comesTo('drawn')).toMatchObject({
    commitment: { count: 0, pages: 0, round: null },
    staff: { winners: 0 },
  });
  await reveal();
  await comesTo('revealed');
  expect(verifyDraw((await bundle()) as never, { chains: [TEST_CHAIN] })).toMatchObject({ kind: 'good' });
});

test('fewer entrants than pieces: each wins once, what is left stays in the pool', async () => {
  await pool('p1', 10);
  await lottery({ randomness: { kind: 'commit-reveal' } });
  await opened(2);
  closed();
  expect(await comesTo('drawn')).toMatchObject({ staff: { winners: 2, short: 0 } });
  expect(await events.books.ask('pool.get', { pool: 'p1' })).toMatchObject({
    balances: { free: { pieces: 8 }, reserved: { pieces: 2 } },
  });
});

test('a pool that is short: the draw stands, and the rights are earned once it is filled', async () => {
  await pool('p1', 1);
  await lottery({ randomness: { kind: 'commit-reveal' } });
  await opened(6);
  closed();
  expect(await comesTo('drawn')).toMatchObject({ staff: { winners: 4, short: 3 } });
  const atUs = events.time.clock.unixUs();
  const amount = { pieces: 2, amountMinor: 200 };
  await events.books.perform('pool.fund', { pool: 'p1', amount, key: 'more', by: 'tess', atUs });
  const again = { interaction: 'final', by: 'tess', limit: 10 };
  expect(await events.books.perform('draw.rebook', { ...again, atUs })).toEqual({
    kind: 'done',
    earned: 2,
    short: 1,
  });
  expect(await events.books.perform('draw.rebook', { ...again, atUs })).toEqual({
    kind: 'done',
    earned: 0,
    short: 1,
  });
  expect((await draw(READER)).staff.short).toBe(1);
  const acts = await events.books.ask('people.list', {
    limit: 10,
    before: null,
    by: 'tess',
    target: 'final',
  });
  expect(acts).toMatchObject([{ what: 'draw.rebook', details: { earned: 2 } }]);
});

test('a pool that is not there stops nothing', async () => {
  await lottery({ randomness: { kind: 'commit-reveal' } });
  await opened(3);
  closed();
  expect(await comesTo('drawn')).toMatchObject({ staff: { winners: 3, short: 3 } });
});

test('revealed before it was drawn: it is drawn all the same, and rights are released at once', async () => {
  await pool('p1', 10);
  await lottery({ randomness: { kind: 'commit-reveal' } });
  await opened(3);
  events.time.advance(1_000);
  await reveal();
  await comesTo('revealed');
  const rights = await events.books.ask('right.list', {
    ...{ interaction: 'final', viewer: null, pool: null, state: null, limit: 10, before: null },
  });
  expect(rights.items.map(({ state }) => ['released', 'granted'].includes(state))).toEqual([
    true,
    true,
    true,
  ]);
});

describe('cancelled', () => {
  beforeEach(async () => {
    await pool('p1', 10);
    await lottery();
    await opened(4);
  });
  const isVoid = async () => {
    expect(await comesTo('void')).toMatchObject({ result: null, void: { why: expect.any(String) } });
    events.time.advance(60_000);
    await comesTo('void');
    expect((await events.get(path('sealed'))).body.error.code).toBe('ERR_INTERACTION_CANCELED');
  };
  const pieces = async () => (await events.books.ask('pool.get', { pool: 'p1' }))!.balances;

  test('while it is open', async () => {
    await cancel();
    await isVoid();
    expect((await pieces()).free.pieces).toBe(10);
  });

  test('once it is committed to: nothing is drawn', async () => {
    closed();
    await comesTo('committed');
    await cancel();
    await isVoid();
    expect((await pieces()).free.pieces).toBe(10);
    expect(relay.asked.filter((asked) => asked !== 'latest')).toEqual([]);
  });

  test('once it is drawn: the rights are void', async () => {
    closed();
    const { commitment } = await comesTo('committed');
    events.time.advance(commitment.roundAt - events.time.clock.unixMs());
    await comesTo('drawn');
    expect((await pieces()).reserved.pieces).toBe(4);
    await cancel();
    await isVoid();
    await events.books.perform('rounds.void', { limit: 100, atUs: events.time.clock.unixUs() });
    expect((await pieces()).free.pieces).toBe(10);
  });
});

describe('a new life of the process', () => {
  const restart = async () => {
    await events.shut();
    await events.open();
  };

  test('goes on at every stage, with the same list, seed, result and sealed bytes', async () => {
    await pool('p1', 10);
    await lottery();
    await opened(8);
    await restart();
    closed();
    const { commitment } = await comesTo('committed');
    await restart();
    expect((await comesTo('committed')).commitment).toEqual(commitment);
    events.time.advance(commitment.roundAt - events.time.clock.unixMs());
    await comesTo('drawn');
    const sealed = (await events.get(path('sealed'))).body;
    await restart();
    await comesTo('drawn');
    expect((await events.get(path('sealed'))).body).toEqual(sealed);
    await reveal();
    await restart();
    await comesTo('revealed');
    expect(verifyDraw((await bundle()) as never, { chains: [TEST_CHAIN] })).toMatchObject({ kind: 'good' });
  });

  test('that did not know whether the commitment was in time names a later round', async () => {
    await pool('p1', 10);
    await lottery();
    await opened(4);
    closed();
    // As a crash leaves it between the commit and what is written once it is known.
    const { commitment } = await comesTo('committed');
    const atUs = events.time.clock.unixUs();
    await events.shut();
    const db = new (await import('node:sqlite')).DatabaseSync(events.ledgerPath);
    db.exec('UPDATE draws SET published_us = NULL');
    db.close();
    events.time.advance(commitment.roundAt - events.time.clock.unixMs() + 1);
    await events.open();
    const moved = await until(async () => {
      events.time.advance(500);
      const now = await draw();
      expect(now.commitment.round).toBeGreaterThan(commitment.round);
      return now;
    });
    expect(moved.commitment.moved).toMatchObject([{ round: commitment.round }]);
    expect(moved.commitment.committedAt * 1_000).toBeGreaterThan(atUs);
    expect(moved.commitment.roundAt).toBeGreaterThan(moved.commitment.committedAt);
    events.time.advance(moved.commitment.roundAt - events.time.clock.unixMs());
    await comesTo('drawn');
    await reveal();
    await comesTo('revealed');
    expect(verifyDraw((await bundle()) as never, { chains: [TEST_CHAIN] })).toMatchObject({ kind: 'good' });
  });
});

test('is of lotteries alone', async () => {
  await events.quiz('final');
  expect((await events.get(path('draw'))).status).toBe(404);
  expect((await events.get(path('entrants'))).status).toBe(404);
});

function open({ iv, ciphertext }: { iv: string; ciphertext: string }, key: string) {
  const bytes = Buffer.from(ciphertext, 'base64url');
  const decipher = createDecipheriv(
    'aes-256-gcm',
    Buffer.from(key, 'base64url'),
    Buffer.from(iv, 'base64url'),
  );
  decipher.setAuthTag(bytes.subarray(-16));
  return JSON.parse(`${decipher.update(bytes.subarray(0, -16), undefined, 'utf8')}${decipher.final('utf8')}`);
}
