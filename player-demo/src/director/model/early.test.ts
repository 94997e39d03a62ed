import { describe, expect, it } from 'vitest';
import type { ApiFailure } from '../../shared/http.ts';
import { type Decision, decide, type Facts, type Wanted } from './decide.ts';
import { askedOfRefusal, earlyWords, revealNotBefore } from './early.ts';
import { earlyGuard, voidGuard } from './guard.ts';
import { onAir } from './on-air.ts';
import { cue, item, landing, order, rundown, showWith } from './testing.ts';

const open = cue('c-open', 'landed', { landing: landing(), durationMs: 10_000 });
const lock = cue('c-lock', 'landed', {
  ...{ type: 'interaction.lock', ref: 'c-open', landing: { ...landing(), fireAtMs: 4_000 } },
});
const items = [
  item('q', { state: 'landed', cue: 'c-open' }),
  item('q-lock', { type: 'interaction.lock', ref: 'q' }),
  item('q-reveal', { type: 'interaction.reveal', ref: 'q' }),
  item('q-cancel', { type: 'interaction.cancel', ref: 'q' }),
];
const facts: Facts = { self: 'me', now: 5_000, meant: 4_200, onAir: onAir([open], 2_000), hold99Ms: null };
const locked: Facts = { ...facts, onAir: onAir([lock, open], 5_000) };
const wantedOf = (decision: Decision): Wanted => {
  if (decision.kind !== 'order') throw new Error(`${decision.kind} is no order`);
  return decision.wanted;
};
const withItem = (id: string, more: object) =>
  showWith({ rundown: rundown(items.map((known) => (known.id === id ? { ...known, ...more } : known))) });

describe('the lock and reveal of a round that the rundown opened', () => {
  it('take the item that is for it, with the picture that was meant', () => {
    const state = showWith({ rundown: rundown(items) });
    expect(wantedOf(decide('lock', state, facts))).toMatchObject({
      ...{ kind: 'take', target: 'q-lock', path: '/rundown/items/q-lock/take', body: { mediaTime: 4_200 } },
    });
    expect(wantedOf(decide('reveal', state, locked)).path).toBe('/rundown/items/q-reveal/take');
  });

  it('take one that was missed or skipped anew, and none that is under way or was cancelled', () => {
    for (const state of ['missed', 'skipped', 'armed'] as const) {
      expect(wantedOf(decide('lock', withItem('q-lock', { state }), facts)).target).toBe('q-lock');
    }
    for (const state of ['taken', 'announced', 'landed', 'ended', 'cancelled'] as const) {
      expect(decide('lock', withItem('q-lock', { state }), facts).kind).toBe('nothing');
    }
  });

  it('leave a round that somebody else opened to a mark of its own', () => {
    expect(decide('lock', withItem('q', { cue: 'another' }), facts).kind).toBe('nothing');
    expect(decide('lock', showWith(), facts).kind).toBe('nothing');
  });

  it('are refused on standby, out of order, and while the last press has no answer', () => {
    const control = { holder: { console: 'them', name: 'Ben', since: 1 }, standby: [] };
    const state = showWith({ rundown: rundown(items) });
    expect(decide('lock', { ...state, control }, facts).kind).toBe('refuse');
    expect(decide('reveal', state, facts)).toEqual({ kind: 'refuse', text: 'Lock it first.' });
    expect(decide('lock', { ...state, orders: [order({ target: 'q-lock' })] }, facts).kind).toBe('refuse');
  });

  it('do not go round the two steps of a prize', () => {
    expect(decide('reveal', withItem('q-reveal', { prize: true }), locked).kind).toBe('refuse');
  });

  it('void takes the item that cancels it, while that waits', () => {
    const state = showWith({ rundown: rundown(items), cues: [open], guard: voidGuard('c-open', 0) });
    expect(wantedOf(decide('confirm', state, facts)).path).toBe('/rundown/items/q-cancel/take');
    const over = { ...withItem('q-cancel', { state: 'missed' }), cues: [open], guard: state.guard };
    expect(wantedOf(decide('confirm', over, facts)).path).toBe('/cues/c-open/cancel');
  });
});

describe('what comes too early', () => {
  const wanted = wantedOf(decide('reveal', showWith({ rundown: rundown(items) }), locked));
  const refused = (more = {}): ApiFailure => ({
    ...{ kind: 'refused', status: 409, code: 'ERR_RUNDOWN_TOO_EARLY', message: 'No.', retryable: true },
    ...{ details: { item: 'q-reveal', notBefore: 19_000 }, ...more },
  });

  it('is asked once more where the server held it back, and sent all the same after a confirm', () => {
    const guard = askedOfRefusal(wanted, refused(), rundown(items), 5_000);
    expect(guard).toMatchObject({ kind: 'early', notBefore: 19_000, since: 5_000 });
    const state = showWith({ rundown: rundown(items), guard });
    expect(decide('reveal', state, locked).kind).toBe('nothing');
    expect(wantedOf(decide('confirm', state, { ...locked, meant: 6_000 }))).toMatchObject({
      ...{ kind: 'take', target: 'q-reveal', path: '/rundown/items/q-reveal/take?anyway=1' },
      ...{ mediaTime: 6_000, body: { mediaTime: 6_000 } },
    });
    expect(decide('leave', state, locked)).toEqual({ kind: 'guard', guard: null });
  });

  it('sends no picture that has passed', () => {
    const state = showWith({ guard: earlyGuard(wanted, null, 0) });
    expect(wantedOf(decide('confirm', state, { ...locked, meant: null })).body).toEqual({});
  });

  it('is not asked of other refusals, nor of a round that has to wait for another one', () => {
    expect(askedOfRefusal(wanted, refused({ code: 'ERR_CUE_STATE' }), rundown(items), 0)).toBeNull();
    expect(askedOfRefusal({ ...wanted, target: 'q' }, refused(), rundown(items), 0)).toBeNull();
    expect(askedOfRefusal(wanted, { kind: 'unreachable' }, rundown(items), 0)).toBeNull();
  });

  it('without a rundown: until the first end of the round and the capped spread', () => {
    expect(revealNotBefore(locked.onAir[0]!, 8_000)).toBe(12_000);
    expect(revealNotBefore(locked.onAir[0]!, null)).toBe(19_000);
    expect(revealNotBefore(onAir([open], 11_600)[0]!, 8_000)).toBe(19_500);
    expect(revealNotBefore(facts.onAir[0]!, 8_000)).toBeNull();
  });

  it('says for how long still', () => {
    expect(earlyWords(12_000, 7_400)).toContain('for 5 s');
    expect(earlyWords(12_000, 12_000)).toContain('has seen the lock');
    expect(earlyWords(null, 0)).toContain('Nobody knows');
  });
});
