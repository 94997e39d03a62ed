import { describe, expect, test } from 'vitest';
import { CONFIRM_MS, ManualClock } from './clock.ts';
import { SteadyWall } from './steady-wall.ts';

const HOUR_MS = 3_600_000;
const LOOK_MS = 250;

function rig() {
  const clock = new ManualClock();
  const wall = new SteadyWall(clock);
  const start = clock.unixUs() - clock.monotonicUs();
  return {
    clock,
    /** What it says less what it would say without any step. */
    offMs: () => (wall.unixUs() - clock.monotonicUs() - start) / 1000,
    /** Looks several times a second, as its keeper does. */
    run(spanMs: number) {
      for (let n = 0; n < spanMs; n += LOOK_MS) {
        clock.advanceMs(LOOK_MS);
        wall.unixUs();
      }
    },
  };
}

describe('the wall clock for spans', () => {
  test('goes with the clock, however seldom it is read', () => {
    const { clock, offMs } = rig();
    for (const span of [0, 1, 250, 60_000, HOUR_MS, 3]) {
      clock.advanceMs(span);
      expect(offMs()).toBe(0);
    }
  });

  test('follows a clock that is slewed, faster or slower', () => {
    const { clock, offMs, run } = rig();
    for (const [each, all] of [
      [0.2, 8],
      [-0.2, 0],
    ] as const) {
      for (let n = 0; n < 40; n++) {
        run(LOOK_MS);
        clock.stepWallMs(each);
      }
      run(LOOK_MS);
      expect(offMs()).toBeCloseTo(all, 6);
    }
  });

  test.each([HOUR_MS, -HOUR_MS, 90_000, -90_000, 20, -20])('a wrong tick of %d ms is nothing', (byMs) => {
    const { clock, offMs, run } = rig();
    run(1_000);
    clock.stepWallMs(byMs);
    for (let n = 0; n < CONFIRM_MS / LOOK_MS; n++) {
      expect(offMs()).toBe(0);
      clock.advanceMs(LOOK_MS);
    }
    clock.stepWallMs(-byMs);
    expect(offMs()).toBe(0);
    run(2 * CONFIRM_MS);
    expect(offMs()).toBe(0);
  });

  test.each([HOUR_MS, -HOUR_MS])('a step of %d ms counts once it has stood', (byMs) => {
    const { clock, offMs, run } = rig();
    clock.stepWallMs(byMs);
    run(CONFIRM_MS);
    expect(offMs()).toBe(0);
    run(LOOK_MS);
    expect(offMs()).toBe(byMs);
  });

  test('a clock that jumps about is not followed before it stands', () => {
    const { clock, offMs, run } = rig();
    for (const byMs of [HOUR_MS, -2 * HOUR_MS, 500, HOUR_MS]) {
      clock.stepWallMs(byMs);
      run(CONFIRM_MS - LOOK_MS);
      expect(offMs()).toBe(0);
    }
    run(2 * LOOK_MS);
    expect(offMs()).toBe(500);
  });
});
