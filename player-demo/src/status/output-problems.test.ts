import { describe, expect, it } from 'vitest';
import { outputOf, report, streamWith } from './fixtures.ts';
import { outputProblems, unreadOutputs } from './output-problems.ts';
import type { OutputReport } from './outputs.ts';
import { remarksOn } from './remarks.ts';
import { formatMoment } from './words.ts';

const { at } = report();
const since = at - 120_000;
const moment = formatMoment(since, at);
const problemsOf = (...outputs: OutputReport[]) => [...outputProblems(outputs, at)];
const missing = (name: string, problem = 'NO_STAMPS', when: number | null = since) =>
  outputOf(name, { last: { seen: 'missing', since: when, delayMs: null, problem } });
const late = 'viewers there get cues only late, by the events path.';

describe('outputProblems', () => {
  it('finds nothing in outputs that have the cue, or have seen none yet', () => {
    expect(problemsOf(outputOf('flv'), outputOf('cdn', { last: null }))).toEqual([]);
  });

  it.each([
    ['NO_STAMPS', 'output-no-stamps', `cdn/720p keeps no stamps since ${moment}: ${late}`],
    ['CUE_LOST', 'output-cue-lost', `cdn/720p keeps stamps, but loses cues since ${moment}: ${late}`],
    [
      'SIGNATURE_BAD',
      'output-forged',
      `cdn/720p has cues whose signature does not verify since ${moment}: ${late}`,
    ],
    ['OF_TOMORROW', 'output-missing', `cdn/720p loses cues since ${moment}: ${late}`],
  ])('says which output, what is wrong and since when: %s', (problem, code, text) => {
    const problems = problemsOf(missing('cdn/720p', problem));
    expect(problems).toEqual([{ level: 'bad', code, text }]);
    expect(remarksOn(streamWith(), problems)[0]?.advice).toMatch(/\.$/);
  });

  it('sends nobody to a CDN for an output of its own', () => {
    const problems = problemsOf(missing('hls'));
    expect(problems).toMatchObject([
      {
        level: 'bad',
        code: 'output-own-missing',
        text: `HLS of this server loses cues since ${moment}: ${late}`,
      },
    ]);
    expect(remarksOn(streamWith(), problems)[0]?.advice).toContain('media process');
  });

  it('says less of one that has cues beside the video', () => {
    const carrier = outputOf('bare', { last: { seen: 'carrier', since, delayMs: 9, problem: 'SEI_LOST' } });
    expect(problemsOf(carrier)).toEqual([
      {
        level: 'warn',
        code: 'output-carrier',
        text: `bare keeps no stamps since ${moment}: viewers there get cues beside the video only, less exactly.`,
      },
    ]);
    expect(problemsOf({ ...carrier, name: 'ws' })).toMatchObject([
      { level: 'warn', code: 'output-own-carrier' },
    ]);
  });

  it('tells of many in one sentence, from the first of them on', () => {
    const four = ['a', 'b', 'c', 'd'].map((name) => missing(name));
    expect(problemsOf(missing('e', 'NO_STAMPS', at - 600_000), ...four)[0]?.text).toBe(
      `e, a, b and 2 more keep no stamps since ${formatMoment(at - 600_000, at)}: ${late}`,
    );
    expect(problemsOf(...four)[0]?.text).toContain('a, b, c and d keep');
    expect(problemsOf(...four.slice(0, 2))[0]?.text).toContain('a and b keep');
  });

  it('leaves the moment out where the server does not tell it', () => {
    expect(problemsOf(missing('cdn', 'NO_STAMPS', null))[0]?.text).toBe(`cdn keeps no stamps: ${late}`);
  });
});

describe('an output that cannot be read', () => {
  const unread = outputOf('cdn', {
    ...{ isRead: false, problem: 'ERR_SOURCE_OPEN' },
    last: { seen: 'unread', since, delayMs: null, problem: 'ERR_SOURCE_OPEN' },
  });

  it('is no problem of the stream, and a remark', () => {
    expect(problemsOf(unread)).toEqual([]);
    expect(remarksOn(streamWith({ outputs: [outputOf('flv'), unread] }), [])).toMatchObject([
      { level: null, text: 'cdn cannot be read back (ERR_SOURCE_OPEN).' },
    ]);
  });

  it('is told of once, with each reason once', () => {
    const outputs = [unread, { ...unread, name: 'edge' }, { ...unread, name: 'far', problem: 'ERR_TIMEOUT' }];
    expect(remarksOn(streamWith({ outputs }), [])).toMatchObject([
      { text: 'cdn, edge and far cannot be read back (ERR_SOURCE_OPEN, ERR_TIMEOUT).' },
    ]);
  });

  it('is not one that only waits, or that is read again', () => {
    const waiting = { ...unread, problem: null };
    expect(unreadOutputs([waiting, { ...unread, isRead: true }])).toEqual([]);
  });
});
