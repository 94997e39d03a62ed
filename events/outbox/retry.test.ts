import { describe, expect, test } from 'vitest';
import { retryAfterOf, retryDelay } from './retry.ts';

describe('waiting between two calls', () => {
  test('anything up to a span that doubles from a second to ten minutes', () => {
    const most = [1, 2, 3, 10, 11, 500].map((failures) => retryDelay(failures, () => 0.999_999));
    expect(most).toEqual([999, 1_999, 3_999, 511_999, 599_999, 599_999]);
  });

  test('never none at all', () => {
    expect(retryDelay(1, () => 0)).toBe(50);
  });

  test('never earlier than the downstream has asked for, and an hour at most', () => {
    expect(retryDelay(1, () => 0, 30_000)).toBe(30_050);
    expect(retryDelay(1, () => 0.5, 30_000)).toBe(30_500);
    expect(retryDelay(12, () => 0.9, 1_000)).toBe(540_000);
    expect(retryDelay(1, () => 0.5, 3_600_000)).toBe(3_600_000);
  });

  test.each<[string | null, number | null]>([
    [null, null],
    ['', null],
    ['soon', null],
    ['-1', null],
    ['1.5', null],
    ['0', 0],
    [' 120 ', 120_000],
    ['999999999', 3_600_000],
    ['Tue, 14 Nov 2023 22:13:50 GMT', 30_000],
    ['Tue, 14 Nov 2023 22:00:00 GMT', 0],
    ['Tue, 99 Nov 2023 22:00:00 GMT', null],
  ])('Retry-After: %s', (header, expected) => {
    expect(retryAfterOf(header, 1_700_000_000_000)).toBe(expected);
  });
});
