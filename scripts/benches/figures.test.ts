import { describe, expect, test } from 'vitest';
import { quantileOf, shareBound } from './figures.ts';

describe('figures of benchmarks', () => {
  test('quantiles are by nearest rank', () => {
    const numbers = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect([0, 0.5, 0.99, 1].map((q) => quantileOf(numbers, q))).toEqual([1, 100, 198, 200]);
    expect(quantileOf([], 0.5)).toBeNaN();
  });

  // Upper ends of one-sided 95 % Clopper-Pearson intervals, as tables give them.
  test.each([
    [0, 3_000, 0.000_998],
    [0, 100, 0.0295],
    [1, 100, 0.0466],
    [5, 100, 0.1023],
    [50, 100, 0.5868],
    [3, 3, 1],
  ])('%d of %d leave %d possible', (failures, trials, bound) => {
    expect(Math.abs(shareBound(failures, trials) - bound)).toBeLessThan(bound * 0.01);
  });
});
