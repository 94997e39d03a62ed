import { beforeAll, describe, expect, test } from 'vitest';
import { parseAacConfig } from '../packet/aac-config.ts';
import { parseAvcRecord } from '../packet/avc-record.ts';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import { ms } from '../packet/time.ts';
import { HealthMeter } from './health.ts';

const picture = (dts: number, isKeyframe = false, compositionOffset = 0, bytes = 5000): AvcFramePacket => ({
  kind: 'avc-frame',
  dts: ms(dts),
  isKeyframe,
  compositionOffset: ms(compositionOffset),
  data: new Uint8Array(bytes),
});
const sound = (dts: number, bytes = 256) =>
  ({ kind: 'aac-frame', dts: ms(dts), data: new Uint8Array(bytes) }) as const;

interface Stream {
  readonly seconds: number;
  readonly gopFrames?: number;
  readonly audio?: boolean;
  /** Real time per media time. */
  readonly slowness?: number;
  readonly from?: number;
}

/** 25 pictures and 50 sounds a second, on a clock that moves with them. */
function feed(meter: HealthMeter, clock: ManualClock, stream: Stream): void {
  const { seconds, gopFrames = 50, audio = true, slowness = 1, from = 0 } = stream;
  for (let i = 0; i < seconds * 25; i++) {
    meter.videoFrame(picture(from + i * 40, i % gopFrames === 0));
    if (audio) {
      meter.audioFrame(sound(from + i * 40));
      meter.audioFrame(sound(from + i * 40 + 20));
    }
    clock.advanceMs(40 * slowness);
  }
}

const fresh = () => {
  const clock = new ManualClock();
  return { clock, meter: new HealthMeter(clock) };
};
const codesOf = (meter: HealthMeter) =>
  meter.snapshot().problems.map(({ level, code }) => `${level} ${code}`);

describe('a healthy stream', () => {
  test('is measured as it is and has no problems', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 20 });
    const { video, audio, timing, problems } = meter.snapshot();
    expect(problems).toEqual([]);
    expect(video).toMatchObject({
      frames: 500,
      keyframes: 10,
      gopFrames: { last: 50, max: 50 },
      keyframeIntervalMs: { last: 2000, max: 2000 },
      sinceKeyframeMs: 1960,
      hasBFrames: false,
      reorderDepth: 0,
      lastPacketAgeMs: 40,
    });
    expect(video.frameRate).toBeCloseTo(25, 5);
    expect(video.speed).toBeCloseTo(1, 5);
    expect(video.arrivalFrameRate! / 25).toBeCloseTo(1, 1);
    expect(video.bitsPerSecond! / (25 * 5000 * 8)).toBeCloseTo(1, 1);
    expect(audio.bitsPerSecond! / (50 * 256 * 8)).toBeCloseTo(1, 1);
    expect(timing).toMatchObject({ gaps: 0, jumps: 0, jitterMs: 0 });
  });

  test('says nothing of rates before it has seen a second', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 0.4 });
    expect(meter.snapshot().video).toMatchObject({
      bitsPerSecond: null,
      arrivalFrameRate: null,
      speed: null,
    });
    expect(codesOf(meter)).toEqual([]);
  });
});

