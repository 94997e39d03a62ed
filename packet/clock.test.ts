import { afterEach, describe, expect, test, vi } from 'vitest';
import { CautiousWall, ManualClock, systemClock } from './clock.ts';

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

describe('the wall clock for what cannot be taken back', () => {
  const HOUR_MS = 3_600_000;

  test('goes with the clock', () => {
    const clock = new ManualClock();
    const wall = new CautiousWall(clock);
    for (const span of [0, 1, 250, 60_000, HOUR_MS, 3]) {
      clock.advanceMs(span);
      expect(wall.unixUs()).toBe(clock.unixUs());
    }
  });

  test.each([
    ['read often', 10],
    ['read once a second', 1_000],
    ['read seldom', 4_000],
  ])('takes no step ahead that does not stand: %s', (_name, everyMs) => {
    const clock = new ManualClock();
    const wall = new CautiousWall(clock);
    const before = clock.unixUs() - clock.monotonicUs();
    // Whenever it was read last: a pause makes nothing certain.
    clock.advanceMs(600_000);
    clock.stepWallMs(HOUR_MS);
    for (let n = 0; n * everyMs < 5_000; n++) {
      expect(wall.unixUs() - clock.monotonicUs()).toBe(before);
      clock.advanceMs(everyMs);
    }
    clock.stepWallMs(-HOUR_MS);
    expect(wall.unixUs()).toBe(clock.unixUs());
  });

  test('follows a step ahead that stands, and a step back at once', () => {
    const clock = new ManualClock();
    const wall = new CautiousWall(clock);
    clock.stepWallMs(-HOUR_MS);
    expect(wall.unixUs()).toBe(clock.unixUs());
    clock.stepWallMs(2 * HOUR_MS);
    for (let n = 0; n < 8; n++) {
      wall.unixUs();
      clock.advanceMs(1_000);
    }
    expect(wall.unixUs()).toBe(clock.unixUs());
  });
});
