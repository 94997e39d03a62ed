import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualScheduler } from '../../delivery/testing/manual-scheduler.ts';
import { ManualClock } from '../../packet/clock.ts';
import { ProgrammeDelay } from './programme-delay.ts';

interface Left {
  readonly item: string;
  readonly atMs: number;
  readonly arrivedMs: number;
}

function rig(delayMs: number, maxBytes = 1_000_000) {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler(clock);
  const left: Left[] = [];
  const nowMs = (): number => clock.monotonicUs() / 1000;
  const delay = new ProgrammeDelay<string>({
    ...{ delayMs, maxBytes, clock, scheduler },
    release: (item, arrivedUs) => left.push({ item, atMs: nowMs(), arrivedMs: arrivedUs / 1000 }),
  });
  return { clock, scheduler, left, delay };
}

describe('a programme delay', () => {
  it('lets each go after its time, at the pace at which they came', () => {
    const { scheduler, left, delay } = rig(2_000);
    const gaps = [40, 0, 0, 700, 3, 40];
    for (const [i, gap] of gaps.entries()) {
      scheduler.advance(gap);
      delay.push(`${i}`, 100);
    }
    scheduler.advance(5_000);
    expect(left.map(({ item }) => item)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(left.map(({ atMs, arrivedMs }) => atMs - arrivedMs)).toEqual(gaps.map(() => 2_000));
    expect(delay).toMatchObject({ size: 0, bytes: 0, early: 0, lastWaitMs: 2_000 });
  });

  it('lets nothing go before its time where timers have whole milliseconds', () => {
    const { clock, scheduler, left, delay } = rig(10);
    clock.advanceMs(0.4);
    delay.push('a', 1);
    clock.advanceMs(0.3);
    delay.push('b', 1);
    scheduler.advance(12);
    expect(left.map(({ item }) => item)).toEqual(['a', 'b']);
    for (const { atMs, arrivedMs } of left) {
      expect(atMs - arrivedMs).toBeGreaterThanOrEqual(10);
      expect(atMs - arrivedMs).toBeLessThan(11.5);
    }
  });

  it('has no timer while nothing waits', () => {
    const { scheduler, delay } = rig(50);
    expect(scheduler.pending).toBe(0);
    delay.push('a', 1);
    expect(scheduler.pending).toBe(1);
    scheduler.advance(60);
    expect(scheduler.pending).toBe(0);
  });

  it('lets the oldest go early where it is full, in order, and counts them', () => {
    const { scheduler, left, delay } = rig(1_000, 10_000);
    for (let i = 0; i < 30; i++) {
      delay.push(`${i}`, 936);
      expect(delay.bytes).toBeLessThanOrEqual(10_000);
      scheduler.advance(10);
    }
    expect(delay).toMatchObject({ size: 10, early: 20 });
    expect(delay.lastWaitMs).toBe(100);
    scheduler.advance(2_000);
    expect(left.map(({ item }) => Number(item))).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(left.slice(20).every(({ atMs, arrivedMs }) => atMs - arrivedMs === 1_000)).toBe(true);
  });

  it('lets pass at once, after all before it, what is larger than all its room', () => {
    const { left, delay } = rig(1_000, 10_000);
    delay.push('small', 100);
    delay.push('large', 20_000);
    expect(left.map(({ item }) => item)).toEqual(['small', 'large']);
    expect(delay).toMatchObject({ size: 0, bytes: 0, early: 2 });
  });

  it('is bounded in number too', () => {
    const { delay, left } = rig(1_000, 1_000_000_000);
    for (let i = 0; i < 17_000; i++) delay.push('x', 0);
    expect(delay.size).toBe(16_384);
    expect(left).toHaveLength(17_000 - 16_384);
  });

  it('lets all go at once when nobody waits any more', () => {
    const { scheduler, left, delay } = rig(1_000);
    for (const item of ['a', 'b', 'c']) delay.push(item, 10);
    delay.flush();
    expect(left.map(({ item }) => item)).toEqual(['a', 'b', 'c']);
    expect(scheduler.pending).toBe(0);
    delay.push('d', 10);
    scheduler.advance(1_000);
    expect(left.at(-1)).toMatchObject({ item: 'd', atMs: 1_000 });
  });

  it('keeps order, loses nothing, and keeps time, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 100, max: 5_000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 3_000 })), {
          maxLength: 60,
        }),
        (delayMs, maxBytes, items) => {
          const { scheduler, left, delay } = rig(delayMs, maxBytes);
          for (const [i, [gap, bytes]] of items.entries()) {
            scheduler.advance(gap);
            delay.push(`${i}`, bytes);
            expect(delay.bytes).toBeLessThanOrEqual(maxBytes);
          }
          scheduler.advance(delayMs);
          expect(left.map(({ item }) => Number(item))).toEqual(items.map((_, i) => i));
          const early = left.filter(({ atMs, arrivedMs }) => atMs - arrivedMs < delayMs);
          expect(early).toHaveLength(delay.early);
          expect(left.every(({ atMs, arrivedMs }) => atMs - arrivedMs <= delayMs)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
