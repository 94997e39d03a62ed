import { describe, expect, it } from 'vitest';
import { ManualClock } from '../packet/clock.ts';
import { ms } from '../packet/time.ts';
import { EpochAnchor } from './anchor.ts';

const START = 1_700_000_000_000_000;
const run = (
  anchor: EpochAnchor,
  clock: ManualClock,
  frames: number,
  jitter: (i: number) => number = () => 0,
) => {
  for (let i = 0; i < frames; i++) {
    clock.advanceMs(jitter(i));
    anchor.observe(ms(i * 40), ms(i * 40 + 80));
    clock.advanceMs(40 - jitter(i));
  }
};

describe('the anchor of an epoch', () => {
  it('says when a picture passes: with the access unit at dts = pts - D', () => {
    const clock = new ManualClock(START);
    const anchor = new EpochAnchor(clock);
    run(anchor, clock, 100);
    expect(anchor.wallOf(ms(80))).toBe(START);
    expect(anchor.wallOf(ms(80 + 8000))).toBe(START + 8_000_000);
    expect(anchor.ptsAt(anchor.wallOf(ms(4321)))).toBeCloseTo(4321, 3);
  });

  it('smooths the jitter of the network', () => {
    const clock = new ManualClock(START);
    const anchor = new EpochAnchor(clock);
    run(anchor, clock, 1000, (i) => (i * 7919) % 30);
    const error = anchor.wallOf(ms(80)) - START;
    expect(error).toBeGreaterThan(12_000);
    expect(error).toBeLessThan(17_000);
  });

  it('follows an encoder whose clock is 200 ppm fast', () => {
    const clock = new ManualClock(START);
    const anchor = new EpochAnchor(clock);
    for (let i = 0; i < 15_000; i++) {
      anchor.observe(ms(i * 40), ms(i * 40));
      clock.advanceMs(40 * (1 - 200e-6));
    }
    const trueNow = clock.unixUs();
    expect(Math.abs(anchor.wallOf(ms(15_000 * 40)) - trueNow)).toBeLessThan(5_000);
  });

  it('moves with a step of the wall clock, but not what it knows of the timeline', () => {
    const clock = new ManualClock(START);
    const anchor = new EpochAnchor(clock);
    run(anchor, clock, 100);
    const before = anchor.wallOf(ms(10_000));
    clock.stepWallMs(3_600_000);
    expect(anchor.wallOf(ms(10_000)) - before).toBe(3_600_000_000);
  });

  it('starts anew after a stall of the timeline', () => {
    const clock = new ManualClock(START);
    const anchor = new EpochAnchor(clock);
    run(anchor, clock, 50);
    clock.advanceMs(10_000);
    const now = clock.unixUs();
    anchor.observe(ms(50 * 40), ms(50 * 40 + 80));
    expect(anchor.wallOf(ms(50 * 40 + 80))).toBe(now);
  });
});
