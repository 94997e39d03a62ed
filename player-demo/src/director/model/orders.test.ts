import { describe, expect, it } from 'vitest';
import type { ApiFailure } from '../../shared/http.ts';
import { seenInCue, seenInRundown } from './look-up.ts';
import { nextOrders, openOrderOn, packOrders, unpackOrders } from './orders.ts';
import { cue, item, order, rundown } from './testing.ts';

const refused: ApiFailure = {
  ...{ kind: 'refused', status: 409, code: 'ERR_CUE_STATE', message: 'Too late.', retryable: false },
};

describe('orders', () => {
  it('takes the same press once', () => {
    const once = nextOrders([], { kind: 'sent', order: order() });
    expect(nextOrders(once, { kind: 'sent', order: order({ title: 'again' }) })).toBe(once);
  });

  it('looks up what has no answer, and keeps what was refused', () => {
    const sent = nextOrders([], { kind: 'sent', order: order() });
    const silent = nextOrders(sent, {
      kind: 'answered',
      key: 'k1',
      failure: { kind: 'timeout', afterMs: 4000 },
    });
    expect(silent[0]?.outcome).toEqual({ kind: 'looking', why: 'no-answer' });
    expect(openOrderOn(silent, 'a')).not.toBeNull();
    const said = nextOrders(sent, { kind: 'answered', key: 'k1', failure: refused });
    expect(said[0]?.outcome.kind).toBe('refused');
    expect(openOrderOn(said, 'a')).toBeNull();
  });

  it('is settled by what was found, once', () => {
    const looking = [order({ outcome: { kind: 'looking', why: 'no-answer' } })];
    const found = nextOrders(looking, { kind: 'found', key: 'k1', there: true });
    expect(found[0]?.outcome.kind).toBe('done');
    expect(nextOrders(found, { kind: 'found', key: 'k1', there: false })[0]?.outcome.kind).toBe('done');
    const lost = nextOrders(looking, { kind: 'found', key: 'k1', there: false });
    expect(lost[0]?.outcome.kind).toBe('never-arrived');
  });

  it('outlives a reload as something to look up, never as something to send', () => {
    const kept = packOrders([order(), order({ key: 'k2', outcome: { kind: 'done' } })]);
    expect(unpackOrders(kept)).toEqual([order({ outcome: { kind: 'looking', why: 'reload' } })]);
  });

  it.each([null, '', '{', '[]', '[1]', '[{"key":"k"}]', '{"a":1}'])('reads nothing out of %j', (text) => {
    expect(unpackOrders(text)).toEqual([]);
  });
});

describe('looking up', () => {
  it.each([
    ['pending', false],
    ['armed', false],
    ['taken', true],
    ['landed', true],
    ['missed', true],
    ['uncertain', true],
  ] as const)('a take of an item that is %s: %s', (state, there) => {
    expect(seenInRundown(order(), rundown([item('a', { state })]))).toBe(there);
  });

  it('knows nothing of an item that the rundown has not', () => {
    expect(seenInRundown(order(), rundown([item('z')]))).toBeNull();
    expect(seenInRundown(order(), null)).toBeNull();
  });

  it('finds a mark by its cue, a void by what became of it', () => {
    expect(seenInCue(order({ kind: 'mark' }), cue('c', 'accepted'))).toBe(true);
    expect(seenInCue(order({ kind: 'mark' }), null)).toBe(false);
    expect(seenInCue(order({ kind: 'void' }), cue('c', 'landed'))).toBe(false);
    const voided = { at: 1, by: null, told: false };
    expect(seenInCue(order({ kind: 'void' }), cue('c', 'landed', { voided }))).toBe(true);
  });
});
