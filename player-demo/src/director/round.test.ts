import { describe, expect, it } from 'vitest';
import { CUE_STATES as SERVER_STATES } from '../../../cues/states.ts';
import { CUE_STATES, type Cue, readCue } from '../shared/media-api.ts';
import { type ActionFacts, phaseOf, roundOf, whyNot } from './round.ts';

const cueOf = (over: Partial<Cue> = {}): Cue => ({
  id: 'c1',
  type: 'interaction.open',
  state: 'landed',
  ref: null,
  reason: null,
  interaction: 'q1',
  question: null,
  durationMs: 10_000,
  markedAt: 1000,
  askedPts: null,
  landing: { pts: 5000, frame: 125, fireAtMs: 100_000, markToStampMs: 12, errorMs: 0, choice: 'scheduled' },
  ...over,
});

const open = cueOf();
const lock = cueOf({ id: 'c2', type: 'interaction.lock', ref: 'c1', interaction: null, durationMs: null });
const reveal = cueOf({ id: 'c3', type: 'interaction.reveal', ref: 'c1', durationMs: null });

describe('roundOf', () => {
  it('finds the cues of one question, by data or by ref', () => {
    const other = cueOf({ id: 'x', interaction: 'q2' });
    const round = roundOf('q1', [reveal, other, lock, open]);
    expect([round.open?.id, round.lock?.id, round.reveal?.id, round.cancel]).toEqual([
      'c1',
      'c2',
      'c3',
      null,
    ]);
  });

  it('takes no account of what was cancelled before its frame or missed', () => {
    expect(roundOf('q1', [cueOf({ state: 'cancelled', landing: null })]).open).toBeNull();
    expect(roundOf('q1', [cueOf({ id: 'c9', state: 'missed', landing: null }), open]).open?.id).toBe('c1');
  });

  it('is empty without a question', () => {
    expect(roundOf(null, [cueOf({ interaction: null })]).open).toBeNull();
  });
});

describe('phaseOf', () => {
  const at = (cues: readonly Cue[], state: Parameters<typeof phaseOf>[0]['state'] = null, now = 100_500) =>
    phaseOf({ round: roundOf('q1', cues), state, now });

  it.each([
    ['ready', []],
    ['opening', [cueOf({ state: 'announced', landing: null })]],
    ['open', [open]],
    ['locked', [lock, open]],
    ['revealed', [reveal, lock, open]],
    ['cancelled', [cueOf({ id: 'c4', type: 'interaction.cancel', ref: 'c1' }), open]],
  ] as const)('is %s', (phase, cues) => expect(at(cues)).toBe(phase));

  it('locks by itself when the window is over', () => {
    expect(at([open], 'ACTIVE', 109_999)).toBe('open');
    expect(at([open], 'ACTIVE', 110_000)).toBe('locked');
  });

  it('believes the events service where no cue is known', () => {
    expect(at([], 'ACTIVE')).toBe('open');
    expect(at([], 'RESOLVED')).toBe('revealed');
    expect(at([open], 'CANCELED')).toBe('cancelled');
  });
});

describe('whyNot', () => {
  const allowed = (facts: Omit<ActionFacts, 'press'>) =>
    (['open', 'lock', 'reveal', 'cancel'] as const).filter(
      (action) => whyNot(action, { ...facts, press: null }) === null,
    );

  it.each([
    ['none', []],
    ['ready', ['open']],
    ['opening', ['lock', 'cancel']],
    ['open', ['lock', 'cancel']],
    ['locked', ['reveal', 'cancel']],
    ['revealed', []],
    ['cancelled', []],
  ] as const)('in phase %s only %j', (phase, actions) => {
    expect(allowed({ phase, hasOpenCue: true })).toEqual(actions);
  });

  it('cannot lock or cancel what it has no opening cue of', () => {
    expect(allowed({ phase: 'open', hasOpenCue: false })).toEqual([]);
    expect(allowed({ phase: 'locked', hasOpenCue: false })).toEqual(['reveal']);
  });

  it.each(['sending', 'unknown'] as const)('waits for a press that is %s', (press) => {
    expect(whyNot('open', { phase: 'ready', hasOpenCue: false, press })).not.toBeNull();
  });
});

describe('readCue', () => {
  it('knows every state that the server has', () => {
    expect([...CUE_STATES].sort()).toEqual([...SERVER_STATES].sort());
  });

  it('reads the resource of the API', () => {
    const cue = readCue({
      id: 'c1',
      rev: 0,
      type: 'interaction.open',
      state: 'landed',
      data: { interaction: 'q1', question: 'Which?', options: ['a', 'b'] },
      markedAt: 1_700_000_000_000,
      durationMs: 10_000,
      fire: { kind: 'mediaTime', pts: 4800 },
      landing: {
        epoch: 'e',
        pts: 5000,
        frame: 125,
        stampedAtUs: 1,
        fireAtUs: 1_700_000_000_123_000,
        markToStampMs: 3.2,
        errorMs: 200,
        choice: 'next-in-presentation',
        outputs: {},
      },
    });
    expect(cue).toMatchObject({
      askedPts: 4800,
      question: { options: ['a', 'b'] },
      landing: { fireAtMs: 1_700_000_000_123, errorMs: 200 },
    });
  });

  it.each([[null], [{ id: 'c1' }], [{ id: 'c1', type: 't', state: 'new', markedAt: 1 }]])(
    'refuses %j',
    (value) => {
      expect(readCue(value)).toBeNull();
    },
  );
});
