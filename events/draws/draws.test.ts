import { createDecipheriv } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QUICKNET, timeOfRound } from '../../draws/drand.ts';
import { fromBase64Url, fromHex, isIncluded } from '../../draws/index.ts';
import { readBundle } from '../../draws/read.ts';
import { ROUND } from '../../draws/testing.ts';
import { verifyDraw } from '../../draws/verify.ts';
import { someTerms } from '../ledger/sqlite/treasury/fixtures.ts';
import { DIRECTOR, EventsUnderTest, READER, REHEARSER, SPREAD_MS } from '../test-support/harness.ts';
import { until } from '../test-support/until.ts';
import { DRAW_OPERATIONS } from './operations.ts';
import { signatureOf, TEST_CHAIN, TestRelay } from './testing.ts';

const DURATION_MS = 10_000;

describe('a draw over HTTP', () => {
  const relay = new TestRelay();
  let events: EventsUnderTest;
  let sessions: Map<string, string>;

  beforeEach(async () => {
    relay.answer = new TestRelay().answer;
    relay.asked.length = 0;
    const url = await relay.listen();
    events = new EventsUnderTest({ draws: { relays: ['http://127.0.0.1:9', url], chain: TEST_CHAIN } });
    await events.start();
    sessions = new Map();
  });
  afterEach(async () => {
    await events.stop();
    await relay.close();
  });

  const path = (rest: string): string => `/api/v1/interactions/final/${rest}`;
  const draw = async (token?: string) => (await events.get(path('draw'), token)).body;
  /** Time goes on until the draw is there. */
  const comesTo = (state: string) =>
    until(async () => {
      events.time.advance(500);
      const now = await draw(READER);
      expect(now.state).toBe(state);
      return now;
    });
  const stuckBy = (problem: string) =>
    until(async () => {
      events.time.advance(500);
      expect((await draw(READER)).staff.problem).toBe(problem);
    });

  async function pool(id: string, pieces: number): Promise<void> {
    await events.books.perform('pool.open', {
      terms: someTerms({ id }),
      ...{ budget: { pieces, amountMinor: pieces * 100 }, by: null, atUs: events.time.clock.unixUs() },
    });
  }

  async function lottery(over: object = {}): Promise<void> {
    const prizes = [
      { prize: 'car', title: 'A car', pool: 'p1', pieces: 1, amountMinor: 100 },
      { prize: 'bag', pool: 'p1', pieces: 3, amountMinor: 100 },
    ];
    const config = {
      title: 'Final',
      prizes,
      durationMs: DURATION_MS,
      randomness: { kind: 'drand' },
      ...over,
    };
    const made = await events.post(
      '/api/v1/interactions',
      { id: 'final', type: 'lottery', config },
      DIRECTOR,
    );
    expect(made.status).toBe(201);
  }

  async function opened(viewers: number): Promise<void> {
    const data = { interaction: 'final' };
    await events.publish(
      events.land({ id: 'open-1', type: 'interaction.open', data, durationMs: DURATION_MS }),
    );
    for (let i = 0; i < viewers; i++) {
      const token = await events.session(`viewer-${i}`);
      sessions.set(`viewer-${i}`, token);
      expect((await events.submit('final', token)).status).toBe(200);
    }
  }
  const closed = (): void => events.time.advance(DURATION_MS + SPREAD_MS);
  const reveal = () =>
    events.publish(events.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' }));
  const cancel = () =>
    events.publish(events.land({ id: 'cancel-1', type: 'interaction.cancel', ref: 'open-1' }));
  const as = (rest: string, body: unknown): void => {
    // As /openapi.json says it.
    const told = DRAW_OPERATIONS.find(
      ({ path, method }) => method === 'get' && path.endsWith(`/{id}/${rest}`),
    );
    expect([rest, told?.answers[200]?.schema?.safeParse(body).error?.issues]).toEqual([rest, undefined]);
  };
  const mine = async (viewer: string) => (await events.get(path('mine'), sessions.get(viewer))).body;
  const bundle = async () => {
    const document = await draw();
    const pages = [];
    for (let page = 0; page < document.commitment.pages; page++) {
      pages.push((await events.get(path(`entrants?page=${page}`))).body);
    }
    return { v: 1, draw: document, pages };
  };

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

    const places = await Promise.all([...sessions.keys()].map(mine));
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

  describe('randomness', () => {
    const committed = async () => {
      await pool('p1', 10);
      await lottery();
      await opened(4);
      closed();
      const { commitment } = await comesTo('committed');
      return commitment as { round: number; roundAt: number };
    };
    const due = (roundAt: number): void => events.time.advance(roundAt - events.time.clock.unixMs());

    test('that is forged, of another round or no JSON is not taken; the draw waits and says so', async () => {
      const { round, roundAt } = await committed();
      const answers = [
        { round, signature: signatureOf(round + 1) },
        { round: round + 1, signature: signatureOf(round + 1) },
        { round, signature: 'zz' },
        '<html>',
        'x'.repeat(10_000),
        500,
      ];
      relay.answer = () => answers[relay.asked.length % answers.length]!;
      due(roundAt);
      await stuckBy('no-randomness');
      await until(() => {
        events.time.advance(30_000);
        expect(relay.asked.length).toBeGreaterThan(8);
      });
      expect((await draw()).state).toBe('committed');
      // ... and goes on by itself once there is a relay that has it.
      relay.answer = new TestRelay().answer;
      await until(async () => {
        events.time.advance(30_000);
        expect((await draw()).state).toBe('drawn');
      });
    });

    test('given by hand is checked as that of a relay', async () => {
      const { round, roundAt } = await committed();
      relay.answer = () => 503;
      const give = (body: object) => events.post(path('draw/randomness'), body, DIRECTOR);
      const good = { round, signature: signatureOf(round), randomness: 'is not looked at' };
      expect((await give(good)).body.error.code).toBe('ERR_DRAW_NOT_YET');
      due(roundAt);
      await stuckBy('no-randomness');
      expect((await give({ round, signature: 'x' })).status).toBe(400);
      const forged = await give({ round, signature: signatureOf(round + 1) });
      expect(forged.body.error).toMatchObject({ code: 'ERR_DRAW_RANDOMNESS', details: { round } });
      const other = await give({ round: round + 1, signature: signatureOf(round + 1) });
      expect(other.body.error.code).toBe('ERR_DRAW_RANDOMNESS');
      expect((await events.post(path('draw/randomness'), good, READER)).status).toBe(403);
      expect((await give(good)).status).toBe(202);
      await comesTo('drawn');
      expect((await give(good)).body.error.code).toBe('ERR_DRAW_STATE');
      const acts = await events.books.ask('people.list', {
        limit: 9,
        before: null,
        by: 'director',
        target: 'final',
      });
      expect(acts).toMatchObject([{ what: 'draw.randomness' }]);
    });

    test('the round that is named is ahead of the relays too, where our clock is behind', async () => {
      const behindMs = 3_600_000;
      await pool('p1', 10);
      await lottery();
      await opened(4);
      closed();
      const now = events.time.clock.unixMs();
      const newest = Math.floor((now + behindMs - timeOfRound(TEST_CHAIN, 1)) / 3_000) + 1;
      relay.answer = () => ({ round: newest, signature: signatureOf(newest) });
      const { commitment } = await comesTo('committed');
      expect(commitment.roundAt).toBeGreaterThanOrEqual(timeOfRound(TEST_CHAIN, newest) + 10_000);
    });

    test('a relay that says that time is further than it is does not put the draw off', async () => {
      await pool('p1', 10);
      await lottery();
      await opened(4);
      closed();
      relay.answer = () => ({ round: Number.MAX_SAFE_INTEGER, signature: signatureOf(1) });
      const { commitment } = await comesTo('committed');
      expect(commitment.roundAt).toBeLessThan(events.time.clock.unixMs() + 20_000);
    });

    test('a clock that is an hour ahead for a moment closes no list', async () => {
      await pool('p1', 10);
      await lottery();
      await opened(1);
      for (let n = 0; n < 3; n++) {
        events.time.clock.stepWallMs(3_600_000);
        events.time.advance(1_000);
        events.time.clock.stepWallMs(-3_600_000);
        events.time.advance(1_000);
        // The ledger answers behind whatever that has asked of it.
        for (let asked = 0; asked < 3; asked++) await draw();
      }
      const late = await events.session('late');
      expect((await events.submit('final', late)).status).toBe(200);
      expect((await draw()).state).toBe('open');
    });

    test('a clock that was set back, and is set right again, does not put the draw off', async () => {
      const { roundAt } = await committed();
      events.time.clock.stepWallMs(-3_600_000);
      // Whatever was waited for until now, it is looked again by the clock that was set back.
      for (let n = 0; n < 8; n++) {
        events.time.advance(5_000);
        expect((await draw()).state).toBe('committed');
      }
      events.time.clock.stepWallMs(3_600_000);
      expect(events.time.clock.unixMs()).toBeGreaterThan(roundAt);
      await until(async () => {
        events.time.advance(500);
        expect((await draw()).state).toBe('drawn');
      });
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
});

test('a draw by a round that the network has really signed is good for who trusts quicknet', async () => {
  const events = new EventsUnderTest({ draws: { relays: [] } });
  await events.start();
  const path = '/api/v1/interactions/final';
  const stateIs = (state: string) =>
    until(async () => {
      const { body } = await events.get(`${path}/draw`);
      expect(body.state).toBe(state);
      return body;
    });
  try {
    // So that the list is committed to ten seconds and a bit before the round.
    const roundAt = timeOfRound(QUICKNET, ROUND.round);
    events.time.clock.advanceMs(roundAt - 11_000 - DURATION_MS - SPREAD_MS - events.time.clock.unixMs());
    const prizes = [{ prize: 'cup', pool: 'none', pieces: 2, amountMinor: 0 }];
    const config = { title: 'F', prizes, durationMs: DURATION_MS, randomness: { kind: 'drand' } };
    await events.post('/api/v1/interactions', { id: 'final', type: 'lottery', config }, DIRECTOR);
    const data = { interaction: 'final' };
    await events.publish(
      events.land({ id: 'open-1', type: 'interaction.open', data, durationMs: DURATION_MS }),
    );
    for (let i = 0; i < 9; i++) await events.submit('final', await events.session(`v${i}`));
    events.time.advance(DURATION_MS + SPREAD_MS);
    expect((await stateIs('committed')).commitment).toMatchObject({ round: ROUND.round, roundAt });
    await until(async () => {
      const { body } = await events.get(`${path}/draw`, READER);
      expect(body.staff.publishedAt).not.toBeNull();
    });
    events.time.advance(11_000);
    // The relay's own JSON, by hand.
    expect((await events.post(`${path}/draw/randomness`, { ...ROUND }, DIRECTOR)).status).toBe(202);
    await stateIs('drawn');
    await events.publish(events.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' }));
    const draw = await stateIs('revealed');
    const pages = [(await events.get(`${path}/entrants?page=0`)).body];
    const bundle = readBundle({ v: 1, draw, pages });
    expect(bundle.kind === 'read' && verifyDraw(bundle.value)).toMatchObject({ kind: 'good' });
  } finally {
    await events.stop();
  }
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
