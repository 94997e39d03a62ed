import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DelayReport, Protocol } from './delay-window.ts';
import { previewOf } from './preview.ts';

const OPTIONS = { at: 1_700_000_000_000, windowMs: 30_000, share: 1, capMs: 15_000, holdMs: null };
const report = (delayMs: number, more: Partial<DelayReport> = {}): DelayReport => ({
  ...{ stream: 'live/main', app: 'web', protocol: 'flv' as Protocol, errorMs: 0, delayMs },
  ...more,
});
const times = (count: number, make: (n: number) => DelayReport): DelayReport[] =>
  Array.from({ length: count }, (_, n) => make(n));

describe('previewOf', () => {
  test('says nothing it does not know', () => {
    expect(previewOf([], OPTIONS)).toEqual({
      ...{ at: OPTIONS.at, windowMs: 30_000, reports: 0, share: 1, viewers: 0, groups: [], all: null },
      ...{ apart: null, leftOut: { viewers: 0, share: 0, capMs: 15_000 }, hold: null, hold99Ms: null },
      ...{ clockErrorMs: null, bucketMs: 10, buckets: [] },
    });
  });

  test('says nothing of how far apart nobody opens, whatever hold is asked for', () => {
    expect(previewOf([], { ...OPTIONS, holdMs: 3_000 })).toMatchObject({ all: null, apart: null });
  });

  test('tells apps and protocols apart, and how far they open from each other', () => {
    const reports = [
      ...times(600, (n) => report(400 + n / 10)),
      ...times(300, (n) => report(6_000 + n, { protocol: 'hls', app: 'tv' })),
      ...times(100, () => report(900, { app: null, protocol: 'ws' })),
    ];
    const preview = previewOf(reports, { ...OPTIONS, share: 0.01 });
    expect(preview.viewers).toBe(100_000);
    expect(preview.groups.map(({ app, protocol, viewers }) => [app, protocol, viewers])).toEqual([
      ['web', 'flv', 60_000],
      ['tv', 'hls', 30_000],
      ['unnamed', 'ws', 10_000],
    ]);
    expect(preview.groups[0]!.p50).toBeGreaterThan(425);
    expect(preview.groups[0]!.p50).toBeLessThan(435);
    // The middle 99 %: from 0.5 % (400 ms) to 99.5 % (6,295 ms).
    expect(preview.apart!.p99.content).toBeGreaterThan(5_850);
    expect(preview.apart!.p99.content).toBeLessThan(5_940);
    expect(preview.apart!.p50.content).toBeGreaterThan(5_500);
    // Slower than 99 % are 10 of 1,000, from 6,290 on; a few fewer, to be sure.
    expect(preview.hold99Ms).toBeGreaterThanOrEqual(6_300);
    expect(preview.hold99Ms).toBeLessThanOrEqual(6_400);
    expect(preview.apart!.p99.aligned).toBe(0);
    expect(preview.hold).toMatchObject({ ms: preview.hold99Ms, late: { share: 0 } });
  });

  test('of a hold that is asked for: who opens together, and who is late', () => {
    const reports = [...times(90, () => report(400)), ...times(10, () => report(8_000, { errorMs: 30 }))];
    const short = previewOf(reports, { ...OPTIONS, holdMs: 5_000 });
    expect(short.hold).toEqual({
      ms: 5_000,
      together: { viewers: 90, share: 0.9 },
      late: { viewers: 10, share: 0.1 },
    });
    expect(Math.abs(short.apart!.p99.aligned - 3_000)).toBeLessThan(45);
    expect(Math.abs(short.apart!.p99.content - 7_600)).toBeLessThan(45);
    // Shown just in time by a clock that may be off: not surely.
    expect(previewOf(reports, { ...OPTIONS, holdMs: 8_010 }).hold!.late.viewers).toBe(10);
    expect(previewOf(reports, { ...OPTIONS, holdMs: 8_030 }).hold!.late.viewers).toBe(0);
  });

  test('who is behind the cap is left out', () => {
    const reports = [...times(97, () => report(400)), ...times(3, () => report(40_000))];
    const { leftOut } = previewOf(reports, { ...OPTIONS, share: 0.5 });
    expect(leftOut).toEqual({ viewers: 6, share: 0.03, capMs: 15_000 });
  });

  test('few reports are not sure of anything: the hold takes all of them in', () => {
    const reports = [...times(99, () => report(400)), report(9_000)];
    expect(previewOf(reports, OPTIONS).hold99Ms).toBeGreaterThanOrEqual(9_000);
    const many = [...times(99_000, () => report(400)), ...times(500, () => report(9_000))];
    expect(previewOf(many, OPTIONS).hold99Ms).toBe(450);
  });

  test('names the apps with most viewers, and puts the rest together', () => {
    const reports = Array.from({ length: 40 }, (_, n) => n).flatMap((n) =>
      times(n + 1, () => report(400, { app: `app ${n}` })),
    );
    const apps = previewOf(reports, OPTIONS).groups.map((group) => group.app);
    expect(apps).toHaveLength(17);
    expect(apps.slice(0, 3)).toEqual(['other', 'app 39', 'app 38']);
    expect(apps).not.toContain('app 23');
  });

  test('its parts fit together, whatever is reported', () => {
    const some = fc.record({
      app: fc.constantFrom(null, 'a', 'b'),
      protocol: fc.constantFrom<Protocol>('flv', 'ws', 'hls'),
      delayMs: fc.double({ min: 0, max: 120_000, noNaN: true }),
      errorMs: fc.double({ min: 0, max: 500, noNaN: true }),
    });
    const property = fc.property(fc.array(some, { minLength: 1, maxLength: 200 }), (list) => {
      const reports = list.map((one) => report(one.delayMs, one));
      const preview = previewOf(reports, OPTIONS);
      const sum = (counts: readonly { readonly viewers: number }[]) =>
        counts.reduce((total, { viewers }) => total + viewers, 0);
      expect(sum(preview.groups)).toBe(reports.length);
      expect(sum(preview.buckets)).toBe(reports.length);
      expect(preview.buckets.length).toBeLessThanOrEqual(49);
      const { hold, apart, all, hold99Ms } = preview;
      expect(hold!.together.viewers + hold!.late.viewers).toBe(reports.length);
      expect(hold!.together.viewers).toBeGreaterThanOrEqual(Math.floor(0.99 * reports.length));
      expect(all!.p50).toBeLessThanOrEqual(all!.p95);
      expect(all!.p95).toBeLessThanOrEqual(all!.p99);
      for (const p of ['p50', 'p95', 'p99'] as const) {
        expect(apart![p].aligned).toBeLessThanOrEqual(apart![p].content + 1);
        expect(apart![p].aligned).toBeGreaterThanOrEqual(0);
      }
      expect(hold99Ms! % 50).toBe(0);
    });
    fc.assert(property, { numRuns: Number(process.env.FRAMECUE_PROPERTY_RUNS ?? 100) });
  });
});
