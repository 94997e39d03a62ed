import { describe, expect, it } from 'vitest';
import { HOLD_MS, isHeldOut, panicGuard, prizeGuard } from './guard.ts';
import { nextShow } from './state.ts';
import { cue, item, landing, order, rundown, showWith } from './testing.ts';

describe('the show', () => {
  it('takes the first list as history, and says what lands after it once', () => {
    const first = nextShow(showWith(), {
      kind: 'cues',
      cues: [cue('old', 'landed', { landing: landing() })],
      now: 0,
    });
    expect(first.news).toBeNull();
    const waits = nextShow(first, { kind: 'cue', cue: cue('new', 'accepted'), now: 1 });
    const landed = cue('new', 'landed', { landing: landing() });
    const lands = nextShow(waits, { kind: 'cue', cue: landed, now: 2 });
    expect(lands.news).toMatchObject({ seq: 1, kind: 'landed', at: 2 });
    expect(nextShow(lands, { kind: 'cues', cues: [landed], now: 3 }).news?.seq).toBe(1);
  });

  it('does not go back to what an answer on the way was about', () => {
    const landed = nextShow(showWith(), {
      kind: 'cues',
      cues: [cue('c', 'landed', { landing: landing() })],
      now: 0,
    });
    const late = nextShow(landed, { kind: 'cues', cues: [cue('c', 'accepted')], now: 1 });
    expect(late.cues?.[0]?.state).toBe('landed');
    const voided = cue('c', 'landed', { landing: landing(), voided: { at: 1, by: null, told: true } });
    const both = nextShow(nextShow(landed, { kind: 'cue', cue: voided, now: 2 }), {
      ...{ kind: 'cue', cue: cue('c', 'landed', { landing: landing() }), now: 3 },
    });
    expect(both.cues?.[0]?.voided).toBeDefined();
  });

  it('announced cues may be accepted again: their epoch has ended', () => {
    const announced = nextShow(showWith(), { kind: 'cues', cues: [cue('c', 'announced')], now: 0 });
    expect(nextShow(announced, { kind: 'cue', cue: cue('c', 'accepted'), now: 1 }).cues?.[0]?.state).toBe(
      'accepted',
    );
  });

  it('falls back to the next item once the chosen one is through', () => {
    const before = showWith({ rundown: rundown([item('a'), item('b')]), chosen: 'b' });
    const taken = rundown([item('a'), item('b', { state: 'taken' })]);
    expect(nextShow(before, { kind: 'rundown', rundown: taken }).chosen).toBeNull();
    const armed = rundown([item('a'), item('b', { state: 'armed' })]);
    expect(nextShow(before, { kind: 'rundown', rundown: armed }).chosen).toBe('b');
    expect(nextShow(before, { kind: 'rundown', rundown: null }).chosen).toBeNull();
  });

  it('keeps the first moment of a loss', () => {
    const lost = nextShow(showWith(), { kind: 'link', link: { kind: 'lost', since: 10, attempt: 1 } });
    const again = nextShow(lost, { kind: 'link', link: { kind: 'lost', since: 900, attempt: 2 } });
    expect(again.link).toEqual({ kind: 'lost', since: 10, attempt: 2 });
  });

  it('says what a press came to until the next press, whatever becomes of those before', () => {
    const sent = nextShow(showWith(), { kind: 'order', event: { kind: 'sent', order: order() } });
    const said = nextShow(sent, { kind: 'hint', text: 'Nothing to lock.', now: 10 });
    const answered = nextShow(said, { kind: 'order', event: { kind: 'answered', key: 'k1', failure: null } });
    expect(answered.hint?.text).toBe('Nothing to lock.');
    expect(answered.orders[0]?.outcome).toEqual({ kind: 'done' });
    const next = { kind: 'sent', order: order({ key: 'k2' }) } as const;
    expect(nextShow(answered, { kind: 'order', event: next }).hint).toBeNull();
  });

  it('forgets what is asked when its time is over', () => {
    const armed = showWith({ guard: prizeGuard('a', 1_000) });
    expect(nextShow(armed, { kind: 'tick', now: 10_999 }).guard).not.toBeNull();
    expect(nextShow(armed, { kind: 'tick', now: 11_000 }).guard).toBeNull();
    expect(nextShow(armed, { kind: 'tick', now: 1_001 })).toBe(armed);
  });

  it('knows a held panic key from one that was let go', () => {
    const guard = panicGuard(1_000);
    expect(isHeldOut(guard, 1_000 + HOLD_MS - 1)).toBe(false);
    expect(isHeldOut(guard, 1_000 + HOLD_MS)).toBe(true);
    expect(isHeldOut({ ...guard, held: false } as typeof guard, 5_000)).toBe(false);
  });
});
