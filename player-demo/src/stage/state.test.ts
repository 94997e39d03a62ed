import { describe, expect, it } from 'vitest';
import type { Result } from '../shared/events-api.ts';
import {
  closesAtOf,
  FIRST_STAGE,
  nextStage,
  readNow,
  type StageEvent,
  type StageState,
  stagePhase,
} from './state.ts';

const DATA = { interaction: 'q1', question: 'Which?', options: ['a', 'b'] };
const due = (type: string, fireAtMs: number, over: object = {}) => ({
  id: `${type}-${fireAtMs}`,
  rev: 0,
  type: `interaction.${type}`,
  data: DATA,
  fireAt: fireAtMs * 1000,
  exp: 0,
  epoch: 'e',
  pts: 1,
  ...over,
});
const now = (atMs: number, cues: readonly unknown[], receivedAt = atMs - 1000): StageEvent => {
  const read = readNow({ at: atMs * 1000, cues });
  if (read === null) throw new Error('not read');
  return { kind: 'now', now: read, receivedAt };
};
const result = (over: Partial<Result> = {}): StageEvent => ({
  kind: 'result',
  result: { id: 'q1', state: 'ACTIVE', total: 0, counts: [0, 0], correct: null, ...over },
});
const run = (events: readonly StageEvent[], from: StageState = FIRST_STAGE): StageState =>
  events.reduce(nextStage, from);

describe('the stage', () => {
  it('waits, opens, locks and shows the result', () => {
    expect(stagePhase(FIRST_STAGE, 0)).toBe('waiting');
    const open = run([now(10_000, [due('open', 9500, { durationMs: 5000 })])]);
    expect(stagePhase(open, 10_000)).toBe('open');
    expect(closesAtOf(open)).toBe(14_500);
    expect(stagePhase(open, 14_500)).toBe('locked');
    const locked = run([result({ state: 'LOCKED', counts: [1, 2], total: 3 })], open);
    expect(stagePhase(locked, 11_000)).toBe('locked');
    expect(stagePhase(run([result({ state: 'RESOLVED', correct: 1 })], locked), 11_000)).toBe('result');
    expect(stagePhase(run([result({ state: 'CANCELED' })], locked), 11_000)).toBe('cancelled');
  });

  it('keeps the question when only its lock or reveal is still due', () => {
    const reveal = { interaction: 'q1', correct: 1, counts: [0, 1] };
    const state = run([
      now(10_000, [due('open', 9500)]),
      result({ state: 'LOCKED' }),
      now(12_000, [
        due('lock', 11_000, { data: { interaction: 'q1' } }),
        due('reveal', 11_900, { data: reveal }),
      ]),
      now(60_000, []),
    ]);
    expect(state.current?.question).toEqual(DATA);
    expect(state.result?.state).toBe('LOCKED');
  });

  it('goes to the newest question and forgets the counts of the one before', () => {
    const first = run([now(10_000, [due('open', 9500)]), result({ counts: [4, 4] })]);
    const second = { ...DATA, interaction: 'q2' };
    const state = run([now(11_000, [due('open', 10_900, { data: second }), due('open', 9500)])], first);
    expect(state.current?.interaction).toBe('q2');
    expect(state.result).toBeNull();
    expect(run([result({ state: 'RESOLVED' })], state).result).toBeNull();
  });

  it('is not turned back by an answer out of a cache', () => {
    const second = { ...DATA, interaction: 'q2' };
    const state = run([
      now(11_000, [due('open', 10_900, { data: second })]),
      now(10_500, [due('open', 9500)]),
    ]);
    expect(state.current?.interaction).toBe('q2');
  });

  it('asks for a question that it knows only by its reveal', () => {
    const state = run([now(10_000, [due('reveal', 9500, { data: { interaction: 'q1', counts: [1, 1] } })])]);
    expect(state.current).toMatchObject({ interaction: 'q1', question: null });
    expect(stagePhase(state, 10_000)).toBe('waiting');
    const known = run([{ kind: 'question', question: DATA }, result({ state: 'RESOLVED' })], state);
    expect(stagePhase(known, 10_000)).toBe('result');
    expect(run([{ kind: 'question', question: { ...DATA, interaction: 'x' } }], state)).toBe(state);
  });
});

describe('a stage that is loaded again', () => {
  const remembered: StageEvent = { kind: 'remembered', remembered: { interaction: 'q1', since: 9500 } };

  it('goes on with what it showed, until something newer is due', () => {
    const again = run([remembered, { kind: 'question', question: DATA }, result({ state: 'LOCKED' })]);
    expect(stagePhase(again, 20_000)).toBe('locked');
    expect(
      run([now(20_000, [due('open', 8000, { data: { ...DATA, interaction: 'q0' } })])], again),
    ).toMatchObject({
      current: { interaction: 'q1' },
    });
  });

  it('takes the window from its cue where that is still due', () => {
    const again = run([remembered, now(10_000, [due('open', 9500, { durationMs: 5000 })])]);
    expect(again.current).toMatchObject({ question: DATA, closesAt: 14_500 });
  });

  it('never puts memory before what is due', () => {
    const state = run([
      now(10_000, [due('open', 9000, { data: { ...DATA, interaction: 'q2' } })]),
      remembered,
    ]);
    expect(state.current?.interaction).toBe('q2');
  });
});

describe('the clock', () => {
  it('takes the answer that was least old, and begins anew after a step', () => {
    const offsets = [
      now(10_000, [], 1000),
      now(10_900, [], 2500),
      now(13_400, [], 4000),
      now(5000, [], 5000),
    ].reduce<[StageState, number[]]>(
      ([state, seen], event) => {
        const next = nextStage(state, event);
        return [next, [...seen, next.offsetMs!]];
      },
      [FIRST_STAGE, []],
    )[1];
    expect(offsets).toEqual([9000, 9000, 9400, 0]);
  });
});

describe('readNow', () => {
  it.each([[null], [{}], [{ at: 'x', cues: [] }], [{ at: 1, cues: {} }], [{ at: 1, cues: [1] }]])(
    'refuses %j',
    (value) => {
      expect(readNow(value)).toBeNull();
    },
  );

  it('passes over cues about something else', () => {
    const cues = [due('open', 1, { type: 'product.card' }), due('open', 1, { data: {} }), due('open', 2)];
    expect(readNow({ at: 1, cues })?.cues).toHaveLength(1);
  });
});
