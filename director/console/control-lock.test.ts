import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../packet/clock.ts';
import { ControlLock, MAX_STANDBY } from './control-lock.ts';
import type { ControlChange, ControlState } from './shapes.ts';

const STREAM = 'live/main';
const ANNA = { console: 'anna-1', name: 'Anna', by: 'director' };
const BERT = { console: 'bert-1', name: 'Bert', by: 'director' };

let clock: ManualClock;
let told: { state: ControlState; change: ControlChange | null }[];
let lock: ControlLock;

beforeEach(() => {
  clock = new ManualClock();
  told = [];
  lock = new ControlLock({ clock, onChange: (_stream, state, change) => told.push({ state, change }) });
});

const holderOf = (stream = STREAM) => lock.state(stream).holder?.console ?? null;
const changes = () =>
  told.flatMap(({ change }) => (change === null ? [] : [`${change.kind} ${change.console}`]));

describe('control', () => {
  test('is the first one who takes it, and the second is told who has it', () => {
    expect(lock.take(STREAM, ANNA, false).kind).toBe('taken');
    expect(lock.take(STREAM, BERT, false)).toEqual({
      kind: 'held',
      holder: { ...ANNA, since: clock.unixMs(), until: clock.unixMs() + 15_000 },
    });
    expect(changes()).toEqual(['taken anna-1']);
  });

  test('is held per stream', () => {
    lock.take(STREAM, ANNA, false);
    expect(lock.take('live/other', BERT, false).kind).toBe('taken');
    expect(holderOf()).toBe('anna-1');
  });

  test('taken again by its holder is nothing new', () => {
    lock.take(STREAM, ANNA, false);
    const since = clock.unixMs();
    clock.advanceMs(14_000);
    lock.take(STREAM, { ...ANNA, name: 'Anna B.' }, false);
    clock.advanceMs(14_000);
    expect(lock.state(STREAM).holder).toMatchObject({ name: 'Anna B.', since });
    expect(changes()).toEqual(['taken anna-1']);
  });

  test('is forced, and it is said from whom', () => {
    lock.take(STREAM, ANNA, false);
    expect(lock.take(STREAM, BERT, true).kind).toBe('taken');
    expect(told.at(-1)!.change).toMatchObject({ kind: 'forced', console: 'bert-1', from: ANNA });
    expect(lock.inTheWayOf(STREAM, ANNA)?.console).toBe('bert-1');
  });

  test('forced where nobody holds is taken', () => {
    lock.take(STREAM, ANNA, true);
    expect(changes()).toEqual(['taken anna-1']);
  });

  test('of one id under two tokens is two consoles', () => {
    lock.take(STREAM, ANNA, false);
    const other = { ...ANNA, by: 'guest' };
    expect(lock.take(STREAM, other, false).kind).toBe('held');
    expect(lock.inTheWayOf(STREAM, other)?.by).toBe('director');
    lock.release(STREAM, other);
    expect(holderOf()).toBe('anna-1');
  });

  test('is lost after 15 s without a word, and not before', () => {
    lock.take(STREAM, ANNA, false);
    clock.advanceMs(15_000);
    expect(holderOf()).toBe('anna-1');
    clock.advanceMs(1);
    lock.sweep();
    expect(changes()).toEqual(['taken anna-1', 'expired anna-1']);
    expect(lock.take(STREAM, BERT, false).kind).toBe('taken');
  });

  test('that has expired is free at once, before any sweep', () => {
    lock.take(STREAM, ANNA, false);
    clock.advanceMs(15_001);
    expect(lock.inTheWayOf(STREAM, BERT)).toBeNull();
    expect(lock.keep(STREAM, ANNA).holder).toBeNull();
  });

  test.each([
    ['keep', () => lock.keep(STREAM, ANNA)],
    ['a change that it makes', () => lock.inTheWayOf(STREAM, ANNA)],
  ])('goes on with %s', (_what, heard) => {
    lock.take(STREAM, ANNA, false);
    clock.advanceMs(10_000);
    heard();
    clock.advanceMs(10_000);
    expect(holderOf()).toBe('anna-1');
  });

  test('does not follow steps of the wall clock', () => {
    lock.take(STREAM, ANNA, false);
    clock.stepWallMs(3_600_000);
    expect(lock.state(STREAM).holder).toMatchObject({ console: 'anna-1', until: clock.unixMs() + 15_000 });
  });

  test('is given back', () => {
    lock.take(STREAM, ANNA, false);
    lock.release(STREAM, BERT);
    expect(holderOf()).toBe('anna-1');
    lock.release(STREAM, ANNA);
    expect(lock.state(STREAM)).toMatchObject({ holder: null, change: { kind: 'released', name: 'Anna' } });
  });
});

describe('a standby', () => {
  test('is seen, and takes over with one call', () => {
    lock.take(STREAM, ANNA, false);
    lock.standBy(STREAM, BERT);
    expect(lock.state(STREAM).standby).toEqual([BERT]);
    lock.take(STREAM, BERT, true);
    expect(lock.state(STREAM)).toMatchObject({ holder: BERT, standby: [] });
  });

  test('that is not heard of is no standby any more', () => {
    lock.standBy(STREAM, BERT);
    clock.advanceMs(10_000);
    lock.standBy(STREAM, BERT);
    clock.advanceMs(10_000);
    expect(lock.state(STREAM).standby).toEqual([BERT]);
    const before = told.length;
    clock.advanceMs(10_000);
    lock.sweep();
    expect(lock.state(STREAM).standby).toEqual([]);
    expect(told.length).toBe(before + 1);
  });

  test('is one of a bounded number; those beyond it are passed over, and nobody loses their place', () => {
    const nameOf = (n: number) => ({ ...BERT, console: `bert-${n}` });
    for (let n = 0; n < MAX_STANDBY + 10; n++) lock.standBy(STREAM, nameOf(n));
    const { standby } = lock.state(STREAM);
    expect([standby.length, standby[0]?.console]).toEqual([MAX_STANDBY, 'bert-0']);
    expect([lock.knows(STREAM, nameOf(0)), lock.knows(STREAM, nameOf(MAX_STANDBY))]).toEqual([true, false]);
    expect(told).toHaveLength(MAX_STANDBY);
  });

  test('steps back by release; the holder is none', () => {
    lock.take(STREAM, ANNA, false);
    lock.standBy(STREAM, ANNA);
    lock.standBy(STREAM, BERT);
    expect(lock.state(STREAM).standby).toEqual([BERT]);
    lock.release(STREAM, BERT);
    expect(lock.state(STREAM)).toMatchObject({ holder: ANNA, standby: [] });
  });
});

test('streams that nobody directs are forgotten, held ones never', () => {
  lock.take('live/held', ANNA, false);
  for (let n = 0; n < 1_100; n++) {
    lock.take(`live/s${n}`, ANNA, false);
    lock.release(`live/s${n}`, ANNA);
  }
  lock.sweep();
  expect(holderOf('live/held')).toBe('anna-1');
  expect(lock.state('live/s0').change).toBeNull();
  expect(lock.state('live/s1099').change).not.toBeNull();
});
