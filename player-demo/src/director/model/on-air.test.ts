import { describe, expect, it } from 'vitest';
import { lastLanded, onAir } from './on-air.ts';
import { cue, item, landing, rundown } from './testing.ts';

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

describe('how long a round is still open', () => {
  const lockItem = (more = {}) =>
    rundown([
      item('q', { state: 'landed', cue: 'o' }),
      item('q-lock', { type: 'interaction.lock', ref: 'q', ...more }),
    ]);
  const closesAt = (loaded: ReturnType<typeof rundown>, cues = [open]) =>
    onAir(cues, 2_000, loaded)[0]?.closesAt;

  it('counts to a timed lock where that comes before its span ends, and to the span otherwise', () => {
    expect(closesAt(lockItem({ runsAt: 6_500 }))).toBe(6_500);
    expect(closesAt(lockItem({ runsAt: 60_000 }))).toBe(11_500);
    expect(closesAt(lockItem())).toBe(11_500);
    expect(onAir([{ ...open, durationMs: null }], 2_000, lockItem({ runsAt: 6_500 }))[0]?.closesAt).toBe(
      6_500,
    );
  });

  it('counts to the picture of a lock that is on its way, or to the moment that it has', () => {
    const marked = follow('lock', { state: 'announced', landing: null, askedPts: 9_000 });
    expect(closesAt(lockItem({ state: 'announced' }), [marked, open])).toBe(6_500);
    const at = { kind: 'at', at: 7_000 } as const;
    const timed = follow('lock', { state: 'announced', landing: null });
    expect(closesAt(lockItem({ state: 'announced', starts: at }), [timed, open])).toBe(7_000);
  });

  it('does not take a lock that runs by itself for one that has landed', () => {
    expect(onAir([open], 7_000, lockItem({ runsAt: 6_500 }))[0]).toMatchObject({
      phase: 'open',
      lockedAt: null,
    });
  });

  it('leaves out the lock of another round', () => {
    expect(
      closesAt(
        rundown([
          item('q', { cue: 'else' }),
          item('l', { type: 'interaction.lock', ref: 'q', runsAt: 3_000 }),
        ]),
      ),
    ).toBe(11_500);
  });
});

describe('the last landing', () => {
  it('is the one whose picture passed last, not the one marked last', () => {
    const late = cue('late', 'landed', { markedAt: 1, landing: { ...landing(), fireAtMs: 9_000 } });
    expect(lastLanded([open, late])?.id).toBe('late');
    expect(lastLanded([cue('c', 'accepted')])).toBeNull();
  });
});
