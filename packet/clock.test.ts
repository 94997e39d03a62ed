import { afterEach, describe, expect, test, vi } from 'vitest';
import { ManualClock, systemClock } from './clock.ts';

describe('the system clock', () => {
  afterEach(() => vi.restoreAllMocks());

  test('is monotonic, and near Date', () => {
    const times = Array.from({ length: 1000 }, () => systemClock.monotonicUs());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Math.abs(systemClock.unixMs() - Date.now())).toBeLessThan(1000);
    expect(Number.isInteger(systemClock.unixUs())).toBe(true);
  });

  test('follows a step of the wall clock, and does not mind its jitter', () => {
    const real = Date.now();
    const date = vi.spyOn(Date, 'now').mockReturnValue(real + 3_600_000);
    expect(Math.abs(systemClock.unixMs() - (real + 3_600_000))).toBeLessThan(30);
    date.mockReturnValue(real);
    expect(Math.abs(systemClock.unixMs() - real)).toBeLessThan(30);
  });
});

test('a manual clock moves only when told to; its wall clock can step alone', () => {
  const clock = new ManualClock(1_000_000, 500);
  clock.advanceMs(2);
  expect([clock.monotonicUs(), clock.unixUs(), clock.unixMs()]).toEqual([2500, 1_002_000, 1002]);
  clock.stepWallMs(-1);
  expect([clock.monotonicUs(), clock.unixMs()]).toEqual([2500, 1001]);
});
