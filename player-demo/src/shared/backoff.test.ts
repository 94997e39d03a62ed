import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

describe('backoffMs', () => {
  const options = { firstMs: 500, mostMs: 8000 };

  it('doubles up to its bound', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((attempt) => backoffMs(attempt, options, 1))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000, 8000,
    ]);
  });

  it('stays between half and whole of its step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const whole = backoffMs(attempt, options, 1);
          const wait = backoffMs(attempt, options, random);
          expect(wait).toBeGreaterThanOrEqual(whole / 2);
          expect(wait).toBeLessThanOrEqual(whole);
        },
      ),
    );
  });
});
