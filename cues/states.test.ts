import { describe, expect, it } from 'vitest';
import { CUE_STATES, CUE_TRANSITIONS, type CueState, canBecome, isFinal, isPending } from './states.ts';

describe('the cue state table', () => {
  const reach = (from: CueState): Set<CueState> => {
    const seen = new Set<CueState>([from]);
    for (const state of seen) for (const next of CUE_TRANSITIONS[state]) seen.add(next);
    return seen;
  };

  it('reaches every state from accepted', () => {
    expect([...reach('accepted')].sort()).toEqual([...CUE_STATES].sort());
  });

  it('can always come to an end', () => {
    for (const state of CUE_STATES) expect([...reach(state)].some(isFinal)).toBe(true);
  });

  it('never takes back what viewers have seen', () => {
    expect([...reach('landed')].sort()).toEqual(['ended', 'landed']);
    expect(canBecome('landed', 'cancelled')).toBe(false);
    expect(canBecome('cancelled', 'landed')).toBe(false);
  });

  it('says which the injector holds', () => {
    expect(CUE_STATES.filter(isPending)).toEqual(['accepted', 'taken', 'announced']);
  });
});
