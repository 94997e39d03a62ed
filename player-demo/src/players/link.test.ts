import { describe, expect, it } from 'vitest';
import { FIRST_LINK, type LinkEvent, type LinkState, linkWords, nextLink } from './link.ts';

const lost = (now: number, why: 'network' | 'ended' = 'network'): LinkEvent => ({
  kind: 'lost',
  why,
  now,
  random: 1,
});
const run = (events: readonly LinkEvent[], from: LinkState = FIRST_LINK): LinkState =>
  events.reduce(nextLink, from);

describe('nextLink', () => {
  it('waits longer after each try that failed, up to its bound', () => {
    let state = FIRST_LINK;
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      state = nextLink(state, lost(1000));
      if (state.kind !== 'waiting') throw new Error(state.kind);
      waits.push(state.retryAt - 1000);
      state = nextLink(state, { kind: 'retry' });
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 5000, 5000, 5000]);
    expect(state).toEqual({ kind: 'connecting', attempt: 8 });
  });

  it('begins anew with the first wait once the picture ran', () => {
    const state = run([lost(0), { kind: 'retry' }, lost(0), { kind: 'retry' }, { kind: 'playing' }, lost(0)]);
    expect(state).toEqual({ kind: 'waiting', attempt: 1, retryAt: 500, why: 'network' });
  });

  it('hears nothing of a player that was thrown away', () => {
    const waiting = run([{ kind: 'playing' }, lost(0)]);
    expect(run([{ kind: 'playing' }, { kind: 'stalled' }, lost(9), { kind: 'blocked' }], waiting)).toBe(
      waiting,
    );
  });

  it('stalls only out of playing, and goes on', () => {
    expect(nextLink(FIRST_LINK, { kind: 'stalled' })).toBe(FIRST_LINK);
    const stalled = run([{ kind: 'playing' }, { kind: 'stalled' }]);
    expect(stalled.kind).toBe('stalled');
    expect(nextLink(stalled, { kind: 'playing' }).kind).toBe('playing');
  });

  it('keeps the same value where nothing changed', () => {
    const playing = run([{ kind: 'playing' }]);
    expect(nextLink(playing, { kind: 'playing' })).toBe(playing);
    expect(nextLink(playing, { kind: 'retry' })).toBe(playing);
  });

  it('ends at unsupported', () => {
    expect(run([{ kind: 'unsupported' }, { kind: 'playing' }, lost(0)]).kind).toBe('unsupported');
  });
});

describe('linkWords', () => {
  it('says nothing over a running picture', () => {
    expect(linkWords({ kind: 'playing' }, 0)).toBeNull();
  });

  it('counts down in whole seconds and never to 0', () => {
    const state: LinkState = { kind: 'waiting', attempt: 1, retryAt: 2500, why: 'ended' };
    expect(linkWords(state, 0)).toEqual({ title: 'Stream ended', text: 'Trying again in 3 s, by itself.' });
    expect(linkWords(state, 2600)?.text).toContain('in 1 s');
  });
});
