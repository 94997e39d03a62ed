import { describe, expect, it } from 'vitest';
import type { Cue } from '../shared/media-api.ts';
import { type MarkFacts, markRequestOf } from './mark-request.ts';

const paths = { cues: '/cues', cancelOf: (id: string) => `/cues/${id}/cancel` };
const open: Cue = {
  id: 'c1',
  type: 'interaction.open',
  state: 'landed',
  ref: null,
  reason: null,
  interaction: 'q1',
  question: null,
  durationMs: 10_000,
  markedAt: 1,
  askedPts: null,
  landing: { pts: 1, frame: 1, fireAtMs: 1, markToStampMs: 1, errorMs: 0, choice: null },
};
const facts = (over: Partial<MarkFacts> = {}): MarkFacts => ({
  action: 'open',
  interaction: { id: 'q1', question: 'Which?', options: ['a', 'b'], correct: 1, durationMs: 10_000 },
  round: { open, lock: null, reveal: null, cancel: null },
  mediaTime: 4800,
  result: null,
  ...over,
});

describe('markRequestOf', () => {
  it('opens with what viewers may see, and nothing else', () => {
    expect(markRequestOf(facts(), paths)).toEqual({
      path: '/cues',
      body: {
        type: 'interaction.open',
        data: { interaction: 'q1', question: 'Which?', options: ['a', 'b'] },
        durationMs: 10_000,
        mediaTime: 4800,
      },
    });
  });

  it('leaves the moment to the server while no PTS is known', () => {
    expect(markRequestOf(facts({ mediaTime: null }), paths).body).not.toHaveProperty('mediaTime');
  });

  it('refers a lock to its opening', () => {
    expect(markRequestOf(facts({ action: 'lock' }), paths).body).toMatchObject({
      type: 'interaction.lock',
      ref: 'c1',
      mediaTime: 4800,
    });
  });

  it('reveals what was counted', () => {
    const result = { id: 'q1', state: 'LOCKED', total: 3, counts: [1, 2], correct: null } as const;
    expect(markRequestOf(facts({ action: 'reveal', result }), paths).body).toMatchObject({
      ref: 'c1',
      data: { interaction: 'q1', correct: 1, counts: [1, 2] },
    });
  });

  it('takes a cue back that is on no frame yet, and tells everybody of one that is', () => {
    const pending = { ...open, state: 'announced', landing: null } as const;
    const round = { open: pending, lock: null, reveal: null, cancel: null };
    expect(markRequestOf(facts({ action: 'cancel', round }), paths)).toEqual({
      path: '/cues/c1/cancel',
      body: {},
    });
    expect(markRequestOf(facts({ action: 'cancel' }), paths)).toMatchObject({
      path: '/cues',
      body: { type: 'interaction.cancel', ref: 'c1' },
    });
  });
});
