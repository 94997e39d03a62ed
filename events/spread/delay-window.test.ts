import { describe, expect, test } from 'vitest';
import { type DelayReport, DelayWindow } from './delay-window.ts';

const REPORT: DelayReport = { stream: 'live/main', app: 'web', protocol: 'flv', delayMs: 400, errorMs: 10 };
const LIMITS = { windowMs: 30_000, apartMs: 5_000, maxViewers: 3 };
const delaysOf = (window: DelayWindow, stream = 'live/main') => [...window.of(stream)].map((r) => r.delayMs);

describe('DelayWindow', () => {
  test('keeps the last report of each viewer, for its length', () => {
    const window = new DelayWindow(LIMITS);
    window.put('ann', 0.1, REPORT, 0);
    window.put('bob', 0.2, { ...REPORT, delayMs: 6_000 }, 1_000);
    window.put('ann', 0.1, { ...REPORT, delayMs: 500 }, 10_000);
    expect(delaysOf(window)).toEqual([6_000, 500]);
    window.prune(31_001);
    expect(delaysOf(window)).toEqual([500]);
    window.prune(40_001);
    expect(window.size).toBe(0);
  });

  test('a viewer is one entry, whatever apps and streams they name', () => {
    const window = new DelayWindow(LIMITS);
    for (let n = 0; n < 10; n++) {
      const report = { ...REPORT, stream: `live/s${n}`, app: `app ${n}` };
      expect(window.put('ann', 0.1, report, n * 5_000)).toEqual({ kind: 'taken' });
    }
    expect(window.size).toBe(1);
    expect([...window.of('live/s9')]).toMatchObject([{ app: 'app 9' }]);
    expect(delaysOf(window, 'live/s8')).toEqual([]);
  });

  test('a viewer who reports too often is told when to come back', () => {
    const window = new DelayWindow(LIMITS);
    window.put('ann', 0.1, REPORT, 0);
    const flood = { ...REPORT, delayMs: 9_000 };
    expect(window.put('ann', 0.1, flood, 1_500)).toEqual({ kind: 'too-soon', retryAfterMs: 3_500 });
    expect(delaysOf(window)).toEqual([400]);
    expect(window.put('ann', 0.1, flood, 5_000)).toEqual({ kind: 'taken' });
  });

  test('is bounded: those it holds go on, new ones wait until some are gone', () => {
    const window = new DelayWindow(LIMITS);
    for (const viewer of ['a', 'b', 'c']) window.put(viewer, 0.1, REPORT, 0);
    expect(window.put('d', 0.1, REPORT, 6_000)).toEqual({ kind: 'full' });
    expect(window.put('a', 0.1, REPORT, 6_000)).toEqual({ kind: 'taken' });
    expect(window.put('d', 0.1, REPORT, 30_001)).toEqual({ kind: 'taken' });
  });

  test('forgets those who are above a smaller share', () => {
    const window = new DelayWindow(LIMITS);
    window.put('a', 0.05, { ...REPORT, delayMs: 1 }, 0);
    window.put('b', 0.5, { ...REPORT, delayMs: 2 }, 0);
    window.keepBelow(0.1);
    expect(delaysOf(window)).toEqual([1]);
  });
});
