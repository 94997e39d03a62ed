import { describe, expect, it } from 'vitest';
import { type Decision, decide, type Facts } from './decide.ts';
import { controlGuard, modeGuard, panicGuard, prizeGuard, voidGuard } from './guard.ts';
import { onAir } from './on-air.ts';
import { cue, item, landing, order, rundown, showWith } from './testing.ts';

const facts: Facts = { self: 'me', now: 5_000, meant: 4_200, onAir: [], hold99Ms: null };
const two = rundown([item('a'), item('b', { prize: true })]);
const orderOf = (decision: Decision) => (decision.kind === 'order' ? decision.wanted : null);
const other = { holder: { console: 'them', name: 'Ben', since: 1 }, standby: [] };

describe('a take', () => {
  it('takes the next item with the picture that was meant', () => {
    expect(orderOf(decide('take', showWith({ rundown: two }), facts))).toMatchObject({
      ...{ kind: 'take', target: 'a', path: '/rundown/items/a/take', body: { mediaTime: 4_200 } },
    });
  });

  it('takes the item that was stepped to', () => {
    const state = showWith({ rundown: rundown([item('a'), item('c')]), chosen: 'c' });
    expect(orderOf(decide('take', state, facts))?.target).toBe('c');
  });

  it('is asked of the server without a moment where the picture is not known', () => {
    expect(orderOf(decide('take', showWith({ rundown: two }), { ...facts, meant: null }))?.body).toEqual({});
  });

  it.each(['take', 'arm', 'skip', 'reset', 'take-held'] as const)(
    '%s: is not sent while the last press on the item has no answer',
    (command) => {
      const state = showWith({ rundown: two, orders: [order()] });
      expect(decide(command, state, { ...facts, hold99Ms: 100 }).kind).toBe('refuse');
    },
  );

  it.each(['taken', 'announced', 'landed', 'ended', 'missed', 'skipped'] as const)(
    'of an item that is %s is refused',
    (state) => {
      const decision = decide('take', showWith({ rundown: rundown([item('a', { state })]) }), facts);
      expect(decision.kind).toBe('refuse');
    },
  );

  it('with the hold sends it, and only where it is known', () => {
    const state = showWith({ rundown: two });
    expect(decide('take-held', state, facts).kind).toBe('refuse');
    expect(orderOf(decide('take-held', state, { ...facts, hold99Ms: 2_400.2 }))?.body).toEqual({
      ...{ mediaTime: 4_200, alignInMs: 2_401 },
    });
  });
});

describe('an item that gives prizes', () => {
  const state = showWith({ rundown: two, chosen: 'b' });

  it('is not taken by one press, however often', () => {
    expect(decide('take', state, facts).kind).toBe('refuse');
    const armedElsewhere = rundown([item('b', { prize: true, state: 'armed' })]);
    expect(decide('take', showWith({ rundown: armedElsewhere }), facts).kind).toBe('refuse');
  });

  it('is armed, and taken within ten seconds', () => {
    const armed = decide('arm', state, facts);
    expect(armed).toMatchObject({ kind: 'guard', guard: { kind: 'prize', item: 'b' }, arm: { kind: 'arm' } });
    const guarded = { ...state, guard: prizeGuard('b', facts.now) };
    expect(orderOf(decide('take', guarded, { ...facts, now: facts.now + 9_999 }))?.kind).toBe('take');
    expect(decide('take', guarded, { ...facts, now: facts.now + 10_000 }).kind).toBe('refuse');
  });

  it('armed is not another one armed', () => {
    const guarded = { ...state, guard: prizeGuard('x', facts.now) };
    expect(decide('take', guarded, facts).kind).toBe('refuse');
  });

  it('is disarmed by the same key, or by leaving', () => {
    const guarded = { ...state, guard: prizeGuard('b', facts.now) };
    expect(orderOf(decide('arm', guarded, facts))?.kind).toBe('disarm');
    const armed = rundown([item('b', { prize: true, state: 'armed', cue: 'c1' })]);
    expect(orderOf(decide('leave', { ...guarded, rundown: armed }, facts))).toMatchObject({
      ...{ kind: 'disarm', path: '/cues/c1/cancel', next: '/rundown/items/b/reset' },
    });
  });
});

