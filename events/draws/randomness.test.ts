import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QUICKNET, timeOfRound } from '../../draws/drand.ts';
import { readBundle } from '../../draws/read.ts';
import { ROUND } from '../../draws/testing.ts';
import { verifyDraw } from '../../draws/verify.ts';
import { DIRECTOR, EventsUnderTest, READER, SPREAD_MS } from '../test-support/harness.ts';
import { DURATION_MS, LotteryUnderTest } from '../test-support/lottery.ts';
import { until } from '../test-support/until.ts';
import { signatureOf, TEST_CHAIN, TestRelay } from './testing.ts';

describe('randomness', () => {
  const lotteryUnderTest = new LotteryUnderTest();
  const { relay, path, draw, comesTo, stuckBy, pool, lottery, opened, closed } = lotteryUnderTest;
  let events: EventsUnderTest;
  beforeEach(async () => {
    events = await lotteryUnderTest.start();
  });
  afterEach(() => lotteryUnderTest.stop());

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
