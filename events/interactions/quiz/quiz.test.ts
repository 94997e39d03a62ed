import { describe, expect, test } from 'vitest';
import { newFacts, withTransition } from '../../ledger/facts.ts';
import { anInteraction, revealedBy } from '../../ledger/fixtures.ts';
import { quiz } from './quiz.ts';

const CONFIG = { question: 'Who wins?', options: ['Ann', 'Bob', 'Eve'], correct: 2, durationMs: 5_000 };
const SCHEDULED = newFacts(anInteraction({ config: CONFIG }));
const revealed = (data: object) => withTransition(SCHEDULED, revealedBy('q1', {}, { ...data }));
const prepared = (config: object = CONFIG) => quiz.prepare({ ...config })!;

describe('a quiz', () => {
  test.each<[string, object]>([
    ['no question', { ...CONFIG, question: '' }],
    ['one option', { ...CONFIG, options: ['Ann'] }],
    ['nine options', { ...CONFIG, options: 'abcdefghi'.split('') }],
    ['an empty option', { ...CONFIG, options: ['Ann', ''] }],
    ['a right one that is not there', { ...CONFIG, correct: 3 }],
    ['no time', { ...CONFIG, durationMs: 0 }],
    ['a field that it does not know', { ...CONFIG, corect: 1 }],
  ])('is not made with %s', (_name, config) => {
    expect(quiz.configSchema.safeParse(config).success).toBe(false);
    expect(quiz.prepare({ ...config })).toBeNull();
  });

  test('takes the index of an option', () => {
    expect(prepared().readAnswer({ choice: 2, cue: 'c1' })).toEqual({
      kind: 'answer',
      answer: { choice: 2 },
      bucket: '2',
    });
    for (const choice of [-1, 3, 0.5, '1', null, undefined, [1], 'length']) {
      expect(prepared().readAnswer({ choice })).toMatchObject({ kind: 'invalid', field: 'choice' });
    }
  });

  test('shows the right answer to nobody before the reveal', () => {
    const { correct, ...open } = CONFIG;
    expect(prepared().publicConfig(SCHEDULED)).toEqual(open);
    expect(prepared().publicConfig(revealed({}))).toEqual({ ...open, correct });
  });

  test('its result counts every option', () => {
    const tally = { total: 4, buckets: { 0: 3, 2: 1 }, held: 0 };
    expect(prepared().result(tally, SCHEDULED)).toEqual({ counts: [3, 0, 1] });
    expect(prepared().result(tally, revealed({}))).toEqual({ counts: [3, 0, 1], correct: 2 });
  });

  test('what the reveal showed goes before what was planned; what is no option does not', () => {
    const tally = { total: 0, buckets: {}, held: 0 };
    expect(prepared().result(tally, revealed({ correct: 0 }))).toMatchObject({ correct: 0 });
    expect(prepared().result(tally, revealed({ correct: 9 }))).toMatchObject({ correct: 2 });
    const { correct: _open, ...undecided } = CONFIG;
    expect(prepared(undecided).result(tally, revealed({ correct: 1 }))).toMatchObject({ correct: 1 });
    expect(prepared(undecided).result(tally, revealed({}))).not.toHaveProperty('correct');
  });
});
