import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AvcFramePacket, MediaPacket } from './packet.ts';
import { ptsOf } from './packet.ts';
import { ms, us } from './time.ts';
import { OutputTimeline, type PlacedPacket } from './timeline.ts';

const bytes = Uint8Array.of(1, 2, 3);
const video = (dts: number, compositionOffset = 0, isKeyframe = false): MediaPacket => ({
  kind: 'avc-frame',
  dts: ms(dts),
  isKeyframe,
  compositionOffset: ms(compositionOffset),
  data: bytes,
});
const audio = (dts: number): MediaPacket => ({ kind: 'aac-frame', dts: ms(dts), data: bytes });
const config = (dts: number): MediaPacket => ({ kind: 'avc-config', dts: ms(dts), record: bytes });
const script = (dts: number): MediaPacket => ({ kind: 'script', dts: ms(dts), data: bytes });
const at = (milliseconds: number) => us(milliseconds * 1000);

/** Pushes `[packet, arrival in ms]` and gives what came out as `kind:dts`, with the reason where an epoch began. */
function run(timeline: OutputTimeline, steps: readonly (readonly [MediaPacket, number])[]): string[] {
  return steps.map(([packet, arrived]) => written(timeline.push(packet, at(arrived))));
}
function written({ packet, reason }: PlacedPacket): string {
  const track = { 'avc-frame': 'v', 'aac-frame': 'a', 'avc-config': 'cv', 'aac-config': 'ca', script: 's' };
  return `${track[packet.kind]}:${packet.dts}${reason === null ? '' : ` ${reason}`}`;
}

describe('the first epoch', () => {
  test('keeps its own times, and its packets themselves', () => {
    const timeline = new OutputTimeline();
    const packets = [script(0), config(0), video(40, 80, true), audio(45), video(80, 160)];
    const out = packets.map((packet, i) => timeline.push(packet, at(1000 + i)));
    expect(out.map((step) => step.packet)).toEqual(packets);
    expect(out.every((step, i) => step.packet === packets[i])).toBe(true);
    expect(out.map((step) => step.newEpoch)).toEqual([true, false, false, false, false]);
    expect(timeline.offset).toBe(0);
  });

  test('starts where it is told to', () => {
    const timeline = new OutputTimeline({ startAt: ms(90_000) });
    const steps = [
      [config(0), 0],
      [audio(500), 0],
      [video(490, 80, true), 1],
    ] as const;
    expect(run(timeline, steps)).toEqual(['cv:90000 first-publish', 'a:90000', 'v:89990']);
  });

  test('moves down what begins below it, or so high that 32 bits would not last', () => {
    const below = new OutputTimeline();
    expect(
      run(below, [
        [audio(-21), 0],
        [video(0, 80, true), 0],
      ]),
    ).toEqual(['a:500 first-publish', 'v:521']);
    const high = new OutputTimeline();
    expect(
      run(high, [
        [config(2 ** 32 - 21), 0],
        [audio(2 ** 32 - 21), 0],
        [video(2 ** 32, 0, true), 0],
      ]),
    ).toEqual(['cv:500 first-publish', 'a:500', 'v:521']);
  });

  test('never gives a negative PTS', () => {
    const timeline = new OutputTimeline({ startAt: ms(0) });
    const { packet } = timeline.push(video(0, -40, true), at(0));
    expect(ptsOf(packet as AvcFramePacket)).toBe(0);
  });
});

