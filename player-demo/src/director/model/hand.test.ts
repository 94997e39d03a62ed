import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { prizeGuard } from './guard.ts';
import { holdNote, noHoldWords, sendingWords } from './hand.ts';
import { item, rundown, showWith } from './testing.ts';

describe('the card of the item at hand', () => {
  it('does not call a disarm a take', () => {
    expect(sendingWords({ kind: 'take' })).toContain('Take sent');
    for (const kind of ['arm', 'disarm', 'skip', 'reset'] as const) {
      expect(sendingWords({ kind })).not.toMatch(/sent/i);
    }
    expect(sendingWords({ kind: 'disarm' })).toContain('nothing was taken');
  });

  it('says that Space takes the own hold of an armed prize while nobody has reported a delay', () => {
    const grand = item('g', { prize: true, state: 'armed', alignInMs: 3_000 });
    const state = showWith({ rundown: rundown([grand]), guard: prizeGuard('g', 0) });
    const facts = { self: 'me', now: 10, meant: 4_200, onAir: [], hold99Ms: null };
    expect(decide('take-held', state, facts)).toEqual({ kind: 'refuse', text: noHoldWords(grand) });
    expect(noHoldWords(grand)).toMatch(/Space takes it with its own hold of 3/);
    expect(noHoldWords(item('a'))).not.toContain('Space');
    expect(decide('take', state, facts)).toMatchObject({ wanted: { body: { mediaTime: 4_200 } } });
    expect(holdNote(null, grand)).toContain('Space');
    expect(holdNote(2_400, grand)).toContain('99 %');
  });
});
