import { describe, expect, test } from 'vitest';
import { ManualClock } from '../packet/clock.ts';
import type { MediaPacket } from '../packet/packet.ts';
import { Batcher, type BatchTiming } from './batcher.ts';
import { tagOf } from './tag.ts';
import { ManualScheduler } from './testing/manual-scheduler.ts';
import { avcConfig, frame, sound } from './testing/packets.ts';

function setUp(timing: BatchTiming) {
  const scheduler = new ManualScheduler(new ManualClock());
  const batches: string[] = [];
  const name = (kind: string, isKeyframe: boolean) =>
    isKeyframe ? 'K' : kind === 'avc-frame' ? 'v' : kind === 'aac-frame' ? 'a' : 'c';
  const batcher = new Batcher(timing, scheduler, (tags) =>
    batches.push(tags.map((tag) => name(tag.kind, tag.isKeyframe)).join('')),
  );
  const add = (...packets: MediaPacket[]) => {
    for (const packet of packets) batcher.add(tagOf(packet));
  };
  return { scheduler, batcher, batches, add };
}
const key = frame(0, 0, true);
const delta = frame(40, 1, false);

describe('with audio held', () => {
  test('video goes at once and takes the audio along', () => {
    const { add, batches, scheduler } = setUp({ audioHoldMs: 40, holdMs: 0 });
    add(sound(0), sound(21), delta, delta);
    expect(batches).toEqual(['aav', 'v']);
    expect(scheduler.pending).toBe(0);
  });

  test('audio alone goes in time', () => {
    const { add, batches, scheduler } = setUp({ audioHoldMs: 40, holdMs: 0 });
    add(sound(0));
    scheduler.advance(39);
    add(sound(21));
    expect(batches).toEqual([]);
    scheduler.advance(1);
    expect(batches).toEqual(['aa']);
    expect(scheduler.pending).toBe(0);
  });

  test('a keyframe is alone, after what waited; configs do not wait', () => {
    const { add, batches } = setUp({ audioHoldMs: 40, holdMs: 0 });
    add(sound(0), key, sound(21), avcConfig(), key);
    expect(batches).toEqual(['a', 'K', 'ac', 'K']);
  });
});

test('with nothing held, every tag goes by itself', () => {
  const { add, batches, scheduler } = setUp({ audioHoldMs: 0, holdMs: 0 });
  add(sound(0), delta, key, avcConfig());
  expect(batches).toEqual(['a', 'v', 'K', 'c']);
  expect(scheduler.pending).toBe(0);
});

test('with all held, what comes in time goes together, but for keyframes', () => {
  const { add, batches, scheduler } = setUp({ audioHoldMs: 40, holdMs: 200 });
  add(delta, sound(0), delta);
  scheduler.advance(199);
  add(delta);
  expect(batches).toEqual([]);
  scheduler.advance(1);
  expect(batches).toEqual(['vavv']);
  add(delta, key, sound(0));
  expect(batches).toEqual(['vavv', 'v', 'K']);
  scheduler.advance(200);
  expect(batches).toEqual(['vavv', 'v', 'K', 'a']);
});

test('flushing with nothing there does nothing', () => {
  const { batcher, batches } = setUp({ audioHoldMs: 40, holdMs: 0 });
  batcher.flush();
  expect(batches).toEqual([]);
});
