import { describe, expect, it } from 'vitest';
import type { CueOutcome, FiredCue, FramecueClientError, Receipt } from '../../../client/src/index.ts';
import {
  canAnswer,
  FIRST_VIEWER,
  nextViewer,
  unknownReveal,
  type ViewerEvent,
  type ViewerState,
} from './state.ts';

const QUESTION = { interaction: 'q1', question: 'Which?', options: ['a', 'b', 'c'] };

function cue(over: Partial<FiredCue> = {}): FiredCue {
  return {
    id: 'open-1',
    rev: 0,
    type: 'interaction.open',
    ref: null,
    show: null,
    audience: null,
    rehearsal: false,
    data: QUESTION,
    durationMs: 10_000,
    remainingMs: 10_000,
    presentedAt: 1000,
    closesAt: 11_000,
    alignAt: null,
    alignErrorMs: null,
    firePts: 5000,
    shownPts: 5000,
    playerFirePts: 400,
    playerShownPts: 400,
    frames: 0,
    lateMs: 0,
    outcome: 'fired',
    reason: null,
    path: 'flv',
    carrier: 'sei',
    accuracyMs: 1,
    trigger: 'frame',
    epoch: 'e',
    fireAtUs: 1,
    stamp: null,
    ...over,
  };
}

const REVEAL = cue({
  id: 'reveal-1',
  type: 'interaction.reveal',
  ref: 'open-1',
  data: { interaction: 'q1', correct: 1, counts: [1, 5, 2] },
});
const receipt = (choice: number, repeated = false): Receipt => ({
  id: 'r',
  interaction: 'q1',
  choice,
  status: 'accepted',
  acceptedAt: 1,
  repeated,
});
const error: FramecueClientError = { code: 'ERR_OVERLOADED', message: 'full', retryable: true, status: 503 };

const run = (events: readonly ViewerEvent[], from: ViewerState = FIRST_VIEWER): ViewerState =>
  events.reduce(nextViewer, from);
const opened = (over?: Partial<FiredCue>): ViewerEvent => ({ kind: 'cue', cue: cue(over), at: 1 });
const answer = (choice: number): ViewerEvent => ({ kind: 'answer', cueId: 'open-1', choice, actedAt: 2000 });

