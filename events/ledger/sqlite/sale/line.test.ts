import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineUntil, nextTurn, spanOf } from './line.ts';

const arrivals = fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 300 });

describe('a line', () => {
  test('comes to turn in the order of arrival, never faster than was said, and not slower either', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 500 }), (gaps, perSecond) => {
        const turns: number[] = [];
        let endUs: number | null = null;
        let now = 1_700_000_000_000_000;
        for (const gap of gaps) {
          now += gap;
          const next = nextTurn(endUs, now, perSecond);
          expect(next.turnUs).toBeGreaterThanOrEqual(now);
          expect(next.turnUs).toBeGreaterThanOrEqual(turns.at(-1) ?? 0);
          endUs = next.endUs;
          turns.push(next.turnUs);
        }
        const spanUs = spanOf(perSecond);
        for (let from = 0; from < turns.length; from++) {
          for (let to = from; to < turns.length; to++) {
            const seconds = (turns[to]! - turns[from]!) / 1e6;
            expect(to - from + 1).toBeLessThanOrEqual(Math.floor(perSecond * (seconds + 1) + 1e-6));
          }
        }
        // Whoever comes when the line is said to be over does not wait.
        const free = Math.max(lineUntil(endUs!, spanUs), now);
        expect(nextTurn(endUs, free, perSecond).turnUs).toBe(free);
      }),
      { numRuns: 100 },
    );
  });

  test('lets the worth of the first second in at once, then one after the other', () => {
    let endUs: number | null = null;
    const turns = Array.from({ length: 15 }, () => {
      const next = nextTurn(endUs, 0, 10);
      endUs = next.endUs;
      return next.turnUs / 1e6;
    });
    expect(turns).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  });

  test('is not shortened by a clock that goes back', () => {
    const first = nextTurn(null, 10_000_000, 1);
    expect(nextTurn(first.endUs, 5_000_000, 1).turnUs).toBe(first.endUs);
  });
});
