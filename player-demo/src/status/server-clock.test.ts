import { describe, expect, test } from 'vitest';
import { HEALTHY_JSON } from './fixtures.ts';
import { readReport } from './report.ts';
import { errorWords, readServerClock, stepWords } from './server-clock.ts';

const AT = 1_795_243_371_839;
const JSON_OF_SERVER = {
  grade: 'fair',
  offsetMs: 3.2,
  errorMs: 41.7,
  source: 'chrony',
  checkedAt: AT,
  steps: [{ at: AT - 60_000, byMs: -2500.4 }],
  stepCount: 1,
  peers: [],
  advice: 'The clock is within 42 ms: enough for a show.',
};

describe('the server clock', () => {
  test('is read from the status', () => {
    const report = readReport({ ...HEALTHY_JSON, clock: JSON_OF_SERVER })!;
    expect(report.serverClock).toEqual({
      grade: 'fair',
      errorMs: 41.7,
      source: 'chrony',
      advice: JSON_OF_SERVER.advice,
      steps: JSON_OF_SERVER.steps,
    });
    expect(readReport(HEALTHY_JSON)!.serverClock).toBeNull();
  });

  test.each([null, 5, {}, { grade: 'excellent' }])('is not shown where it is %j', (value) => {
    expect(readServerClock(value)).toBeNull();
  });

  test('is told in words', () => {
    const clock = readServerClock(JSON_OF_SERVER)!;
    expect(errorWords(clock)).toMatch(/^within 42.ms, by chrony$/u);
    expect(errorWords({ ...clock, errorMs: 0.2 })).toBe('within 1 ms, by chrony');
    expect(errorWords({ ...clock, errorMs: null, source: 'none' })).toBeNull();
    expect(errorWords({ ...clock, errorMs: null, source: 'ntp' })).toBe('by ntpd');
    expect(stepWords(clock, AT)).toMatch(/^It was set back by 2\.5.s at /u);
    expect(stepWords({ ...clock, steps: [...clock.steps, { at: AT, byMs: 90 }] }, AT)).toMatch(
      /^It was set forward by .*2 steps since the start\.$/u,
    );
    expect(stepWords({ ...clock, steps: [] }, AT)).toBeNull();
  });
});
