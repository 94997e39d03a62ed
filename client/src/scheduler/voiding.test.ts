import { describe, expect, test } from 'vitest';
import { Rig, UNIX_ZERO_MS } from '../../test/scheduler-rig.ts';

const VOID = { rev: 1, type: 'interaction.cancel', ref: 'c', data: {} } as const;

describe('a cue that is voided', () => {
  test('closes on the frame that says so, not before, and never opens again', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, durationMs: 60_000 }, 600);
    rig.play(flv, 0, 2000);
    expect(rig.firedIds).toEqual(['c']);
    rig.stamp(flv, { ...VOID, fire: 2400 }, 2400);
    rig.nowMs += 40;
    rig.play(flv, 2040, 2360);
    expect(rig.closed).toEqual([]);
    rig.nowMs += 40;
    rig.frame(flv, 2400);
    expect(rig.closed).toEqual([{ id: 'c', why: 'canceled', atMs: 2400 }]);
    rig.stamp(flv, { fire: 1000, durationMs: 60_000 }, 2400);
    rig.stamp(flv, { ...VOID, rev: 2, fire: 2400 }, 2440);
    rig.nowMs += 40;
    rig.play(flv, 2440, 4000);
    expect(rig.firedIds).toEqual(['c']);
    expect(rig.closed).toHaveLength(1);
    expect(rig.updated).toEqual([]);
  });

  test('while it waits for its frame is dropped on the frame that says so', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 3000, data: null }, 600);
    rig.play(flv, 0, 960);
    rig.stamp(flv, { ...VOID, fire: 1000 }, 1000);
    expect(rig.story).toEqual([]);
    expect(rig.scheduler.pending).toBe(1);
    rig.nowMs += 40;
    rig.play(flv, 1000, 3200);
    expect(rig.fired).toEqual([]);
    expect(rig.story).toEqual(['c closed locked']);
    expect(rig.scheduler.pending).toBe(0);
  });

  test('is not opened by who joins after it, whatever older copies bring', () => {
    const rig = new Rig();
    rig.nowMs = 10_000;
    const flv = rig.player();
    rig.stamp(flv, { ...VOID, fire: 9_000 }, 10_000);
    rig.frame(flv, 10_000);
    rig.feed({ fire: 7_000, durationMs: 60_000 }, 3_000);
    rig.stamp(flv, { fire: 7_000, durationMs: 60_000 }, 10_000);
    rig.nowMs += 40;
    rig.play(flv, 10_040, 12_000);
    expect([rig.fired, rig.closed, rig.outcomes]).toEqual([[], [], []]);
    expect(rig.scheduler.isDone('c', 0)).toBe(true);
  });

  test('and its opening, both learnt at once, open nothing', () => {
    const rig = new Rig();
    rig.nowMs = 10_000;
    const flv = rig.player();
    rig.stamp(flv, { fire: 7_000, durationMs: 60_000 }, 10_000);
    rig.stamp(flv, { ...VOID, fire: 9_000 }, 10_000);
    rig.frame(flv, 10_000);
    expect(rig.fired).toEqual([]);
    expect(rig.story).toEqual(['c closed locked']);
  });

  test('is closed by the events path too', () => {
    const rig = new Rig();
    rig.nowMs = 10_000;
    rig.feed({ fire: 9_000, durationMs: 60_000 }, 1_000);
    rig.wait(4_000);
    expect(rig.firedIds).toEqual(['c']);
    rig.feed({ ...VOID, fire: 13_500 }, 500);
    rig.wait(1_000);
    expect(rig.closed).toMatchObject([{ id: 'c', why: 'canceled' }]);
  });

  test('that waits for its common moment does not open', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt: UNIX_ZERO_MS + 3000 }, 600);
    rig.play(flv, 0, 1400);
    rig.stamp(flv, { ...VOID, fire: 2000 }, 2000);
    rig.nowMs += 40;
    rig.play(flv, 1440, 4000);
    expect(rig.fired).toEqual([]);
    expect(rig.story).toEqual(['c closed locked']);
  });

  test('whose own end has passed says nothing to the page, and is forgotten', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.play(flv, 0, 960);
    rig.stamp(flv, { ...VOID, fire: 5_000, exp: UNIX_ZERO_MS + 2_000 }, 1000);
    rig.nowMs += 40;
    rig.play(flv, 1000, 2400);
    expect([rig.outcomes, rig.scheduler.pending]).toEqual([[], 0]);
  });
});
