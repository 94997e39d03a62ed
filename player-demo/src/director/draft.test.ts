import { describe, expect, it } from 'vitest';
import {
  configOf,
  type Draft,
  EMPTY_DRAFT,
  problemsOf,
  roomTaken,
  SAMPLES,
  STAMP_ROOM,
  withoutOption,
} from './draft.ts';

const draft = (over: Partial<Draft> = {}): Draft => ({
  question: 'Which?',
  options: ['a', 'b', 'c'],
  correct: 1,
  durationS: 10,
  ...over,
});
const fields = (value: Draft): readonly string[] => problemsOf(value).map(({ field }) => field);

describe('problemsOf', () => {
  it('finds none in a good question, nor in any sample', () => {
    for (const good of [draft(), ...SAMPLES]) {
      expect(problemsOf(good)).toEqual([]);
      expect(roomTaken(good)).toBeLessThan(STAMP_ROOM);
    }
  });

  it.each([
    ['nothing typed yet', EMPTY_DRAFT, ['question', 'options']],
    ['only spaces', draft({ question: '  ' }), ['question']],
    ['a question beyond the limit', draft({ question: 'x'.repeat(301) }), ['question']],
    ['an empty option', draft({ options: ['a', ' '] }), ['options']],
    ['an option beyond the limit', draft({ options: ['a', 'x'.repeat(121)] }), ['options']],
    ['two options that are the same', draft({ options: ['a', ' a '] }), ['options']],
    ['no duration', draft({ durationS: Number.NaN }), ['durationS']],
    ['a duration of 0', draft({ durationS: 0 }), ['durationS']],
  ])('finds %s', (_what, value, expected) => expect(fields(value)).toEqual(expected));

  it('counts bytes, not characters', () => {
    expect(roomTaken(draft({ question: 'é', options: ['a', 'b'] }))).toBe(
      roomTaken(draft({ question: 'xx', options: ['a', 'b'] })),
    );
    expect(roomTaken(draft({ question: '字'.repeat(100) }))).toBeGreaterThan(STAMP_ROOM);
  });
});

describe('configOf', () => {
  it('trims, and leaves out what there is not', () => {
    expect(configOf(draft({ question: ' Which? ', correct: null, durationS: 1.5 }))).toEqual({
      question: 'Which?',
      options: ['a', 'b', 'c'],
      durationMs: 1500,
    });
    expect(configOf(draft())).toMatchObject({ correct: 1 });
  });
});

describe('withoutOption', () => {
  it.each([
    [0, 0],
    [1, null],
    [2, 1],
  ])('removing %d leaves the right answer at %j', (index, correct) => {
    const after = withoutOption(draft(), index);
    expect(after.options).toHaveLength(2);
    expect(after.correct).toBe(correct);
  });
});
