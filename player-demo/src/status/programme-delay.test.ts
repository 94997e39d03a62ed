import { describe, expect, it } from 'vitest';
import { factsOf } from './facts.ts';
import { HEALTHY_JSON, report, streamWith } from './fixtures.ts';
import { delayProblems, delayWords } from './programme-delay.ts';
import { remarksOn } from './remarks.ts';
import { readReport } from './report.ts';
import { judge } from './verdict.ts';

const { at } = report();
const IN_ORDER = { setMs: 2_000, nowMs: 2_001.4, frames: 50, early: 0 };
const SHORT = { setMs: 2_000, nowMs: 1_200, frames: 30, early: 1_240 };
const readDelay = (programmeDelay: unknown) =>
  readReport({ ...HEALTHY_JSON, streams: [{ ...HEALTHY_JSON.streams[0], programmeDelay }] })!.streams[0]!
    .programmeDelay;

describe('the programme delay', () => {
  it('is a fact where there is one', () => {
    const names = (programmeDelay: typeof IN_ORDER | null) =>
      factsOf(streamWith({ programmeDelay }), [], at).flatMap(({ facts }) => facts.map(({ name }) => name));
    expect(names(IN_ORDER)).toContain('Programme delay');
    expect(names(null)).not.toContain('Programme delay');
    expect(delayWords(IN_ORDER)).toBe('2.0\u202fs, 50 pictures waiting');
  });

  it('is a problem while it is shorter than set, and not because it was once', () => {
    expect([...delayProblems(IN_ORDER)]).toEqual([]);
    expect([...delayProblems({ ...IN_ORDER, early: 1_240 })]).toEqual([]);
    // The first pictures: they have not left early.
    expect([...delayProblems({ ...IN_ORDER, nowMs: 0 })]).toEqual([]);
    const [problem] = delayProblems(SHORT);
    expect(problem).toMatchObject({ code: 'delay-short', level: 'warn' });
    expect(problem!.text).toContain('is 1.2\u202fs and not 2.0\u202fs');
    expect(remarksOn(streamWith(), [problem!])[0]?.advice).toContain('FRAMECUE_PROGRAMME_DELAY_BYTES');
  });

  it('is part of the verdict', () => {
    const evidence = { connected: true, at, samples: [], events: [] };
    expect(judge(streamWith({ programmeDelay: SHORT }), evidence)).toMatchObject({
      kind: 'look',
      problems: [{ code: 'delay-short' }],
    });
  });

  it('is read from the answer, where the server tells it', () => {
    expect(readDelay({ ...SHORT, bytes: 1 })).toEqual(SHORT);
    expect(readDelay(null)).toBeNull();
    expect(readDelay(undefined)).toBeNull();
    expect(readDelay({ setMs: 'soon' })).toBeNull();
  });
});