describe('nextViewer', () => {
  it('goes from open over an answer to the reveal', () => {
    const sending = run([opened(), answer(1)]);
    expect(sending.round?.answer).toEqual({ kind: 'sending', choice: 1, actedAt: 2000 });
    const revealed = run(
      [
        { kind: 'receipt', cueId: 'open-1', receipt: receipt(1) },
        { kind: 'close', cue: cue(), why: 'revealed' },
        { kind: 'cue', cue: REVEAL, at: 2 },
      ],
      sending,
    );
    expect(revealed.round).toMatchObject({
      phase: { kind: 'revealed', correct: 1, counts: [1, 5, 2] },
      answer: { kind: 'received', choice: 1 },
    });
    expect(revealed.log.map((entry) => entry.key)).toEqual(['reveal-1.0', 'open-1.0']);
  });

  it('keeps the numbers of a reveal that comes before its close', () => {
    const state = run([
      opened(),
      { kind: 'cue', cue: REVEAL, at: 2 },
      { kind: 'close', cue: cue(), why: 'revealed' },
    ]);
    expect(state.round?.phase).toEqual({ kind: 'revealed', correct: 1, counts: [1, 5, 2] });
  });

  it('takes no second answer while the first is under way or counts', () => {
    const sending = run([opened(), answer(1), answer(2)]);
    expect(sending.round?.answer).toMatchObject({ choice: 1 });
    const received = run([{ kind: 'receipt', cueId: 'open-1', receipt: receipt(1) }, answer(2)], sending);
    expect(received.round?.answer).toMatchObject({ kind: 'received', choice: 1 });
  });

  it('shows the choice that counts where this one was a repeat', () => {
    const state = run([opened(), answer(2), { kind: 'receipt', cueId: 'open-1', receipt: receipt(0, true) }]);
    expect(state.round?.answer).toMatchObject({ kind: 'received', choice: 0, receipt: { repeated: true } });
  });

  it('lets a refused answer be given again while the question is open', () => {
    const refused = run([opened(), answer(1), { kind: 'refused', cueId: 'open-1', error }]);
    expect(refused.round && canAnswer(refused.round)).toBe(true);
    const closed = run([{ kind: 'close', cue: cue(), why: 'ended' }], refused);
    expect(closed.round && canAnswer(closed.round)).toBe(false);
    expect(closed.round?.answer.kind).toBe('refused');
  });

  it('is over for whom the server has locked it', () => {
    const locked = { ...error, code: 'ERR_INTERACTION_LOCKED', retryable: false };
    const state = run([opened(), answer(1), { kind: 'refused', cueId: 'open-1', error: locked }]);
    expect(state.round && canAnswer(state.round)).toBe(false);
    expect(run([answer(2)], state).round?.answer).toMatchObject({ kind: 'refused', choice: 1 });
  });

  it('keeps a receipt that comes after the close', () => {
    const state = run([
      opened(),
      answer(1),
      { kind: 'close', cue: cue(), why: 'ended' },
      { kind: 'receipt', cueId: 'open-1', receipt: receipt(1) },
    ]);
    expect(state.round).toMatchObject({ phase: { kind: 'closed' }, answer: { kind: 'received' } });
  });

  it('passes over what belongs to another question', () => {
    const state = run([opened()]);
    const other = cue({ id: 'lock-9', type: 'interaction.lock', ref: 'open-9', data: {} });
    const after = run(
      [
        { kind: 'cue', cue: other, at: 2 },
        { kind: 'close', cue: cue({ id: 'open-9' }), why: 'ended' },
        { kind: 'receipt', cueId: 'open-9', receipt: receipt(1) },
      ],
      state,
    );
    expect(after.round).toBe(state.round);
  });

  it('shows a cancelled question as cancelled, by its cue or by its close', () => {
    const byCue = cue({ id: 'c', type: 'interaction.cancel', ref: 'open-1', data: {} });
    expect(run([opened(), { kind: 'cue', cue: byCue, at: 2 }]).round?.phase.kind).toBe('cancelled');
    expect(run([opened(), { kind: 'close', cue: cue(), why: 'canceled' }]).round?.phase.kind).toBe(
      'cancelled',
    );
  });

  it('keeps the screen as it is when a question cannot be read', () => {
    const state = run([opened()]);
    const broken = run([opened({ id: 'open-2', data: { interaction: 'q2', options: ['a'] } })], state);
    expect(broken.round).toBe(state.round);
    expect(broken.log).toHaveLength(2);
  });

  it('logs a bounded number, newest first, each cue once', () => {
    const events = Array.from({ length: 30 }, (_, n) => opened({ id: `o${n % 20}`, rev: 0 }));
    const { log } = run(events);
    expect(log).toHaveLength(12);
    expect(log[0]?.key).toBe('o9.0');
    expect(new Set(log.map((entry) => entry.key)).size).toBe(12);
  });

  it('logs what never opened, and not again what fired', () => {
    const outcome: CueOutcome = {
      cue: 'open-1',
      rev: 0,
      type: 'interaction.open',
      path: 'flv',
      carrier: 'sei',
      accuracyMs: 1,
      outcome: 'missed',
      reason: 'over',
      lateMs: null,
      frames: null,
      shownPts: null,
      aligned: false,
      alignErrorMs: null,
    };
    const state = run([
      { kind: 'outcome', outcome, at: 1 },
      { kind: 'outcome', outcome: { ...outcome, outcome: 'fired' }, at: 2 },
    ]);
    expect(state.log.map((entry) => entry.kind)).toEqual(['never']);
  });
});

describe('a reveal without its opening', () => {
  it('names the interaction that has to be looked up', () => {
    expect(unknownReveal(FIRST_VIEWER, REVEAL)).toBe('q1');
    expect(unknownReveal(run([opened()]), REVEAL)).toBeNull();
    expect(unknownReveal(FIRST_VIEWER, cue())).toBeNull();
  });

  it('is shown, but never over a question that is open', () => {
    const recovered: ViewerEvent = { kind: 'recovered', question: QUESTION, correct: 1, counts: [1, 5, 2] };
    expect(run([recovered]).round).toMatchObject({ cue: null, phase: { kind: 'revealed', correct: 1 } });
    const open = run([opened({ data: { ...QUESTION, interaction: 'q2' } })]);
    expect(nextViewer(open, recovered)).toBe(open);
    const same = run([opened()]);
    expect(nextViewer(same, recovered)).toBe(same);
  });
});
