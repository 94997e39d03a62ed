import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RtmpTimeUnwrapper, unixMs, unixMsToUs, unixUs, unixUsToMs } from './time.ts';

const WRAP = 2 ** 32;

test('a moment never moves into the future by a change of unit', () => {
  expect(unixUsToMs(unixUs(1_700_000_000_123_999))).toBe(1_700_000_000_123);
  expect(unixMsToUs(unixMs(1_700_000_000_123))).toBe(1_700_000_000_123_000);
});

describe('RTMP time', () => {
  test('goes on past 32 bits, again and again', () => {
    const unwrapper = new RtmpTimeUnwrapper();
    const seen = [WRAP - 40, WRAP - 20, 0, 20, 2 ** 31, WRAP - 1, 5].map((time) => unwrapper.unwrap(time));
    expect(seen).toEqual([WRAP - 40, WRAP - 20, WRAP, WRAP + 20, WRAP + 2 ** 31, 2 * WRAP - 1, 2 * WRAP + 5]);
  });

  test('keeps small steps back, also across the wrap', () => {
    const unwrapper = new RtmpTimeUnwrapper();
    expect([100, 80, 120].map((time) => unwrapper.unwrap(time))).toEqual([100, 80, 120]);
    expect([WRAP - 10, 10, WRAP - 5].map((time) => new RtmpTimeUnwrapper().unwrap(time))).toEqual([
      WRAP - 10,
      10,
      WRAP - 5,
    ]);
    const wrapping = new RtmpTimeUnwrapper();
    expect([WRAP - 10, 10, WRAP - 5].map((time) => wrapping.unwrap(time))).toEqual([
      WRAP - 10,
      WRAP + 10,
      WRAP - 5,
    ]);
  });

  test('gives back every timeline whose steps are less than half the range', () => {
    const steps = fc.array(fc.integer({ min: -500, max: 2 ** 31 - 1 }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000, max: WRAP - 1 }), steps, (start, deltas) => {
        const unwrapper = new RtmpTimeUnwrapper();
        let time = start;
        expect(unwrapper.unwrap(time)).toBe(start);
        for (const delta of deltas) {
          time += delta;
          expect(unwrapper.unwrap(time % WRAP)).toBe(time);
        }
      }),
    );
  });
});
