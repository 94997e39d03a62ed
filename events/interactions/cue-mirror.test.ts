import { describe, expect, test } from 'vitest';
import type { Cue } from '../../cues/cue.ts';
import { ManualClock } from '../../packet/clock.ts';
import { ms, unixMs, unixUs } from '../../packet/time.ts';
import { landedCue } from '../test-support/cues.ts';
import { CueMirror, mirrored } from './cue-mirror.ts';

const clock = new ManualClock();
const START = clock.unixUs();
const at = (spanMs: number) => unixUs(START + spanMs * 1000);
const cue = (id: string, over: Partial<Cue> = {}): Cue => ({
  ...landedCue({ id, type: 'interaction.open', data: { interaction: 'q1' } }, clock),
  ...over,
});
const mirrorOf = (...cues: readonly Cue[]) => {
  const mirror = new CueMirror(100);
  mirror.replaceAll(cues.map(mirrored));
  return mirror;
};
const idsAt = (mirror: CueMirror, spanMs: number, stream = 'live/main') =>
  mirror.dueOf(stream, at(spanMs)).map(({ id }) => id);

describe('the cues that are due', () => {
  test('as the stamp has them', () => {
    const full = cue('c1', { durationMs: ms(10_000), show: 'finale', audience: { region: 'eu' } });
    expect(mirrorOf(full).dueOf('live/main', at(0))).toEqual([
      {
        id: 'c1',
        rev: 0,
        type: 'interaction.open',
        show: 'finale',
        audience: { region: 'eu' },
        data: { interaction: 'q1' },
        fireAt: START,
        durationMs: 10_000,
        exp: full.exp,
        epoch: 'e1',
        pts: 0,
      },
    ]);
  });

  test('never one whose picture is still to come, nor one that has not landed', () => {
    const mirror = mirrorOf(cue('c1'), cue('c2', { landing: null, state: 'announced' }));
    expect(idsAt(mirror, -0.001)).toEqual([]);
    expect(idsAt(mirror, 0)).toEqual(['c1']);
  });

  test('one that was voided is told of as void from its picture on, until its end', () => {
    const voided = (landing: Cue['landing']) => ({
      voided: { at: unixMs(START / 1000 + 2_000), by: 'director', landing },
    });
    const { landing } = cue('c1');
    const told = { ...landing!, pts: ms(2_040), fireAtUs: at(2_040) };
    const exp = unixMs(START / 1000 + 60_000);
    const mirror = mirrorOf(cue('c1', { rev: 1, exp, ...voided(told) }));
    expect(mirror.dueOf('live/main', at(2_039))).toEqual([]);
    expect(mirror.dueOf('live/main', at(2_040))).toEqual([
      {
        ...{ id: 'c1', rev: 1, type: 'interaction.cancel', ref: 'c1', data: {} },
        ...{ fireAt: at(2_040), exp, epoch: 'e1', pts: 2_040 },
      },
    ]);
    expect(idsAt(mirror, 60_000)).toEqual([]);
    // Its stream went away: no picture will tell.
    const untold = mirrorOf(cue('c1', { rev: 1, exp, ...voided(null) }));
    expect([idsAt(untold, 6_999), idsAt(untold, 7_000)]).toEqual([[], ['c1']]);
    const announced = mirrorOf(cue('c1', { landing: null, state: 'cancelled', ...voided(null) }));
    expect(idsAt(announced, 7_000)).toEqual([]);
  });

  test('only of the stream asked for', () => {
    expect(idsAt(mirrorOf(cue('c1')), 0, 'live/other')).toEqual([]);
  });

  test('an open cue until its duration, its lock or its expiry', () => {
    const lasting = cue('c1', { durationMs: ms(10_000) });
    expect(idsAt(mirrorOf(lasting), 9_999)).toEqual(['c1']);
    expect(idsAt(mirrorOf(lasting), 10_000)).toEqual([]);
    const endless = cue('c1', { exp: unixMs(START / 1000 + 600_000) });
    expect(idsAt(mirrorOf(endless), 599_999)).toEqual(['c1']);
    expect(idsAt(mirrorOf(endless), 600_000)).toEqual([]);
    const lock = cue('c2', { type: 'interaction.lock', ref: 'c1' });
    expect(idsAt(mirrorOf(endless, lock), 0)).toEqual(['c2']);
    const lockAhead = { ...lock, landing: { ...lock.landing!, fireAtUs: at(80) } };
    expect(idsAt(mirrorOf(endless, lockAhead), 79)).toEqual(['c1']);
  });

  test('others for half a minute', () => {
    const card = cue('c1', { type: 'product.card' });
    expect(idsAt(mirrorOf(card), 29_999)).toEqual(['c1']);
    expect(idsAt(mirrorOf(card), 30_000)).toEqual([]);
  });

  test('none that was taken back', () => {
    expect(idsAt(mirrorOf(cue('c1', { state: 'cancelled' })), 0)).toEqual([]);
  });

  test('in the order of their moments', () => {
    const later = cue('a', { landing: { ...cue('a').landing!, fireAtUs: at(5) } });
    expect(idsAt(mirrorOf(later, cue('b')), 10)).toEqual(['b', 'a']);
  });
});

describe('the mirror', () => {
  test('is bounded, and forgets what is long over', () => {
    const own = new ManualClock();
    const mirror = new CueMirror(3);
    for (const id of ['a', 'b', 'c']) mirror.put(mirrored(cue(id)), own);
    mirror.put(mirrored(cue('a', { rev: 1 })), own);
    mirror.put(mirrored(cue('d')), own);
    expect(['a', 'b', 'c', 'd'].map((id) => mirror.knows(id))).toEqual([true, false, true, true]);
    expect(mirror.cueOf('live/main', 'a')!.rev).toBe(1);
    own.advanceMs(3_600_000 + 60_000);
    mirror.put(mirrored(cue('e', { exp: unixMs(own.unixMs() + 1) })), own);
    expect(mirror.size).toBe(1);
    expect(mirror.knows('a')).toBe(false);
  });

  test('knows an id as long as one stream has it', () => {
    const mirror = mirrorOf(cue('c1'), cue('c1', { stream: 'live/other' }));
    mirror.replaceAll([mirrored(cue('c1', { stream: 'live/other' }))]);
    expect(mirror.knows('c1')).toBe(true);
    mirror.replaceAll([]);
    expect(mirror.knows('c1')).toBe(false);
  });
});
