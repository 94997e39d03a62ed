import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventsUnderTest } from './test-support/harness.ts';
import { until } from './test-support/until.ts';

const OPEN = { id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } } as const;
const LOCK = { id: 'lock-1', type: 'interaction.lock', ref: 'open-1' } as const;

let t: EventsUnderTest;
beforeEach(async () => {
  t = await new EventsUnderTest({ feedLimits: { eventCharacters: 100_000 } }).start();
  await t.quiz('q1');
});
afterEach(async () => {
  await t.stop();
});

const state = async (id = 'q1') => (await t.get(`/api/v1/interactions/${id}`)).body.state;
const feed = () => t.events.status().feed;
/** Lets waits between connections pass until it is so. */
const eventually = (check: () => void | Promise<void>) =>
  until(async () => {
    t.time.advance(300);
    await check();
  });
const applied = (position: string) => eventually(() => expect(feed().position).toBe(position));

describe('the cue feed', () => {
  test('begins with a snapshot, and goes on with entries', async () => {
    expect(t.media.askedFrom).toEqual([null]);
    expect(feed()).toMatchObject({ state: 'connected', everConnected: true, position: 'log1.0' });
    await t.publish(t.accept(OPEN));
    expect(await state()).toBe('SCHEDULED');
    await t.publish(t.land(OPEN));
    expect(await state()).toBe('ACTIVE');
    await t.publish(t.land(LOCK));
    expect(await state()).toBe('LOCKED');
    expect(feed().position).toBe('log1.3');
  });

  test('goes on after a break where it was, and misses nothing', async () => {
    await t.publish(t.accept(OPEN));
    t.media.sending = false;
    t.media.dropFollowers();
    t.media.publish(t.land(OPEN), t.land(LOCK));
    t.media.sending = true;
    await applied('log1.3');
    expect(t.media.askedFrom.slice(1).every((from) => from === 'log1.1')).toBe(true);
    expect(await state()).toBe('LOCKED');
  });

  test('goes on after a restart of the process where it was, with no effect twice', async () => {
    await t.publish(t.land(OPEN));
    t.time.advance(1_000);
    await t.shut();
    t.media.publish(t.land(LOCK));
    await t.open();
    await applied('log1.2');
    expect(t.media.askedFrom.at(-1)).toBe('log1.1');
    const { body } = await t.get('/api/v1/interactions/q1');
    expect(body).toMatchObject({ state: 'LOCKED', lockedAt: body.openedAt + 1_000 });
  });

  test('a lock by time is not lost by a restart', async () => {
    await t.publish(t.land(OPEN));
    await t.shut();
    t.time.advance(12_000);
    await t.open();
    const { body } = await t.get('/api/v1/interactions/q1');
    expect(body).toMatchObject({ state: 'LOCKED', lockedAt: body.openedAt + 10_000 });
  });

  test('an entry that comes again changes nothing', async () => {
    await t.publish(t.land(OPEN));
    const { body: before } = await t.get('/api/v1/interactions/q1');
    t.time.advance(1_000);
    const again = t.land(OPEN);
    t.media.sendRaw(
      `id: log1.1\nevent: cue\ndata: ${JSON.stringify({ seq: 1, at: t.time.clock.unixMs(), cue: again })}\n\n`,
    );
    await t.publish(t.land({ id: 'card-1', type: 'product.card' }));
    expect((await t.get('/api/v1/interactions/q1')).body).toEqual(before);
  });

  test('a gap that is too old, or another log: a snapshot brings it up to date', async () => {
    await t.publish(t.accept(OPEN));
    t.media.sending = false;
    t.media.publish(t.land(LOCK), t.land(OPEN));
    t.media.oldest = 2;
    t.media.sending = true;
    t.media.dropFollowers();
    await applied('log1.3');
    expect(await state()).toBe('LOCKED');
    t.media.startNewLog('log2');
    t.media.publish(t.land({ id: 'cancel-1', type: 'interaction.cancel', ref: 'open-1' }));
    t.media.dropFollowers();
    await applied('log2.1');
    expect(await state()).toBe('CANCELED');
  });

  test('silence ends a connection that looks alive', async () => {
    const before = t.media.askedFrom.length;
    t.time.advance(24_999);
    t.media.sendRaw(': alive\n\n');
    // Heard: the 25 s begin anew.
    await until(() => expect(t.time.waiting).toBeGreaterThan(0));
    await t.publish(t.accept(OPEN));
    t.time.advance(24_999);
    expect(feed().state).toBe('connected');
    t.time.advance(1);
    await eventually(() => expect(t.media.askedFrom.length).toBeGreaterThan(before));
    await eventually(() => expect(feed().state).toBe('connected'));
    expect(feed().lastProblem).toBe('nothing came for 25000 ms');
  });

  test('tries again with longer and longer waits while media refuses, and says why', async () => {
    t.media.refuseWith = 401;
    t.media.dropFollowers();
    await eventually(() => expect(feed().lastProblem).toBe('media answered 401'));
    const asked = t.media.askedFrom.length;
    // Without chance the wait is half of its span, 5 s at the longest.
    for (let i = 0; i < 10; i++) {
      t.time.advance(5_000);
      await until(() => expect(t.media.askedFrom.length).toBeGreaterThan(asked + i));
      await until(() => expect(feed().state).toBe('waiting'));
    }
    t.time.advance(4_999);
    expect(feed().state).toBe('waiting');
    expect(t.media.askedFrom.length).toBe(asked + 10);
    t.media.refuseWith = null;
    await eventually(() => expect(feed().state).toBe('connected'));
  });

  test('an entry that cannot be read is left out; those after it count', async () => {
    t.media.sendRaw('id: log1.1\nevent: cue\ndata: {"seq":1,"at":1,"cue":{"id":"x"}}\n\n');
    t.media.sendRaw('id: log1.2\nevent: cue\ndata: not json\n\n');
    t.media.sendRaw('event: cue\ndata: {}\n\n');
    t.media.sendRaw('id: log1.3\nevent: news\ndata: {}\n\n');
    const entry = { seq: 4, at: t.time.clock.unixMs(), cue: t.land(OPEN) };
    t.media.sendRaw(`id: log1.4\nevent: cue\ndata: ${JSON.stringify(entry)}\n\n`);
    await applied('log1.4');
    expect(await state()).toBe('ACTIVE');
  });

  test('a cue of a snapshot that cannot be read costs the others nothing', async () => {
    const cues = [{ id: 'broken' }, t.land(OPEN)];
    t.media.sendRaw(`id: log1.9\nevent: snapshot\ndata: ${JSON.stringify({ seq: 9, cues })}\n\n`);
    await applied('log1.9');
    expect(await state()).toBe('ACTIVE');
  });

  test('an event without end fills no memory: the connection ends', async () => {
    const before = t.media.askedFrom.length;
    for (let i = 0; i < 30; i++) t.media.sendRaw(`data: ${'x'.repeat(10_000)}\n`);
    await eventually(() => expect(t.media.askedFrom.length).toBeGreaterThan(before));
    expect(feed().lastProblem).toBe('an event is larger than the limit');
  });

  test('text in pieces, cut within a character', async () => {
    const cue = t.land({ ...OPEN, data: { interaction: 'q1', question: 'Größe? 🎈' } });
    const entry = { seq: 1, at: t.time.clock.unixMs(), cue };
    const bytes = Buffer.from(`id: log1.1\nevent: cue\ndata: ${JSON.stringify(entry)}\n\n`);
    for (let at = 0; at < bytes.length; at += 7) t.media.sendRaw(bytes.subarray(at, at + 7));
    await applied('log1.1');
    const { body } = await t.get('/api/v1/streams/live/main/now');
    expect(body.cues[0].data.question).toBe('Größe? 🎈');
  });
});
