import { describe, expect, it } from 'vitest';
import type { FiredCue, OwnEntry, Receipt } from '../../../client/src/index.ts';
import {
  canEnter,
  type LotteryEvent,
  type LotteryRound,
  nextLottery,
  readLottery,
  wonIn,
} from './lottery-state.ts';
import { FIRST_VIEWER, nextViewer, unknownReveal } from './state.ts';

const LOTTERY = {
  ...{ interaction: 'final', title: 'Final', consolation: null },
  prizes: [{ title: 'A car', pieces: 1 }],
};
const cue = (over: Partial<FiredCue> = {}): FiredCue =>
  ({
    ...{ id: 'open', rev: 0, type: 'interaction.open', ref: null, data: { interaction: 'final' } },
    ...{ rehearsal: false, closesAt: null, durationMs: null },
    ...over,
  }) as FiredCue;
const OPENED: LotteryEvent = { kind: 'opened', cue: cue(), lottery: LOTTERY };
const LOCK: LotteryEvent = { kind: 'cue', cue: cue({ id: 'l', type: 'interaction.lock', ref: 'open' }) };
const REVEAL: LotteryEvent = { kind: 'cue', cue: cue({ id: 'r', type: 'interaction.reveal', ref: 'open' }) };
const RECEIPT = {
  id: 'r1',
  interaction: 'final',
  status: 'accepted',
  acceptedAt: 1,
  repeated: false,
} as Receipt;
const ENTERED: LotteryEvent = { kind: 'entered', cueId: 'open', receipt: RECEIPT };
const mine = (over: Partial<OwnEntry> = {}): LotteryEvent => ({
  kind: 'own',
  mine: {
    ...{ interaction: 'final', state: 'drawn', prize: null },
    entry: { receipt: 'r1', status: 'accepted' },
    place: { number: 2, count: 3, root: 'ab', tier: 'high', leaf: 'leaf-2' },
    ...over,
  },
});
const result = (leaf: string, root = 'ab'): LotteryEvent => ({
  kind: 'result',
  result: { interaction: 'final', root, total: 3, winners: [{ leaf, prize: 'car', title: 'A car' }] },
});
const error = { code: 'ERR_CLIENT_NETWORK', message: 'm', retryable: true, status: null };
const run = (...events: LotteryEvent[]): LotteryRound =>
  events.reduce(nextLottery, null as LotteryRound | null)!;

describe('a lottery on the page', () => {
  it('goes from entering to what was won, by the own leaf', () => {
    const entered = run(OPENED, { kind: 'entering', cueId: 'open' }, ENTERED);
    expect([entered.entering.kind, canEnter(entered)]).toEqual(['in', false]);
    const checked = run(OPENED, ENTERED, LOCK, mine());
    expect([checked.phase.kind, checked.own.kind, wonIn(checked)]).toEqual(['closed', 'checked', undefined]);
    expect(wonIn(run(OPENED, ENTERED, LOCK, mine(), REVEAL, result('leaf-2')))).toBe('A car');
    expect(wonIn(run(OPENED, ENTERED, LOCK, mine(), REVEAL, result('leaf-1')))).toBeNull();
  });

  it('shows no result before the reveal, whatever it is told', () => {
    const early = run(OPENED, ENTERED, LOCK, mine(), result('leaf-2'));
    expect([early.result.kind, wonIn(early)]).toEqual(['none', undefined]);
    const prize = { prize: 'car', title: 'A car', right: 'granted' as const, grant: null };
    expect(run(OPENED, ENTERED, LOCK, mine({ prize })).prize).toBeNull();
  });

  it('a result of another list says nothing of this viewer; the server does, later', () => {
    const other = run(OPENED, ENTERED, LOCK, mine(), REVEAL, result('leaf-2', 'cd'));
    expect(wonIn(other)).toBeUndefined();
  });

  it('without the sealed result, what the server says counts', () => {
    const prize = { prize: 'car', title: 'A car', right: 'earned' as const, grant: null };
    const failed: LotteryEvent = { kind: 'result-failed', interaction: 'final', error };
    expect(wonIn(run(OPENED, ENTERED, LOCK, mine(), REVEAL, failed, mine({ prize })))).toBe('A car');
  });

  it('who did not enter is on no list', () => {
    const out = run(OPENED, LOCK, mine({ entry: null, place: null }), REVEAL, result('leaf-2'));
    expect([out.own.kind, wonIn(out)]).toEqual(['not-on-it', null]);
  });

  it('a place that was checked outlives a lost connection, and not a wrong proof', () => {
    const lost: LotteryEvent = { kind: 'own-failed', interaction: 'final', error };
    const wrong = { ...lost, error: { ...error, code: 'ERR_CLIENT_PROOF', retryable: false } };
    expect(run(OPENED, ENTERED, LOCK, mine(), lost).own.kind).toBe('checked');
    expect(run(OPENED, ENTERED, LOCK, mine(), wrong).own.kind).toBe('failed');
  });

  it('is cancelled by its cue, or where the server says so', () => {
    const cancel: LotteryEvent = { kind: 'closed', cueId: 'open', why: 'canceled' };
    expect(run(OPENED, ENTERED, cancel).phase.kind).toBe('cancelled');
    expect(run(OPENED, ENTERED, LOCK, mine({ state: 'void', place: null })).phase.kind).toBe('cancelled');
  });

  it('a refusal that can be mended leaves the button; another cue changes nothing', () => {
    const refused: LotteryEvent = { kind: 'refused', cueId: 'open', error };
    expect(canEnter(run(OPENED, refused))).toBe(true);
    expect(canEnter(run(OPENED, { ...refused, error: { ...error, retryable: false } }))).toBe(false);
    const before = run(OPENED);
    const other = cue({ id: 'x', type: 'interaction.lock', ref: 'other', data: { interaction: 'other' } });
    expect(nextLottery(before, { kind: 'cue', cue: other })).toBe(before);
  });

  it.each([
    [{ interaction: 'q', question: 'Which?', options: ['a', 'b'] }],
    [{ interaction: 'q', title: 'On sale' }],
    [{ interaction: 'q', title: 'T', prizes: [{}] }],
    [null],
  ])('%j is no lottery', (data) => {
    expect(readLottery(data)).toBeNull();
  });
});

describe('beside questions', () => {
  it('whatever was opened last is on the page', () => {
    const question = { interaction: 'q1', question: 'Which?', options: ['a', 'b'] };
    const lottery = nextViewer(FIRST_VIEWER, { kind: 'lottery', event: OPENED });
    expect(lottery.lottery?.lottery.title).toBe('Final');
    const quiz = nextViewer(lottery, { kind: 'cue', cue: cue({ id: 'q', data: question }), at: 1 });
    expect([quiz.lottery, quiz.round?.question.interaction]).toEqual([null, 'q1']);
    const again = nextViewer(quiz, { kind: 'lottery', event: OPENED });
    expect([again.lottery?.cue?.id, again.round]).toEqual(['open', null]);
  });

  it('a reveal with a key is of a draw: no question is looked up for it', () => {
    const reveal = cue({
      type: 'interaction.reveal',
      ref: 'x',
      data: { interaction: 'final', resultKey: 'k' },
    });
    expect(unknownReveal(FIRST_VIEWER, reveal)).toBeNull();
  });
});
