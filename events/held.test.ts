import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newSigningKey, stampOf } from './test-support/cues.ts';
import { type Answer, EventsUnderTest, SPREAD_MS } from './test-support/harness.ts';
import { until } from './test-support/until.ts';

const OPEN = { id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } } as const;
const LOCK = { id: 'lock-1', type: 'interaction.lock', ref: 'open-1' } as const;

let t: EventsUnderTest;
const begin = async (over: ConstructorParameters<typeof EventsUnderTest>[0] = {}) => {
  t = await new EventsUnderTest(over).start();
  await t.quiz('q1');
};
afterEach(async () => {
  await t.stop();
});

const codeOf = ({ status, body }: Answer) => [status, body.error?.code, body.error?.retryable];
const submit = async (viewer: string, body: object) => t.submit('q1', await t.session(viewer), body);
const total = async () => {
  t.time.advance(500);
  return (await t.get('/api/v1/interactions/q1/result')).body.total;
};
const held = () => t.events.status().interactions.held;
/** The feed has paused and the keeper has looked. */
const untilJudged = () =>
  until(() => {
    t.time.advance(600);
    expect(held()).toBe(0);
  });

describe('an answer that is faster than the feed', () => {
  beforeEach(() => begin());

  test('is held where it brings the signed stamp, and accepted when the cue comes', async () => {
    const cue = t.land(OPEN);
    const stamp = stampOf(cue, t.signingKey);
    const { status, body } = await submit('ann', { stamp, choice: 2 });
    expect({ status, receipt: body.receipt }).toMatchObject({
      status: 200,
      receipt: { status: 'held', choice: 2, repeated: false },
    });
    expect(await total()).toBe(0);
    expect((await submit('ann', { stamp, choice: 0 })).body.receipt).toEqual({
      ...body.receipt,
      repeated: true,
    });
    await t.publish(cue);
    await untilJudged();
    expect(await total()).toBe(1);
    expect((await submit('ann', {})).body.receipt).toEqual({
      ...body.receipt,
      status: 'accepted',
      repeated: true,
    });
  });

  test('is judged with the lock that the feed brings right behind the opening', async () => {
    const cue = t.land(OPEN);
    const stamp = stampOf(cue, t.signingKey);
    t.time.advance(3_000);
    const lock = t.land(LOCK);
    const at = (actedPts: number) => ({ stamp, epoch: 'e1', actedPts });
    expect((await submit('early', at(lock.landing!.pts - 40))).body.receipt.status).toBe('held');
    expect((await submit('late', at(lock.landing!.pts))).body.receipt.status).toBe('held');
    await t.publish(cue, lock);
    await untilJudged();
    expect(await total()).toBe(1);
    expect(codeOf(await submit('late', {}))).toEqual([409, 'ERR_INTERACTION_LOCKED', false]);
    expect((await submit('early', {})).body.receipt).toMatchObject({ status: 'accepted', repeated: true });
  });

  test('waits while the feed is still catching up', async () => {
    const cue = t.land(OPEN);
    t.time.advance(3_000);
    const lock = t.land(LOCK);
    const late = { stamp: stampOf(cue, t.signingKey), epoch: 'e1', actedPts: lock.landing!.pts };
    await submit('late', late);
    await t.publish(cue);
    const timers = t.time.waiting;
    t.time.advance(300);
    // The keeper has looked, and waits for its next turn.
    await until(() => expect(t.time.waiting).toBe(timers));
    expect(held()).toBe(1);
    await t.publish(lock);
    await untilJudged();
    expect(await total()).toBe(0);
  });

  test('is counted before the reveal that the feed brings right behind', async () => {
    const cue = t.land(OPEN);
    await submit('ann', { stamp: stampOf(cue, t.signingKey) });
    t.time.advance(3_000);
    const lock = t.land(LOCK);
    t.time.advance(SPREAD_MS);
    const reveal = t.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' });
    await t.publish(cue, lock, reveal);
    expect(held()).toBe(0);
    expect((await t.get('/api/v1/interactions/q1/result')).body).toMatchObject({
      state: 'RESOLVED',
      total: 1,
    });
  });

  test('the same through a snapshot', async () => {
    const cue = t.land(OPEN);
    await submit('ann', { stamp: stampOf(cue, t.signingKey) });
    t.time.advance(3_000);
    t.media.sending = false;
    t.media.publish(t.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' }), t.land(LOCK), cue);
    t.media.sending = true;
    t.media.startNewLog('log2');
    t.media.publish(t.land({ id: 'reveal-1', type: 'interaction.reveal', ref: 'open-1' }), t.land(LOCK), cue);
    t.media.dropFollowers();
    await until(() => {
      t.time.advance(300);
      expect(t.events.status().feed.position).toMatch(/^log2/);
    });
    expect((await t.get('/api/v1/interactions/q1/result')).body).toMatchObject({
      state: 'RESOLVED',
      total: 1,
    });
  });

  test('survives a restart, and is judged afterwards', async () => {
    const cue = t.land(OPEN);
    const first = await submit('ann', { stamp: stampOf(cue, t.signingKey) });
    await t.shut();
    await t.open();
    expect(held()).toBe(1);
    await t.publish(cue);
    await untilJudged();
    expect((await submit('ann', {})).body.receipt).toEqual({
      ...first.body.receipt,
      status: 'accepted',
      repeated: true,
    });
  });

  test('is void when the interaction is cancelled', async () => {
    const cue = t.land(OPEN);
    await submit('ann', { stamp: stampOf(cue, t.signingKey) });
    await t.publish(t.land({ id: 'cancel-1', type: 'interaction.cancel', data: { interaction: 'q1' } }));
    await untilJudged();
    expect(codeOf(await submit('ann', {}))).toEqual([409, 'ERR_INTERACTION_CANCELED', false]);
    expect(await total()).toBe(0);
  });

  test('waits for a bounded time', async () => {
    const cue = t.land(OPEN);
    await submit('ann', { stamp: stampOf(cue, t.signingKey) });
    t.time.advance(599_000);
    expect(held()).toBe(1);
    t.time.advance(1_000);
    await untilJudged();
    expect(codeOf(await submit('ann', {}))).toEqual([409, 'ERR_INTERACTION_NOT_OPEN', true]);
  });
});

test('no more are held than the limit; the next is told to come again', async () => {
  await begin({ heldLimits: { count: 2 } });
  const stamp = stampOf(t.land(OPEN), t.signingKey);
  for (const viewer of ['ann', 'bob']) {
    expect((await submit(viewer, { stamp })).body.receipt.status).toBe('held');
  }
  const third = await submit('eve', { stamp });
  expect(codeOf(third)).toEqual([409, 'ERR_INTERACTION_NOT_OPEN', true]);
  expect(third.body.error.details).toEqual({ reason: 'held-full' });
});

describe('a stamp that proves nothing gives a code to come again with', () => {
  beforeEach(() => begin());

  const other = newSigningKey();
  const cut = (text: string, at: number, to: string) =>
    text
      .split('\n')
      .map((line, i) => (i === at ? to : line))
      .join('\n');

  test.each<[string, () => string]>([
    ['not-a-stamp', () => 'hello'],
    ['not-a-stamp', () => JSON.stringify({ v: 1, epoch: 'e1', at: 1 })],
    ['not-fired', () => stampOf(t.land(OPEN), t.signingKey, { fireIn: 40 })],
    ['another-cue', () => stampOf(t.land({ ...OPEN, id: 'open-2' }), t.signingKey)],
    ['another-cue', () => stampOf(t.land({ ...OPEN, type: 'custom' }), t.signingKey)],
    ['another-interaction', () => stampOf(t.land({ ...OPEN, data: { interaction: 'q2' } }), t.signingKey)],
    ['another-interaction', () => stampOf(t.land({ ...OPEN, data: {} }), t.signingKey)],
    ['unknown-key', () => stampOf(t.land(OPEN), other)],
    ['bad-signature', () => stampOf(t.land(OPEN), { ...other, id: t.signingKey.id })],
    [
      'bad-signature',
      () => {
        const stamp = stampOf(t.land(OPEN), t.signingKey);
        return cut(stamp, 1, stamp.split('\n')[1]!.replace('"markedAt":1', '"markedAt":2'));
      },
    ],
    [
      'does-not-open',
      () => {
        const stamp = stampOf(t.land(OPEN), t.signingKey);
        const head = { ...JSON.parse(stamp.split('\n')[0]!), key: 'A'.repeat(43) };
        return cut(stamp, 0, JSON.stringify(head));
      },
    ],
    [
      'expired',
      () => {
        const stamp = stampOf(t.land(OPEN), t.signingKey);
        t.time.advance(60_000);
        return stamp;
      },
    ],
  ])('%s', async (why, make) => {
    const refused = await submit(randomUUID(), { stamp: make() });
    expect(codeOf(refused)).toEqual([409, 'ERR_INTERACTION_NOT_OPEN', true]);
    expect(refused.body.error.details).toEqual({ reason: 'not-opened', stamp: why });
    expect(held()).toBe(0);
  });

  test('another-stream, where the interaction has one', async () => {
    const config = { question: 'Who?', options: ['a', 'b'], durationMs: 5_000 };
    await t.post(
      '/api/v1/interactions',
      { id: 'q2', type: 'quiz', stream: 'live/other', config },
      'director-token-for-tests',
    );
    const stamp = stampOf(t.land({ ...OPEN, data: { interaction: 'q2' } }), t.signingKey);
    const refused = await t.submit('q2', await t.session('ann'), { stamp });
    expect(refused.body.error.details).toEqual({ reason: 'not-opened', stamp: 'another-stream' });
  });

  test('a key that is new is fetched once, then believed; made-up keys do not make us ask again and again', async () => {
    const fresh = newSigningKey();
    const stamp = stampOf(t.land(OPEN), fresh);
    expect((await submit('ann', { stamp })).body.error.details).toMatchObject({ stamp: 'unknown-key' });
    t.media.keys = [t.signingKey, fresh];
    t.time.advance(5_000);
    expect((await submit('ann', { stamp })).body.receipt.status).toBe('held');
    const asked = t.media.keyRequests;
    for (let i = 0; i < 5; i++) {
      await submit(`v${i}`, { stamp: stampOf(t.land(OPEN), newSigningKey()) });
    }
    expect(t.media.keyRequests).toBe(asked);
  });
});
