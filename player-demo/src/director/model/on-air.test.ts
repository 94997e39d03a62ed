import { describe, expect, it } from 'vitest';
import { lastLanded, onAir } from './on-air.ts';
import { cue, landing } from './testing.ts';

const open = cue('o', 'landed', { landing: landing(), durationMs: 10_000, by: 'a script' });
const follow = (type: string, more = {}) =>
  cue(`f-${type}`, 'landed', { type: `interaction.${type}`, ref: 'o', landing: landing(), ...more });

describe('rounds on air', () => {
  it('adopts whatever is open, whoever opened it', () => {
    expect(onAir([open], 2_000)).toMatchObject([
      { phase: 'open', closesAt: 11_500, cue: { by: 'a script' } },
    ]);
  });

  it('closes by itself, and then waits for its reveal', () => {
    expect(onAir([open], 11_499)[0]?.phase).toBe('open');
    expect(onAir([open], 11_500)[0]?.phase).toBe('locked');
    expect(onAir([open], 11_500 + 600_000)).toEqual([]);
  });

  it('is locked by a lock that has landed', () => {
    const marked = follow('lock', { state: 'accepted', landing: null });
    expect(onAir([marked, open], 2_000)[0]).toMatchObject({ phase: 'open', lock: { id: 'f-lock' } });
    expect(onAir([follow('lock'), open], 2_000)[0]?.phase).toBe('locked');
  });

  it.each(['reveal', 'cancel'])('is over with a %s', (type) => {
    expect(onAir([follow(type), open], 2_000)).toEqual([]);
  });

  it('leaves out what is armed, voided, cancelled or missed', () => {
    const voided = { ...open, voided: { at: 1, by: null, told: false } };
    for (const gone of [voided, cue('o', 'armed'), cue('o', 'cancelled'), cue('o', 'missed')]) {
      expect(onAir([gone], 2_000)).toEqual([]);
    }
  });

  it('counts a common moment from when all have opened', () => {
    expect(onAir([{ ...open, alignAt: 4_000 }], 2_000)[0]?.closesAt).toBe(14_000);
  });
});

describe('the last landing', () => {
  it('is the one whose picture passed last, not the one marked last', () => {
    const late = cue('late', 'landed', { markedAt: 1, landing: { ...landing(), fireAtMs: 9_000 } });
    expect(lastLanded([open, late])?.id).toBe('late');
    expect(lastLanded([cue('c', 'accepted')])).toBeNull();
  });
});
