import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HISTORY_MS } from './history.ts';
import { type Point, roundTop, SPARK, sparkOf } from './spark.ts';

const second = (i: number, value: number | null): Point => ({ at: i * 1000, value });
const runsIn = (path: string): number => path.split('M').length - 1;

describe('sparkOf', () => {
  it('draws nothing where nothing was measured', () => {
    for (const points of [[], [second(0, null), second(1, null)]]) {
      expect(sparkOf(points)).toEqual({ line: '', area: '', reference: null, least: null, most: null });
    }
  });

  it('has the newest point at the right edge and two minutes from edge to edge', () => {
    const { line } = sparkOf([
      { at: 500, value: 1 },
      { at: 4000, value: 1 },
    ]);
    const x = SPARK.width * (1 - 3500 / HISTORY_MS);
    expect(line).toBe(`M${x} 16L${SPARK.width} 16`);
  });

  it('starts at zero, so that half is half as high', () => {
    const { line, least, most } = sparkOf([second(0, 0), second(1, 10), second(2, 20)]);
    expect([...line.matchAll(/ (\d+(?:\.\d+)?)/g)].map(([, y]) => Number(y))).toEqual([48, 32, 16]);
    expect([least, most]).toEqual([0, 20]);
  });

  it('breaks where nothing was measured and where the page did not ask', () => {
    expect(runsIn(sparkOf([second(0, 1), second(1, 1), second(2, null), second(3, 1)]).line)).toBe(2);
    expect(runsIn(sparkOf([second(0, 1), second(1, 1), second(9, 1)]).line)).toBe(2);
    expect(runsIn(sparkOf([second(0, 1), second(1, 1), second(2, 1)]).line)).toBe(1);
  });

  it('draws a point by itself', () => {
    expect(sparkOf([second(0, 1)]).line).toBe('M240 16L240 16');
  });

  it('has the reference in the picture, above what falls short of it', () => {
    const { reference, line } = sparkOf([second(0, 5), second(1, 5)], 25);
    expect(reference).toBeGreaterThan(0);
    expect(reference).toBeLessThan(Number(line.match(/ (\d+(?:\.\d+)?)/)?.[1]));
  });

  it('stays inside its own units, whatever comes', () => {
    const point = fc.record({
      at: fc.integer({ min: 0, max: HISTORY_MS }),
      value: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(point), (points) => {
        const sorted = points.toSorted((a, b) => a.at - b.at);
        for (const path of [sparkOf(sorted).line, sparkOf(sorted, 30).area]) {
          for (const [, x, y] of path.matchAll(/[ML](\S+) (\S+?)(?=[MLZ]|$)/g)) {
            expect(Number(x)).toBeGreaterThanOrEqual(0);
            expect(Number(x)).toBeLessThanOrEqual(SPARK.width);
            expect(Number(y)).toBeGreaterThanOrEqual(0);
            expect(Number(y)).toBeLessThanOrEqual(SPARK.height);
          }
        }
      }),
    );
  });
});

describe('roundTop', () => {
  it.each([
    [25, 30],
    [29.97, 40],
    [60, 80],
    [413, 600],
    [0.4, 1],
    [9.5, 15],
    [0, 1],
  ])('over %d is %d', (most, top) => expect(roundTop(most)).toBeCloseTo(top, 9));
});
