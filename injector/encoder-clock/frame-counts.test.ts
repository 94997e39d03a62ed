import { describe, expect, it } from 'vitest';
import { us } from '../../packet/time.ts';
import { FrameTally } from './frame-counts.ts';

const at = (seconds: number) => us(seconds * 1e6);

describe('FrameTally', () => {
  it('says nothing before the publisher does', () => {
    expect(new FrameTally().countsAt(at(0))).toBeNull();
  });

  it('sums the differences, for ever and for the last minute, and gives the newest as a rate', () => {
    const tally = new FrameTally();
    for (let second = 0; second <= 120; second += 2) tally.add(at(second), { rendered: 100, dropped: 1 });
    expect(tally.countsAt(at(120))).toMatchObject({
      rendered: { total: 6100, lastMinute: 3100, perSecond: 50 },
      dropped: { total: 61, lastMinute: 31, perSecond: 0.5 },
      lagged: { total: 0, lastMinute: 0, perSecond: null },
    });
  });

  it('has no minute and no rate once nothing comes any more', () => {
    const tally = new FrameTally();
    tally.add(at(0), { dropped: 5 });
    tally.add(at(2), { dropped: 5 });
    expect(tally.countsAt(at(63))?.dropped).toEqual({ total: 10, lastMinute: 0, perSecond: null });
  });

  it('counts no frames where the publisher’s own count began anew, below the wrap of u32', () => {
    const tally = new FrameTally();
    tally.add(at(0), { rendered: 100, dropped: 3 });
    tally.add(at(2), { rendered: 2 ** 32 - 100, dropped: 2 ** 31 });
    tally.add(at(4), { rendered: 2 ** 31 - 1, dropped: 1 });
    expect(tally.restarts).toBe(2);
    expect(tally.countsAt(at(4))).toMatchObject({
      rendered: { total: 100 + 2 ** 31 - 1 },
      dropped: { total: 4 },
    });
  });

  it('is bounded where messages come with every frame, and loses none of them', () => {
    const tally = new FrameTally();
    for (let i = 0; i < 600; i++) tally.add(at(i / 60), { output: 1 });
    expect(tally.countsAt(at(10))?.output).toMatchObject({ total: 600, lastMinute: 600 });
  });
});
