import { describe, expect, test } from 'vitest';
import { newFacts } from '../../ledger/facts.ts';
import { anInteraction } from '../../ledger/fixtures.ts';
import { lottery } from './lottery.ts';

const config = (over: object = {}) => ({
  title: 'Final prize',
  prizes: [
    { prize: 'car', title: 'A car', pool: 'p-high', pieces: 1, amountMinor: 2_000_000, tier: 'high' },
    { prize: 'bag', pool: 'p-low', pieces: 100, amountMinor: 500 },
  ],
  durationMs: 30_000,
  randomness: { kind: 'drand' },
  ...over,
});

describe('a lottery', () => {
  test('shows viewers what there is to win, and not where it comes from', () => {
    const prepared = lottery.prepare(config())!;
    expect(prepared.publicConfig(newFacts(anInteraction()))).toEqual({
      ...{ title: 'Final prize', durationMs: 30_000, randomness: { kind: 'drand' } },
      prizes: [
        { prize: 'car', title: 'A car', pieces: 1, tier: 'high' },
        { prize: 'bag', title: 'bag', pieces: 100, tier: 'any' },
      ],
    });
    expect(prepared.readAnswer({ anything: 1 })).toEqual({ kind: 'answer', answer: {}, bucket: 'entered' });
  });

  test.each([
    ['no prize', { prizes: [] }],
    ['two prizes of one name', { prizes: [config().prizes[0], config().prizes[0]] }],
    ['more pieces than a result can hold', { prizes: [{ ...config().prizes[0], pieces: 10_001 }] }],
    ['half a piece', { prizes: [{ ...config().prizes[0], pieces: 1.5 }] }],
    ['a prize whose name has a space', { prizes: [{ ...config().prizes[0], prize: 'a car' }] }],
    ['randomness of another kind', { randomness: { kind: 'dice' } }],
    ['a round at once', { randomness: { kind: 'drand', settleMs: 0 } }],
  ])('is not taken with %s', (_name, over) => {
    expect(lottery.prepare(config(over))).toBeNull();
  });
});