describe('the publisher comes back', () => {
  const live = [
    [video(0, 0, true), 0],
    [audio(0), 0],
    [video(40), 40],
    [audio(43), 43],
  ] as const;

  test('after a while: the gap is the time that passed, one offset for both tracks', () => {
    const timeline = new OutputTimeline();
    run(timeline, live);
    timeline.beginPublish();
    const back = [
      [script(0), 3000],
      [config(0), 3000],
      [audio(10), 3043],
      [video(0, 0, true), 3044],
      [audio(31), 3060],
      [video(40), 3084],
    ] as const;
    expect(run(timeline, back)).toEqual([
      's:3000 publish',
      'cv:3000',
      'a:3043',
      'v:3033',
      'a:3064',
      'v:3073',
    ]);
    expect(timeline.offset).toBe(3033);
  });

  test('at once: 20 ms on, and not before a picture that was put out', () => {
    const timeline = new OutputTimeline();
    run(timeline, live);
    timeline.beginPublish();
    expect(run(timeline, [[video(0, 0, true), 44]])).toEqual(['v:63 publish']);

    const withBFrames = new OutputTimeline();
    run(withBFrames, [
      [video(0, 80, true), 0],
      [video(40, 160), 40],
    ]);
    withBFrames.beginPublish();
    expect(run(withBFrames, [[video(0, 0, true), 41]])).toEqual(['v:220 publish']);
  });

  test('without a single packet in between: one epoch, not two', () => {
    const timeline = new OutputTimeline();
    run(timeline, live);
    timeline.beginPublish();
    timeline.beginPublish();
    run(timeline, [[video(0, 0, true), 1000]]);
    expect(timeline.counts.epochs).toBe(2);
  });
});

describe('a jump within a publish', () => {
  const steady = Array.from({ length: 50 }, (_, i) =>
    i % 2 === 0 ? ([video(i * 20, 40), i * 20] as const) : ([audio(i * 20 + 3), i * 20 + 3] as const),
  );

  test('back: one new epoch for both tracks', () => {
    const timeline = new OutputTimeline();
    run(timeline, steady);
    const after = [
      [config(0), 1000],
      [video(0, 40, true), 1003],
      [audio(3), 1003],
      [video(40, 40), 1043],
    ] as const;
    expect(run(timeline, after)).toEqual(['cv:0', 'v:1020 jump-back', 'a:1023', 'v:1060']);
  });

  test('forward, beyond the time that passed: a new epoch; a pause of the encoder: none', () => {
    const timeline = new OutputTimeline();
    run(timeline, steady);
    expect(run(timeline, [[video(960 + 30_000), 30_960]])).toEqual(['v:30960']);
    expect(
      run(timeline, [
        [video(90_000, 0, true), 31_000],
        [audio(90_010), 31_000],
      ]),
    ).toEqual(['v:31000 jump-forward', 'a:31010']);
  });

  test('what the other track still had of the old time goes where it belonged', () => {
    const timeline = new OutputTimeline();
    run(timeline, steady);
    const after = [
      [video(500_000, 40, true), 1000],
      [audio(1003), 1001],
      [audio(500_003), 1002],
      [video(500_040, 40), 1040],
      [audio(500_024), 1041],
    ] as const;
    expect(run(timeline, after)).toEqual(['v:1020 jump-forward', 'a:1003', 'a:1023', 'v:1060', 'a:1044']);
    expect(timeline.counts).toMatchObject({ epochs: 2, stragglers: 1 });
  });

  test('audio and video out of step in time of arrival: no jump', () => {
    const timeline = new OutputTimeline();
    const steps = [
      [audio(0), 0],
      [audio(21), 0],
      [audio(800), 0],
      [video(0, 80, true), 1],
      [video(40, 80), 2],
      [audio(821), 2],
    ] as const;
    expect(run(timeline, steps)).toEqual(['a:0 first-publish', 'a:21', 'a:800', 'v:0', 'v:40', 'a:821']);
  });

  test('a small step back is evened out and the picture keeps its PTS', () => {
    const timeline = new OutputTimeline();
    timeline.push(video(1000, 0, true), at(0));
    const { packet, newEpoch } = timeline.push(video(990, 120), at(40));
    expect([packet.dts, ptsOf(packet as AvcFramePacket), newEpoch]).toEqual([1001, 1110, false]);
    timeline.push(audio(1000), at(40));
    expect(timeline.push(audio(995), at(41)).packet.dts).toBe(1000);
    expect(timeline.counts.evenedOut).toBe(2);
  });

  test('many small steps back are not evened out for ever', () => {
    const timeline = new OutputTimeline();
    const out = Array.from({ length: 10 }, (_, i) => timeline.push(video(1000 - i * 30), at(i * 30)));
    expect(out.filter((step) => step.newEpoch).length).toBeGreaterThan(1);
  });
});