describe('what is wrong is said', () => {
  test('no picture, no sound', () => {
    const { clock, meter } = fresh();
    clock.advanceMs(2900);
    expect(codesOf(meter)).toEqual([]);
    clock.advanceMs(200);
    expect(codesOf(meter)).toEqual(['bad no-video', 'warn no-audio']);
  });

  test('video only', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 6, audio: false });
    expect(codesOf(meter)).toEqual(['warn no-audio']);
    expect(meter.snapshot().timing.avSkewMs).toBeNull();
  });

  test.each([
    [125, ['warn keyframe-interval']],
    [300, ['bad keyframe-interval']],
  ])('a keyframe every %i pictures', (gopFrames, expected) => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 25, gopFrames });
    expect(codesOf(meter)).toEqual(expected);
  });

  test('no second keyframe at all', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 6, gopFrames: 1e9 });
    expect(codesOf(meter)).toEqual(['warn keyframe-interval']);
  });

  test('the frame rate is below the declared one', () => {
    const { clock, meter } = fresh();
    meter.declaredFrameRate(30);
    feed(meter, clock, { seconds: 10 });
    expect(codesOf(meter)).toEqual(['warn frame-rate-low']);
    meter.declaredFrameRate(50);
    expect(codesOf(meter)).toEqual(['bad frame-rate-low']);
  });

  test.each([
    [1.1, ['warn arrives-slowly']],
    [1.3, ['bad arrives-slowly']],
    [0.5, ['warn arrives-fast']],
  ])('real time per media time: %d', (slowness, expected) => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 20, slowness });
    expect(codesOf(meter)).toEqual(expected);
  });

  test('a gap, while it is in the window', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 10 });
    clock.advanceMs(600);
    feed(meter, clock, { seconds: 4, from: 10_600 });
    expect(codesOf(meter)).toEqual(['warn gaps']);
    expect(meter.snapshot().timing).toMatchObject({ gaps: 1, gapsInWindow: 1, largestGapMs: 640 });
    feed(meter, clock, { seconds: 10, from: 14_600 });
    expect(codesOf(meter)).toEqual([]);
    expect(meter.snapshot().timing).toMatchObject({ gaps: 1, gapsInWindow: 0 });
  });

  test('a lower frame rate is a row of gaps only at first', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 10 });
    for (let i = 0; i < 200; i++) {
      meter.videoFrame(picture(10_000 + i * 200, i % 10 === 0));
      meter.audioFrame(sound(10_000 + i * 200));
      clock.advanceMs(200);
    }
    expect(codesOf(meter)).toEqual([]);
    expect(meter.snapshot().timing.gaps).toBeLessThan(60);
  });

  test('a jump of time', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 10 });
    feed(meter, clock, { seconds: 4 });
    expect(codesOf(meter)).toEqual(['bad jumps']);
    expect(meter.snapshot().timing).toMatchObject({ jumps: 1, largestJumpMs: 9960, gaps: 0 });
    expect(meter.snapshot().video.frameRate).toBeCloseTo(25, 5);
  });

  test('picture and sound stall', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 10 });
    clock.advanceMs(1500);
    expect(codesOf(meter)).toEqual(['warn video-stalled', 'warn audio-stalled']);
    clock.advanceMs(2000);
    expect(codesOf(meter)).toEqual(['bad video-stalled', 'bad audio-stalled']);
  });

  test('sound that runs behind the picture', () => {
    const { clock, meter } = fresh();
    for (let i = 0; i < 250; i++) {
      meter.audioFrame(sound(Math.max(0, i * 40 - 800)));
      meter.videoFrame(picture(i * 40, i % 50 === 0));
      clock.advanceMs(40);
    }
    expect(meter.snapshot().timing.avSkewMs).toBeCloseTo(-800, 0);
    expect(codesOf(meter)).toEqual(['warn av-skew']);
  });

  test.each([
    [25, ['warn jitter']],
    [75, ['bad jitter']],
    [5, []],
  ])('pictures that arrive %i at a time', (burst, expected) => {
    const { clock, meter } = fresh();
    for (let i = 0; i < 525; i++) {
      meter.videoFrame(picture(i * 40, i % 50 === 0));
      meter.audioFrame(sound(i * 40));
      if (i % burst === burst - 1) clock.advanceMs(burst * 40);
    }
    expect(codesOf(meter).filter((code) => code.includes('jitter'))).toEqual(expected);
  });

  test('corrupt packets, while they are in the window', () => {
    const { clock, meter } = fresh();
    feed(meter, clock, { seconds: 6 });
    meter.corruptTag();
    expect(codesOf(meter)).toEqual(['warn corrupt']);
    feed(meter, clock, { seconds: 11, from: 6000 });
    expect(codesOf(meter)).toEqual([]);
    expect(meter.snapshot()).toMatchObject({ corrupt: 1, corruptInWindow: 0 });
  });
});

describe('a stream from x264', () => {
  let packets: readonly MediaPacket[];
  beforeAll(async () => {
    packets = packetsOfFlv(await makeFlv({ seconds: 2, bFrames: 2, gop: 25 }));
  });

  test('its configuration, B-frames and GOP are read from the packets', () => {
    const { clock, meter } = fresh();
    for (const packet of packets) {
      clock.advanceMs(10);
      if (packet.kind === 'avc-config') meter.videoConfig(parseAvcRecord(packet.record));
      if (packet.kind === 'aac-config') meter.audioConfig(parseAacConfig(packet.data));
      if (packet.kind === 'avc-frame') meter.videoFrame(packet);
      if (packet.kind === 'aac-frame') meter.audioFrame(packet);
    }
    const { video, audio } = meter.snapshot();
    expect(video).toMatchObject({
      width: 160,
      height: 90,
      declaredFrameRate: 25,
      frames: 50,
      keyframes: 2,
      gopFrames: { last: 25, max: 25 },
      hasBFrames: true,
    });
    expect(video.reorderDepth).toBeGreaterThanOrEqual(1);
    expect(video.codec).toMatch(/^avc1\.[0-9a-f]{6}$/);
    expect(video.profile).toMatch(/Main|High/);
    expect(video.level).toMatch(/^[1-6]\.\d$/);
    expect(audio).toMatchObject({ codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2 });
  });
});
