import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unixMs } from '../packet/time.ts';
import { Rig, STREAM } from './testing/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await new Rig().open();
  rig.gate.begin(STREAM);
});
afterEach(() => rig.remove());

const OPEN = { type: 'interaction.open', data: { interaction: 'q1' }, durationMs: 60_000 };
const held = () => [...rig.gate.held.values()];

/** The server tells of a new epoch: first the injector is new, then the book gives it what holds. */
const newEpoch = (id: string, nextPts = 50_000) => {
  rig.gate.begin(STREAM, id, nextPts);
  rig.book.streamBegan(STREAM);
};

describe('a new epoch', () => {
  test('announces again what is still ahead, under the next revision, sealed and signed anew', async () => {
    const id = await rig.mark({ type: 'custom', data: { a: 1 }, at: rig.now + 20_000 });
    const [first] = held();
    rig.book.onStampEvent({ kind: 'announced', id, rev: 0, epoch: 'epoch-1', firePts: 1 as never });
    rig.clock.advanceMs(5_000);
    newEpoch('epoch-2');
    const [again] = held();
    expect(again).toMatchObject({ id, rev: 1, exp: first!.exp, fire: first!.fire });
    expect(JSON.parse(again!.bodyText)).toMatchObject({ id, rev: 1 });
    expect(again!.key).not.toBe(first!.key);
    expect(await rig.book.get(STREAM, id)).toMatchObject({ rev: 1, state: 'accepted' });
    rig.land(id);
    await vi.waitFor(() => expect(rig.told.at(-1)).toBe(`4:${id}:landed`), 15_000);
  });

  test('counts a delay from its acceptance', async () => {
    await rig.mark({ type: 'custom', delayMs: 9_000 });
    const at = rig.now + 9_000;
    rig.clock.advanceMs(4_000);
    newEpoch('epoch-2');
    expect(held()[0]).toMatchObject({ rev: 1, fire: { kind: 'at', at, by: 'arrival' } });
  });

  test('goes on with a PTS ahead: the output timeline goes on too', async () => {
    await rig.mark({ type: 'custom', mediaTime: 9_000 });
    rig.clock.advanceMs(4_000);
    newEpoch('epoch-2', 5_000);
    expect(held()[0]).toMatchObject({ rev: 1, fire: { kind: 'mediaTime', pts: 9_000 } });
  });

  test('stamps nothing whose moment has passed', async () => {
    const ids = [
      await rig.mark({ type: 'custom' }),
      await rig.mark({ type: 'custom', at: rig.now + 1_000 }),
      await rig.mark({ type: 'custom', delayMs: 1_000 }),
      await rig.mark({ type: 'custom', mediaTime: 2_000 }),
    ];
    rig.clock.advanceMs(10_000);
    newEpoch('epoch-2');
    expect(held()).toEqual([]);
    for (const id of ids) expect(await rig.state(id)).toBe('missed STREAM_AWAY');
  });

  test('that takes no time, as when the timeline jumps, does not cost the mark of just now', async () => {
    const id = await rig.mark({ type: 'custom' });
    rig.clock.advanceMs(30);
    newEpoch('epoch-2');
    expect(held()[0]).toMatchObject({ id, rev: 1, fire: { kind: 'next' } });
  });

  test('keeps what is open on its keyframes, without firing it anew', async () => {
    const open = await rig.mark(OPEN);
    rig.clock.advanceMs(100);
    rig.land(open);
    const landedAtUs = rig.clock.unixUs();
    rig.clock.advanceMs(20_000);
    newEpoch('epoch-2');
    expect(held()).toHaveLength(1);
    expect(held()[0]).toMatchObject({ id: open, rev: 1, landedAtUs, openForMs: 60_000 });
    expect(await rig.book.get(STREAM, open)).toMatchObject({
      state: 'landed',
      rev: 1,
      landing: { epoch: 'epoch-1' },
    });
  });

  test('lets go of what is over: by its duration, its expiry, or a lock', async () => {
    const short = await rig.mark({ ...OPEN, durationMs: 1_000 });
    const expired = await rig.mark({ ...OPEN, durationMs: 60_000, expiresInMs: 5_000 });
    const locked = await rig.mark(OPEN);
    const lock = await rig.mark({ type: 'interaction.lock', ref: locked });
    for (const id of [short, expired, locked, lock]) rig.land(id);
    rig.clock.advanceMs(6_000);
    newEpoch('epoch-2');
    expect(held().map((cue) => cue.id)).toEqual([lock]);
    for (const id of [short, expired, locked]) expect(await rig.state(id)).toBe('ended');
  });

  test('an opening whose lock has not landed yet stays open', async () => {
    const open = await rig.mark(OPEN);
    rig.land(open);
    const lock = await rig.mark({ type: 'interaction.lock', ref: open, delayMs: 30_000 });
    newEpoch('epoch-2');
    expect(held().map((cue) => cue.id)).toEqual([open, lock]);
  });

  test('leaves cues of other streams alone, and those that are being accepted', async () => {
    rig.gate.begin('live/other');
    const other = await rig.accept({ type: 'custom', delayMs: 9_000 }, { stream: 'live/other' });
    const accepting = rig.accept({ type: 'custom', id: 'accepting', delayMs: 9_000 });
    newEpoch('epoch-2');
    await accepting;
    expect(held().map((cue) => cue.rev)).toEqual([0, 0]);
    expect(other.kind).toBe('accepted');
  });

  test('whose injector takes no more costs the cues that do not fit', async () => {
    const id = await rig.mark({ type: 'custom', delayMs: 9_000 });
    rig.gate.isFull = true;
    newEpoch('epoch-2');
    expect(await rig.state(id)).toBe('missed NO_ROOM');
  });
});

