import { describe, expect, it } from 'vitest';
import type { ApiFailure } from '../shared/http.ts';
import type { Cue } from '../shared/media-api.ts';
import {
  FIRST_MARKS,
  type Mark,
  type Marks,
  type MarksEvent,
  newsBetween,
  nextMarks,
  openPress,
  rowsOf,
} from './marks.ts';

const cueOf = (over: Partial<Cue> = {}): Cue => ({
  id: 'c1',
  type: 'interaction.open',
  state: 'accepted',
  ref: null,
  reason: null,
  interaction: 'q1',
  question: null,
  durationMs: 10_000,
  markedAt: 1000,
  askedPts: null,
  landing: null,
  ...over,
});
const LANDING = { pts: 1, frame: 1, fireAtMs: 1, markToStampMs: 1, errorMs: 0, choice: null };
const landed = cueOf({ state: 'landed', landing: LANDING });

const mark = (key: string, pressedAt = 1000): Omit<Mark, 'outcome'> => ({
  key,
  action: 'open',
  interaction: 'q1',
  pressedAt,
  mediaTime: 500,
  request: { path: '/x', body: { a: 1 } },
});
const lost: ApiFailure = { kind: 'timeout', afterMs: 5000 };
const refused: ApiFailure = {
  kind: 'refused',
  status: 404,
  code: 'ERR_STREAM_NOT_LIVE',
  message: '',
  retryable: true,
};
const run = (events: readonly MarksEvent[], from: Marks = FIRST_MARKS): Marks =>
  events.reduce(nextMarks, from);

describe('nextMarks', () => {
  it('keeps a press apart until the server has it, then shows its cue alone', () => {
    const sent = run([{ kind: 'pressed', mark: mark('k1') }]);
    expect(rowsOf(sent)).toMatchObject([{ kind: 'mark', mark: { outcome: { kind: 'sending' } } }]);
    const taken = run([{ kind: 'taken', key: 'k1', cue: cueOf() }], sent);
    expect(rowsOf(taken)).toMatchObject([{ kind: 'cue', cue: { id: 'c1' }, mark: { key: 'k1' } }]);
  });

  it('tells a refusal from a press of which nothing was heard', () => {
    const state = run([
      { kind: 'pressed', mark: mark('k1', 1) },
      { kind: 'pressed', mark: mark('k2', 2) },
      { kind: 'failed', key: 'k1', failure: refused },
      { kind: 'failed', key: 'k2', failure: lost },
    ]);
    expect(rowsOf(state).map((row) => row.kind === 'mark' && row.mark.outcome.kind)).toEqual([
      'unknown',
      'refused',
    ]);
  });

  it('sends again with the same key and the same request', () => {
    const state = run([
      { kind: 'pressed', mark: mark('k1') },
      { kind: 'failed', key: 'k1', failure: lost },
      { kind: 'again', key: 'k1' },
    ]);
    expect(state.marks).toEqual([{ ...mark('k1'), outcome: { kind: 'sending' } }]);
  });

  it('finds the cue of a press whose answer alone was lost, and not that of another press', () => {
    const unheard = run([
      { kind: 'pressed', mark: mark('k1') },
      { kind: 'failed', key: 'k1', failure: lost },
    ]);
    const other = run(
      [{ kind: 'cues', cues: [cueOf({ askedPts: 499 }), cueOf({ id: 'c2', interaction: 'q2' })] }],
      unheard,
    );
    expect(openPress(other.marks, 'q1', 'open')).toBe('unknown');
    const found = run([{ kind: 'cues', cues: [cueOf({ askedPts: 500 })] }], unheard);
    expect(openPress(found.marks, 'q1', 'open')).toBeNull();
    expect(rowsOf(found)).toMatchObject([{ kind: 'cue', cue: { id: 'c1' }, mark: { key: 'k1' } }]);
    // The list may be faster than the failure.
    const early = run([
      { kind: 'pressed', mark: mark('k1') },
      { kind: 'cues', cues: [cueOf({ askedPts: 500 })] },
      { kind: 'failed', key: 'k1', failure: lost },
    ]);
    expect(early.marks[0]?.outcome).toEqual({ kind: 'taken', cueId: 'c1' });
  });

  it('is not turned back by an answer that was slow on its way', () => {
    const state = run([
      { kind: 'cues', cues: [landed] },
      { kind: 'taken', key: 'k1', cue: cueOf() },
    ]);
    expect(state.cues[0]?.state).toBe('landed');
    expect(
      run([{ kind: 'cues', cues: [cueOf({ state: 'ended', landing: LANDING })] }], state).cues[0]?.state,
    ).toBe('ended');
  });

  it('follows a cue that a new epoch announces again', () => {
    const state = run([
      { kind: 'cues', cues: [cueOf({ state: 'announced' })] },
      { kind: 'cues', cues: [cueOf()] },
    ]);
    expect(state.cues[0]?.state).toBe('accepted');
  });

  it('keeps a bounded number, newest first', () => {
    const cues = Array.from({ length: 80 }, (_, n) => cueOf({ id: `c${n}`, markedAt: n }));
    const state = run([{ kind: 'cues', cues }]);
    expect(state.cues).toHaveLength(50);
    expect(state.cues[0]?.id).toBe('c79');
  });
});

describe('openPress', () => {
  it('holds until the press has a cue or a refusal', () => {
    const sent = run([{ kind: 'pressed', mark: mark('k1') }]);
    expect(openPress(sent.marks, 'q1', 'open')).toBe('sending');
    expect(openPress(sent.marks, 'q1', 'lock')).toBeNull();
    expect(openPress(sent.marks, 'q2', 'open')).toBeNull();
    const lostOne = run([{ kind: 'failed', key: 'k1', failure: lost }], sent);
    expect(openPress(lostOne.marks, 'q1', 'open')).toBe('unknown');
    for (const event of [
      { kind: 'taken', key: 'k1', cue: cueOf() },
      { kind: 'failed', key: 'k1', failure: refused },
    ] as const) {
      expect(openPress(run([event], lostOne).marks, 'q1', 'open')).toBeNull();
    }
  });
});

describe('newsBetween', () => {
  it('tells of a cue that landed before anything else was heard of it', () => {
    expect(newsBetween([], [landed])).toEqual([{ kind: 'landed', cue: landed }]);
  });

  it('tells once that a cue landed', () => {
    expect(newsBetween([cueOf()], [landed])).toEqual([{ kind: 'landed', cue: landed }]);
    expect(newsBetween([landed], [landed])).toEqual([]);
    const ended = cueOf({ state: 'ended', landing: LANDING });
    expect(newsBetween([landed], [ended])).toEqual([]);
    expect(newsBetween([cueOf()], [ended])).toMatchObject([{ kind: 'landed' }]);
  });

  it('tells of what was missed or is uncertain, and is silent about history', () => {
    const missed = cueOf({ state: 'missed' });
    expect(newsBetween([cueOf()], [missed])).toMatchObject([{ kind: 'missed' }]);
    expect(newsBetween(null, [missed, landed])).toEqual([]);
    expect(newsBetween([cueOf()], [cueOf({ state: 'uncertain' })])).toMatchObject([{ kind: 'uncertain' }]);
  });
});
