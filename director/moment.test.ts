import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Rig, STREAM, TEST_LIMITS } from './testing/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await new Rig().open({ limits: { ...TEST_LIMITS, cuePendingLimit: 1_000 } });
});
beforeEach(() => {
  rig.gate.begin(STREAM);
  rig.gate.scheduled.length = 0;
});
afterAll(() => rig.remove());

describe('the moment', () => {
  const cueOf = async (request: object, receivedAt = rig.now) => {
    const outcome = await rig.accept({ type: 'custom', ...request }, { receivedAt });
    if (outcome.kind === 'refused') throw outcome.error;
    return outcome.cue;
  };

  test('without one it is the arrival, read before anything was awaited', async () => {
    const receivedAt = rig.now;
    rig.clock.advanceMs(40);
    expect(await cueOf({}, receivedAt)).toMatchObject({ markedAt: receivedAt, acceptedAt: rig.now });
  });

  test('that has passed is what the director meant', async () => {
    const at = rig.now - 700;
    expect(await cueOf({ at })).toMatchObject({
      markedAt: at,
      fire: { kind: 'at', at },
      exp: rig.now + 60_000,
    });
  });

  test('ahead, it is marked on arrival, announced, and expires from its own moment', async () => {
    const at = rig.now + 5_000;
    expect(await cueOf({ at: new Date(at).toISOString(), durationMs: 3_000 })).toMatchObject({
      markedAt: rig.now,
      fire: { kind: 'at', at },
      announceMs: 2_000,
      exp: at + 33_000,
    });
  });

  test('as a PTS is taken to whole milliseconds, and its wall clock from where the stream is', async () => {
    expect(await cueOf({ mediaTime: 3_000.4, announceMs: 500 })).toMatchObject({
      fire: { kind: 'mediaTime', pts: 3_000 },
      announceMs: 500,
      exp: rig.now + 2_000 + 60_000,
    });
  });

  test('as a delay', async () => {
    expect(await cueOf({ delayMs: 250 })).toMatchObject({ fire: { kind: 'delay', delayMs: 250 } });
  });

  test('expiry can be asked for', async () => {
    expect(await cueOf({ delayMs: 1_000, expiresInMs: 4_000 })).toMatchObject({ exp: rig.now + 5_000 });
  });

  test('an opening without a duration can be joined for as long as the setting says', async () => {
    expect(await cueOf({ type: 'interaction.open' })).toMatchObject({ exp: rig.now + 630_000 });
    expect(rig.gate.scheduled[0]).toMatchObject({ openForMs: null });
  });

  test('of alignment comes with the cue or after it', async () => {
    const alignAt = rig.now + 15_000;
    expect(await cueOf({ alignAt, durationMs: 5_000 })).toMatchObject({ alignAt, exp: alignAt + 35_000 });
    expect(await cueOf({ alignInMs: 4_000 })).toMatchObject({ alignAt: rig.now + 4_000 });
    expect(await cueOf({ delayMs: 1_500, alignInMs: 4_000 })).toMatchObject({ alignAt: rig.now + 5_500 });
    // A picture that has passed already fires now, and the hold counts from there.
    expect(await cueOf({ at: rig.now - 200, alignInMs: 4_000 })).toMatchObject({ alignAt: rig.now + 4_000 });
    expect(await rig.refusal({ type: 'custom', alignAt: rig.now - 1 })).toMatchObject({
      code: 'ERR_REQUEST_INVALID',
    });
  });

  test.each([
    ['at', () => ({ at: rig.now - 30_001 })],
    ['mediaTime', () => ({ mediaTime: 0 })],
  ])('that has passed too long ago is refused: %s', async (_name, request) => {
    rig.gate.begin(STREAM, 'epoch-1', 40_000);
    expect(await rig.refusal({ type: 'custom', ...request() })).toMatchObject({
      code: 'ERR_CUE_MOMENT_PASSED',
      details: { limitMs: 30_000 },
    });
  });

  test.each([
    ['at', () => ({ at: rig.now + 86_400_001 })],
    ['delayMs', () => ({ delayMs: 86_400_001 })],
    ['mediaTime', () => ({ mediaTime: 86_402_000 })],
  ])('that is too far ahead is refused: %s', async (field, request) => {
    const { code, message } = await rig.refusal({ type: 'custom', ...request() });
    expect(code).toBe('ERR_REQUEST_INVALID');
    expect(message).toContain(field);
  });

  test('in Unix seconds by mistake is long past', async () => {
    expect(await rig.refusal({ type: 'custom', at: 1_700_000_000 })).toMatchObject({
      code: 'ERR_CUE_MOMENT_PASSED',
    });
  });
});