describe('after a crash', () => {
  test('a cue whose moment passed may have been stamped: nobody knows', async () => {
    const ids = [
      await rig.mark({ type: 'custom' }),
      await rig.mark({ type: 'custom', at: rig.now + 1_000 }),
      await rig.mark({ type: 'custom', mediaTime: 999_000 }),
    ];
    rig.clock.advanceMs(5_000);
    await rig.crash();
    for (const id of ids) expect(await rig.state(id)).toBe('uncertain CRASHED');
    newEpoch('epoch-2');
    expect(held()).toEqual([]);
  });

  test('a cue ahead is armed again once its stream is back, under a revision that was never stamped', async () => {
    const id = await rig.mark({ type: 'custom', at: rig.now + 20_000 });
    newEpoch('epoch-2');
    newEpoch('epoch-3');
    expect(held()[0]!.rev).toBe(2);
    await vi.waitFor(() => expect(rig.told).toHaveLength(3), 15_000);
    await rig.crash();
    expect(await rig.state(id)).toBe('accepted');
    newEpoch('epoch-4');
    expect(held()[0]!.rev).toBeGreaterThan(10);
    const { rev } = held()[0]!;
    newEpoch('epoch-5');
    expect(held()[0]!.rev).toBe(rev + 1);
  });

  test('a cue ahead whose stream does not come back is missed, and never stamped late', async () => {
    const id = await rig.mark({ type: 'custom', at: rig.now + 20_000 });
    await rig.crash();
    rig.clock.advanceMs(20_001);
    newEpoch('epoch-2');
    expect(held()).toEqual([]);
    expect(await rig.state(id)).toBe('missed STREAM_AWAY');
  });

  test('what has landed and is open goes on; a lock of it is taken', async () => {
    const open = await rig.mark(OPEN);
    rig.land(open);
    await vi.waitFor(() => expect(rig.told).toHaveLength(2), 15_000);
    await rig.crash();
    newEpoch('epoch-2');
    expect(held()[0]).toMatchObject({ id: open, landedAtUs: expect.any(Number) });
    const lock = await rig.mark({ type: 'interaction.lock', ref: open });
    expect(await rig.refusal({ type: 'interaction.lock', ref: open })).toMatchObject({
      code: 'ERR_CUE_STATE',
      details: { by: lock },
    });
  });

  test.each([
    ['the next picture', { type: 'custom' }],
    ['a delay', { type: 'custom', delayMs: 2_000 }],
  ])(
    'under a clock that was set back, a cue for %s that may have been stamped is not stamped again',
    async (_, request) => {
      const id = await rig.mark(request);
      rig.clock.advanceMs(2_000);
      // It lands, and the process ends before the log has heard of it.
      rig.clock.stepWallMs(-3_600_000);
      await rig.crash();
      newEpoch('epoch-2');
      expect(held()).toEqual([]);
      expect(await rig.state(id)).toBe('uncertain CRASHED');
    },
  );

  test('a clock that was put right by less than a second costs no cue that waits', async () => {
    const id = await rig.mark({ type: 'custom', at: rig.now + 20_000 });
    rig.clock.stepWallMs(-900);
    await rig.crash();
    newEpoch('epoch-2');
    expect(held().map((cue) => cue.id)).toEqual([id]);
  });

  test('the log is the same log, and goes on where it was', async () => {
    await rig.mark({ type: 'custom', delayMs: 60_000, id: 'a' });
    const { epoch } = rig.cueLog;
    await rig.crash();
    rig.gate.begin(STREAM);
    await rig.mark({ type: 'custom', id: 'b' });
    expect(rig.cueLog.epoch).toBe(epoch);
    expect(rig.told).toEqual(['1:a:accepted', '2:b:accepted']);
  });
});

