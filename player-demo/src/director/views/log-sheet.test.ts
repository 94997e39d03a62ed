import { expect, test } from 'vitest';
import { sheetHead } from './log-sheet.ts';

const AT = Date.UTC(2030, 0, 31, 20, 0);

test('the printed log is headed by the show and its day', () => {
  const head = sheetHead('The evening quiz', 'live/main', [AT + 60_000, AT], 'UTC');
  expect(head).toEqual({ show: 'The evening quiz', days: '31 January 2030' });
});

test('a log over midnight says both days; without a rundown the stream is the show', () => {
  const { show, days } = sheetHead(null, 'live/main', [AT, AT + 6 * 3_600_000], 'UTC');
  expect(show).toBe('live/main');
  expect(days).toMatch(/^31 January\D+1 February 2030$/);
});

test('an empty log has the day of today', () => {
  expect(sheetHead(null, 'live/main', []).days).toMatch(/^\d{1,2} \w+ \d{4}$/);
});
