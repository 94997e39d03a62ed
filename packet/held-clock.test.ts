import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock.ts';
import { HeldClock } from './held-clock.ts';

describe('a held clock', () => {
  it('stands still within a hold, also for holds within it, and goes on after it', () => {
    const source = new ManualClock(1_700_000_000_000_999, 5_000);
    const clock = new HeldClock(source);
    const readings: number[] = [];
    const read = () => readings.push(clock.monotonicUs(), clock.unixUs(), clock.unixMs());
    clock.hold((at) => {
      read();
      source.advanceMs(7);
      clock.hold((inner) => expect(inner).toBe(at));
      read();
    });
    read();
    expect(readings).toEqual([
      ...[5_000, 1_700_000_000_000_999, 1_700_000_000_000],
      ...[5_000, 1_700_000_000_000_999, 1_700_000_000_000],
      ...[12_000, 1_700_000_000_007_999, 1_700_000_000_007],
    ]);
  });

  it('goes on after work that threw', () => {
    const source = new ManualClock();
    const clock = new HeldClock(source);
    expect(() =>
      clock.hold(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    source.advanceMs(1);
    expect(clock.monotonicUs()).toBe(1_000);
  });
});