describe('after an orderly stop', () => {
  test('nothing was stamped that is not logged: what has passed is missed', async () => {
    const passed = await rig.mark({ type: 'custom', at: rig.now + 1_000 });
    const onTimeline = await rig.mark({ type: 'custom', mediaTime: 999_000 });
    const ahead = await rig.mark({ type: 'custom', at: rig.now + 20_000 });
    const { gate } = rig;
    await rig.book.close();
    expect(gate.held.size).toBe(0);
    rig.clock.advanceMs(5_000);
    await rig.restart();
    expect(await rig.state(passed)).toBe('missed RESTARTED');
    expect(await rig.state(onTimeline)).toBe('missed TIMELINE_LOST');
    expect(await rig.state(ahead)).toBe('accepted');
    newEpoch('epoch-2');
    expect(held().map((cue) => cue.id)).toEqual([ahead]);
  });

  test('twice in a row is still orderly', async () => {
    const id = await rig.mark({ type: 'custom', at: rig.now + 9_000 });
    await rig.restart();
    rig.clock.advanceMs(10_000);
    await rig.restart();
    expect(await rig.state(id)).toBe('missed RESTARTED');
  });
});

describe('as time passes', () => {
  test('a cue whose stream is away at its moment is missed', async () => {
    const id = await rig.mark({ type: 'custom', at: rig.now + 5_000 });
    rig.gate.end(STREAM);
    rig.clock.advanceMs(5_000);
    rig.book.sweep();
    expect(await rig.state(id)).toBe('accepted');
    rig.clock.advanceMs(2_001);
    rig.book.sweep();
    expect(await rig.state(id)).toBe('missed STREAM_AWAY');
  });

  test('a cue that its live stream never reached is missed when it has expired', async () => {
    const id = await rig.mark({ type: 'custom', expiresInMs: 2_000 });
    rig.clock.advanceMs(5_000);
    rig.book.sweep();
    expect(await rig.state(id)).toBe('accepted');
    rig.clock.advanceMs(8_000);
    rig.book.sweep();
    expect(await rig.state(id)).toBe('missed EXPIRED');
    expect(held()).toEqual([]);
  });

  test('what is open ends without its stream', async () => {
    const card = await rig.mark({ type: 'product.card' });
    rig.land(card);
    rig.gate.end(STREAM);
    rig.clock.advanceMs(29_999);
    rig.book.sweep();
    expect(await rig.state(card)).toBe('landed');
    rig.clock.advanceMs(2);
    rig.book.sweep();
    expect(await rig.state(card)).toBe('ended');
  });

  test('the oldest cues that are over leave memory, and are still found', async () => {
    const first = await rig.mark({ type: 'custom', id: 'first' });
    rig.book.onStampEvent({ kind: 'missed', id: first, rev: 0, code: 'EXPIRED', text: 'x' });
    for (let round = 0; round < 2_000; round += 20) {
      const ids = await Promise.all(
        Array.from({ length: 20 }, (_, at) => rig.mark({ type: 'custom', id: `c${round + at}` })),
      );
      for (const id of ids) rig.book.onStampEvent({ kind: 'missed', id, rev: 0, code: 'EXPIRED', text: 'x' });
    }
    await vi.waitFor(() => expect(rig.rows).toHaveLength(4_002), 20_000);
    expect(await rig.state('first')).toBe('missed EXPIRED');
    expect(await rig.refusal({ type: 'custom', id: 'first' })).toMatchObject({ code: 'ERR_CUE_EXISTS' });
  }, 60_000);
});

test('a clock that is set back does not bring back what was over', async () => {
  const id = await rig.mark({ type: 'custom', at: unixMs(rig.now + 1_000) });
  rig.clock.advanceMs(10_000);
  newEpoch('epoch-2');
  rig.clock.stepWallMs(-10_000);
  newEpoch('epoch-3');
  rig.book.sweep();
  expect(await rig.state(id)).toBe('missed STREAM_AWAY');
  expect(held()).toEqual([]);
});
