import { describe, expect, it } from 'vitest';
import {
  formatBitrate,
  formatCount,
  formatFps,
  formatMediaTime,
  formatSigned,
  formatSpan,
  percentages,
  plural,
  secondsLeft,
} from './format.ts';

describe('format', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1\u202f000'],
    [-1234567, '\u22121\u202f234\u202f567'],
    [-0.4, '0'],
  ])('count %d', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [33, '+33'],
    [0, '0'],
    [0.4, '0'],
    [-2, '\u22122'],
  ])('signed %d', (value, text) => expect(formatSigned(value)).toBe(text));

  it.each([
    [0, '0\u202fms'],
    [999, '999\u202fms'],
    [1500, '1.5\u202fs'],
    [-2400, '\u22122.4\u202fs'],
  ])('span %d', (value, text) => expect(formatSpan(value)).toBe(text));

  it.each([
    [0, '00:00.000'],
    [61_234.4, '01:01.234'],
    [3_600_000, '1:00:00.000'],
    [-5, '00:00.000'],
    [59_999.6, '01:00.000'],
  ])('media time %d', (value, text) => expect(formatMediaTime(value)).toBe(text));

  it('says 1 second until the last one is over', () => {
    expect([10_000, 9999, 1, 0, -5].map(secondsLeft)).toEqual([10, 10, 1, 0, 0]);
  });

  it('rates', () => {
    expect(formatFps(29.97)).toBe('29.97');
    expect(formatFps(24.999)).toBe('25');
    expect(formatBitrate(1612.4)).toBe('1\u202f612\u202fkbit/s');
    expect(formatBitrate(12_000)).toBe('12.0\u202fMbit/s');
  });

  it('plural', () => {
    expect(plural(1, 'answer')).toBe('1 answer');
    expect(plural(0, 'answer')).toBe('0 answers');
    expect(plural(2, 'reply', 'replies')).toBe('2 replies');
  });
});

describe('percentages', () => {
  it.each([[[1, 1, 1]], [[1, 2, 3, 7]], [[0, 0, 5]], [[99_999, 1]], [[3, 3, 3, 3, 3, 3, 3]]])(
    'of %j add up to 100',
    (counts) => {
      expect(percentages(counts).reduce((sum, value) => sum + value, 0)).toBe(100);
    },
  );

  it('are 0 where nobody answered', () => {
    expect(percentages([0, 0])).toEqual([0, 0]);
  });

  it('give the missing points to the largest remainders', () => {
    expect(percentages([1, 1, 1])).toEqual([34, 33, 33]);
    expect(percentages([2, 1])).toEqual([67, 33]);
  });
});
