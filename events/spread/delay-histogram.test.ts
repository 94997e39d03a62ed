import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DELAY_MAX_MS, DelayHistogram } from './delay-histogram.ts';

const histogramOf = (delays: readonly number[]): DelayHistogram => {
  const histogram = new DelayHistogram();
  for (const delay of delays) histogram.add(delay);
  return histogram;
};

/** Nearest rank, from all values. */
const exact = (delays: readonly number[], q: number): number =>
  [...delays].sort((a, b) => a - b)[Math.max(1, Math.ceil(q * delays.length - 1e-9)) - 1]!;

/** Phones on FLV around half a second, HLS in steps of segments, stragglers. */
const delay = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 2_000, noNaN: true }) },
  { weight: 2, arbitrary: fc.double({ min: 4_000, max: 20_000, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: DELAY_MAX_MS, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 4.999, 5, 999.99, 1_000, 1_010, DELAY_MAX_MS) },
);

describe('DelayHistogram', () => {
  test('is within half a bin of the exact quantile: 2.5 ms, or 0.5 %', () => {
    const property = fc.property(
      fc.array(delay, { minLength: 1, maxLength: 400 }),
      fc.constantFrom(0, 0.005, 0.025, 0.25, 0.5, 0.95, 0.99, 0.995, 1),
      (delays, q) => {
        const histogram = histogramOf(delays);
        const wanted = exact(delays, q);
        const tolerance = Math.max(2.5, wanted * 0.00501) + 1e-6;
        expect(Math.abs(histogram.quantile(q)! - wanted)).toBeLessThanOrEqual(tolerance);
        // As an upper bound it is one, by no more than a bin.
        expect(histogram.upper(q)!).toBeGreaterThanOrEqual(wanted - 1e-6);
        expect(histogram.upper(q)! - wanted).toBeLessThanOrEqual(2 * tolerance);
      },
    );
    fc.assert(property, { numRuns: Number(process.env.FRAMECUE_PROPERTY_RUNS ?? 300) });
  });

  test('is empty at first, and takes what is outside as its nearest', () => {
    expect(histogramOf([]).quantile(0.5)).toBeNull();
    expect(histogramOf([-5]).quantile(0.5)).toBe(2.5);
    expect(histogramOf([Number.NaN]).quantile(0.5)).toBe(2.5);
    expect(histogramOf([10 * DELAY_MAX_MS]).quantile(0.5)).toBeCloseTo(DELAY_MAX_MS, -4);
  });
});