describe('the panic key', () => {
  it('asks first, then closes everything', () => {
    expect(decide('panic', showWith(), facts)).toMatchObject({ kind: 'guard', guard: { kind: 'panic' } });
    const asked = showWith({ guard: panicGuard(facts.now) });
    expect(orderOf(decide('panic', asked, facts))).toMatchObject({ path: '/panic', body: { confirm: true } });
  });

  it('works on a standby console too', () => {
    expect(decide('panic', showWith({ control: other }), facts).kind).toBe('guard');
  });

  it('goes before whatever else is asked', () => {
    const asked = showWith({ guard: voidGuard('c', facts.now) });
    expect(decide('panic', asked, facts)).toMatchObject({ guard: { kind: 'panic' } });
  });
});

describe('voiding', () => {
  const cues = [cue('c1', 'landed', { landing: landing() })];
  const open = { ...facts, onAir: onAir(cues, 2_000) };

  it('asks first, and only of what is on air', () => {
    expect(decide('void', showWith({ cues }), open)).toMatchObject({ guard: { kind: 'void', cue: 'c1' } });
    expect(decide('void', showWith(), facts).kind).toBe('refuse');
  });

  it('is done by the confirming key alone', () => {
    const asked = showWith({ cues, guard: voidGuard('c1', facts.now) });
    expect(decide('void', asked, open).kind).toBe('nothing');
    expect(orderOf(decide('confirm', asked, open))?.path).toBe('/cues/c1/cancel');
    expect(decide('leave', asked, open)).toEqual({ kind: 'guard', guard: null });
  });
});

describe('control', () => {
  it.each(['take', 'arm', 'skip', 'reset', 'void', 'mode'] as const)(
    '%s is refused on standby',
    (command) => {
      const state = showWith({ rundown: two, control: other, rehearsal: false });
      expect(decide(command, state, facts)).toMatchObject({
        kind: 'refuse',
        text: expect.stringContaining('Ben'),
      });
    },
  );

  it('is taken at once from nobody, after a confirm from somebody', () => {
    const free = showWith({ control: { holder: null, standby: [] } });
    expect(decide('control', free, facts)).toEqual({ kind: 'control', deed: 'take', force: false });
    expect(decide('control', showWith({ control: other }), facts)).toMatchObject({ kind: 'guard' });
    const asked = showWith({ control: other, guard: controlGuard(0) });
    expect(decide('confirm', asked, facts)).toEqual({ kind: 'control', deed: 'take', force: true });
  });

  it('is given up by the same key', () => {
    const mine = { holder: { console: 'me', name: 'Anna', since: 1 }, standby: [] };
    expect(decide('control', showWith({ control: mine }), facts)).toMatchObject({ deed: 'release' });
  });
});

describe('the mode', () => {
  it('is switched after a confirm, and not while something is on air', () => {
    const state = showWith({ rehearsal: false });
    expect(decide('mode', state, facts)).toMatchObject({ guard: { kind: 'mode', rehearsal: true } });
    const asked = { ...state, guard: modeGuard(true, 0) };
    expect(decide('confirm', asked, facts)).toEqual({ kind: 'mode', rehearsal: true });
    const busy = { ...facts, onAir: onAir([cue('c1', 'landed', { landing: landing() })], 2_000) };
    expect(decide('mode', state, busy).kind).toBe('refuse');
  });
});

describe('stepping', () => {
  it('goes to the ends and no further; the next item is no choice of its own', () => {
    const state = showWith({ rundown: two });
    expect(decide('down', state, facts)).toEqual({ kind: 'choose', item: 'b' });
    expect(decide('down', { ...state, chosen: 'b' }, facts)).toEqual({ kind: 'choose', item: 'b' });
    expect(decide('up', { ...state, chosen: 'b' }, facts)).toEqual({ kind: 'choose', item: null });
  });
});