describe('whatever comes in', () => {
  const anyStep = fc.record({
    kind: fc.constantFrom('video', 'audio', 'config'),
    /** Mostly a frame's distance, now and then anything. */
    step: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 0, max: 45 }) },
      { weight: 2, arbitrary: fc.integer({ min: -300, max: 3000 }) },
      { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }) },
    ),
    compositionOffset: fc.integer({ min: -200, max: 400 }),
    passedMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 60_000 })),
    newPublish: fc.integer({ min: 0, max: 30 }).map((roll) => roll === 0),
  });

  test('no track goes back, no time is negative, config travels with the stream', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
        const timeline = new OutputTimeline();
        const last = { video: -1, audio: -1 };
        let now = 0;
        let dts = 0;
        let epochs = 0;
        for (const { kind, step, compositionOffset, passedMs, newPublish } of steps) {
          now += passedMs;
          dts += step;
          if (newPublish) timeline.beginPublish();
          const input =
            kind === 'video' ? video(dts, compositionOffset) : kind === 'audio' ? audio(dts) : config(dts);
          const { packet, newEpoch } = timeline.push(input, at(now));
          if (newEpoch) epochs++;
          expect(packet.dts).toBeGreaterThanOrEqual(0);
          expect(Number.isInteger(packet.dts)).toBe(true);
          if (packet.kind === 'avc-frame') {
            expect(packet.dts).toBeGreaterThan(last.video);
            expect(ptsOf(packet)).toBeGreaterThanOrEqual(0);
            last.video = packet.dts;
          } else if (packet.kind === 'aac-frame') {
            expect(packet.dts).toBeGreaterThanOrEqual(last.audio);
            last.audio = packet.dts;
          }
        }
        expect(timeline.counts.epochs).toBe(epochs);
      }),
      { numRuns: 300 },
    );
  });

  /** Publishes as encoders make them: each track in order, the two interleaved within half a second. */
  const anyPublish = fc.record({
    start: fc.integer({ min: 0, max: 2 ** 33 }),
    audioBehind: fc.integer({ min: -250, max: 250 }),
    audioFirst: fc.boolean(),
    frames: fc.integer({ min: 20, max: 60 }),
    composition: fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 5 }),
    awayMs: fc.integer({ min: 0, max: 120_000 }),
    /** True: a real end of the publish; false: the times jump within it. */
    ends: fc.boolean(),
  });

  test('within an epoch one offset holds for audio and video, and each epoch follows the one before', () => {
    fc.assert(
      fc.property(fc.array(anyPublish, { minLength: 1, maxLength: 6 }), (publishes) => {
        const timeline = new OutputTimeline();
        let now = 0;
        let lastOut = -1;
        for (const publish of publishes) {
          if (publish.ends) timeline.beginPublish();
          now += publish.ends ? publish.awayMs + 600 : 1;
          const packets: MediaPacket[] = [];
          for (let i = 0; i < publish.frames; i++) {
            const picture = video(
              publish.start + i * 40,
              publish.composition[i % publish.composition.length],
            );
            const sound = audio(Math.max(0, publish.start + i * 40 - publish.audioBehind));
            packets.push(...(publish.audioFirst ? [sound, picture] : [picture, sound]));
          }
          const offsets = new Set<number>();
          let start: number | null = null;
          let moved = false;
          for (const packet of packets) {
            const before = timeline.counts.evenedOut;
            const placedPacket = timeline.push(packet, at(now));
            // A new epoch within this publish: where it had jumped, or a track reached behind the epoch before.
            if (placedPacket.newEpoch) {
              offsets.clear();
              start = placedPacket.packet.dts;
              expect(start).toBeGreaterThan(lastOut);
            }
            if (timeline.counts.evenedOut === before) {
              offsets.add(placedPacket.packet.dts - packet.dts);
              if (packet.kind === 'avc-frame') {
                const out = placedPacket.packet as AvcFramePacket;
                expect(out.compositionOffset).toBe(packet.compositionOffset);
              }
            } else moved = true;
            lastOut = Math.max(lastOut, placedPacket.packet.dts);
            now += 20;
          }
          if (timeline.counts.stragglers === 0) expect(offsets.size).toBe(1);
          if (publish.ends && publish.start > 500) expect(moved).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
