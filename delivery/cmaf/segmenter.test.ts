import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AvcFramePacket, MediaPacket } from '../../packet/packet.ts';
import { ms } from '../../packet/time.ts';
import { framesOf } from '../testing/flv-check.ts';
import { readFragments } from '../testing/mp4-reader.ts';
import { aacConfig, avcConfig, frame, madeStream, sound } from '../testing/packets.ts';
import { type MediaSegment, Segmenter, type SegmenterSettings } from './segmenter.ts';

const settings: SegmenterSettings = {
  targetMs: 2_000,
  maxSegmentMs: 10_000,
  maxSegmentBytes: 1_000_000,
  eventMessages: false,
};

function segmentsOf(packets: readonly (MediaPacket | 'epoch')[], chosen: Partial<SegmenterSettings> = {}) {
  const segments: MediaSegment[] = [];
  const segmenter = new Segmenter({ ...settings, ...chosen }, (segment) => segments.push(segment));
  for (const packet of packets) {
    if (packet === 'epoch') segmenter.startEpoch();
    else segmenter.push(packet);
  }
  segmenter.end();
  return { segments, target: segmenter.targetDuration };
}

/** What of a track came out, over all segments. */
function samplesOf(segments: readonly MediaSegment[], track: number) {
  return segments.flatMap(({ bytes }) =>
    readFragments(bytes)
      .filter((run) => run.track === track)
      .flatMap((run) => run.samples),
  );
}

/** Decoding and presentation times in milliseconds, and data, of the video. */
const videoOf = (segments: readonly MediaSegment[]) =>
  samplesOf(segments, 1).map(({ dts, compositionOffset, data }) => ({
    dts: dts / 90,
    pts: (dts + compositionOffset) / 90,
    data: new Uint8Array(data),
  }));

const expectedOf = (frames: readonly AvcFramePacket[]) =>
  frames.map(({ dts, compositionOffset, data }) => ({ dts, pts: dts + compositionOffset, data }));

const shape = (segments: readonly MediaSegment[]) =>
  segments.map(({ durationMs, isIndependent, isDiscontinuous }) =>
    [durationMs, isIndependent ? 'key' : 'delta', ...(isDiscontinuous ? ['discontinuity'] : [])].join(' '),
  );

describe('segments', () => {
  test('end at the first keyframe after the target; nothing is lost', () => {
    const source = madeStream({ gops: 6, gop: 25 });
    const { segments, target } = segmentsOf(source);
    expect(shape(segments)).toEqual(['2000 key', '2000 key', '2000 key']);
    expect(target).toBe(2);
    expect(videoOf(segments)).toEqual(expectedOf(framesOf(source)));
    const audio = samplesOf(segments, 2);
    expect(audio).toHaveLength(source.filter((packet) => packet.kind === 'aac-frame').length);
    expect(new Set(audio.map((sample) => sample.duration))).toEqual(new Set([1024]));
    expect(new Set(segments.map((segment) => segment.init)).size).toBe(1);
  });

  test('of sound and picture cover the same time', () => {
    const { segments } = segmentsOf(madeStream({ gops: 6, gop: 25 }));
    for (const { bytes } of segments) {
      const [video, audio] = readFragments(bytes);
      const start = video!.baseDecodeTime / 90;
      const audioStart = audio!.baseDecodeTime / 48;
      expect(audioStart).toBeGreaterThan(start - 1);
      expect(audioStart).toBeLessThan(start + 22);
    }
  });

  test('mind the rounding of 29.97 pictures a second', () => {
    const frames = Array.from({ length: 241 }, (_, n) => frame(Math.round((n * 1001) / 30), n, n % 60 === 0));
    const { segments } = segmentsOf([avcConfig(), ...frames]);
    expect(shape(segments).slice(0, 4)).toEqual(['2002 key', '2002 key', '2002 key', '2002 key']);
    expect(videoOf(segments)).toEqual(expectedOf(frames));
  });

  test('keep presentation times to the tick, with offsets of both signs', () => {
    const offsets = [80, 160, 0, -40, 80];
    const frames = Array.from({ length: 100 }, (_, n) => frame(n * 40, n, n % 50 === 0, 40, offsets[n % 5]!));
    const { segments } = segmentsOf([avcConfig(), ...frames]);
    expect(videoOf(segments)).toEqual(expectedOf(frames));
    expect(segments.map((segment) => segment.startPts)).toEqual([80, 2080]);
  });

  test('give times that are not whole milliseconds to a tick', () => {
    const frames = Array.from({ length: 100 }, (_, n) => frame(n * 33.3667, n, n % 50 === 0));
    const { segments } = segmentsOf([avcConfig(), ...frames]);
    videoOf(segments).forEach(({ pts }, n) => {
      expect(Math.abs(pts - n * 33.3667)).toBeLessThan(0.006);
    });
  });

  test('begin with the first keyframe; sound before it is left out, and with it kept', () => {
    const { segments } = segmentsOf([
      frame(0, 0, true),
      avcConfig(),
      aacConfig(),
      frame(40, 1, false),
      sound(59),
      sound(80),
      frame(80, 2, true),
      sound(101),
    ]);
    expect(videoOf(segments).map(({ dts }) => dts)).toEqual([80]);
    expect(samplesOf(segments, 2).map(({ dts }) => dts / 48)).toEqual([80, 80 + 64 / 3]);
  });

  test('of a stream without sound have one track', () => {
    const { segments } = segmentsOf(madeStream({ gops: 2, gop: 50, audio: false }));
    expect(readFragments(segments[0]!.bytes).map(({ track }) => track)).toEqual([1]);
    expect(segments[0]!.init.bytes.length).toBeLessThan(
      segmentsOf(madeStream({ gops: 2, gop: 50 })).segments[0]!.init.bytes.length,
    );
  });

  test('have sound whose configuration comes only after the first picture', () => {
    const { segments } = segmentsOf([
      avcConfig(),
      frame(0, 0, true),
      aacConfig(20),
      sound(21),
      ...Array.from({ length: 60 }, (_, n) => frame(40 + n * 40, n + 1, n === 49)),
    ]);
    expect(shape(segments)).toEqual(['2000 key', '440 key']);
    expect(samplesOf(segments, 2)).toHaveLength(1);
  });
});

describe('the target duration', () => {
  test.each([
    ['2 s GOPs', 50, 2],
    ['4 s GOPs', 100, 4],
    ['GOPs of 8.36 s, as OBS makes by itself', 209, 8],
    ['3.5 s, rounded as players do', 87, 3],
  ])('%s', (_, gop, target) => {
    const made = segmentsOf(madeStream({ gops: 3, gop, audio: false }));
    expect(made.target).toBe(target);
    expect(shape(made.segments)).toEqual(Array(3).fill(`${gop * 40} key`));
  });

  test('never changes: a GOP that is longer is cut, and nothing is lost', () => {
    const long = [0, 50, 100, 350].flatMap((start, index, starts) =>
      Array.from({ length: (starts[index + 1] ?? 400) - start }, (_, n) =>
        frame((start + n) * 40, start + n, n === 0),
      ),
    );
    const { segments, target } = segmentsOf([avcConfig(), ...long]);
    expect(target).toBe(2);
    for (const { durationMs } of segments) expect(Math.round(durationMs / 1000)).toBeLessThanOrEqual(2);
    expect(shape(segments).slice(0, 4)).toEqual(['2000 key', '2000 key', '2480 key', '2480 delta']);
    expect(videoOf(segments)).toEqual(expectedOf(long));
  });

  test('is kept to where every GOP is a little too long: each begins a segment all the same', () => {
    const frames = Array.from({ length: 300 }, (_, n) => frame(n * 40, n, n === 0 || (n - 50) % 65 === 0));
    const { segments, target } = segmentsOf([avcConfig(), ...frames]);
    expect(target).toBe(2);
    expect(shape(segments).slice(0, 5)).toEqual([
      '2000 key',
      '2480 key',
      '120 delta',
      '2480 key',
      '120 delta',
    ]);
    expect(videoOf(segments)).toEqual(expectedOf(frames));
  });

  test('of a stream with one keyframe alone', () => {
    const frames = Array.from({ length: 600 }, (_, n) => frame(n * 40, n, n === 0));
    const { segments, target } = segmentsOf([avcConfig(), ...frames]);
    expect(target).toBe(10);
    expect(shape(segments)).toEqual(['9960 key', '10480 delta', '3560 delta']);
    expect(videoOf(segments)).toEqual(expectedOf(frames));
  });
});

describe('limits', () => {
  test('a segment holds no more bytes than allowed', () => {
    const frames = Array.from({ length: 50 }, (_, n) => frame(n * 40, n, n === 0, 10_000));
    const { segments } = segmentsOf([avcConfig(), ...frames], { maxSegmentBytes: 100_000 });
    for (const { bytes } of segments) expect(bytes.length).toBeLessThan(102_000);
    expect(videoOf(segments)).toEqual(expectedOf(frames));
  });

  test('sound does not pile up while no picture comes', () => {
    const sounds = Array.from({ length: 20_000 }, (_, n) => sound(n * 21));
    const { segments } = segmentsOf([avcConfig(), aacConfig(), frame(0, 0, true), ...sounds]);
    expect(segments).toHaveLength(1);
    expect(samplesOf(segments, 2).length).toBeLessThanOrEqual(8_192);
  });
});

describe('where the stream does not go on', () => {
  const second = (start: number, mark = 0x20) => [
    avcConfig(start, mark),
    aacConfig(start),
    frame(start, 500, true),
    sound(start + 5),
    frame(start + 40, 501, false),
  ];

  test('a new epoch begins a segment with a discontinuity, on the same timeline', () => {
    const first = madeStream({ gops: 1, gop: 10 });
    const { segments } = segmentsOf([...first, 'epoch', frame(900, 9, false), ...second(1000)]);
    expect(shape(segments)).toEqual(['400 key', '80 key discontinuity']);
    expect(segments[1]!.init).toBe(segments[0]!.init);
    expect(readFragments(segments[1]!.bytes)[0]!.baseDecodeTime).toBe(90_000);
  });

  test('and needs its own initialization where its pictures are others', () => {
    const { segments } = segmentsOf([...madeStream({ gops: 1 }), 'epoch', ...second(1000, 0x21)]);
    expect(segments[1]!.init).not.toBe(segments[0]!.init);
  });

  test('sound that a new epoch has no more is gone from its tracks', () => {
    const { segments } = segmentsOf([
      ...madeStream({ gops: 1 }),
      'epoch',
      avcConfig(1000),
      frame(1000, 500, true),
      sound(1005),
    ]);
    expect(readFragments(segments[1]!.bytes).map(({ track }) => track)).toEqual([1]);
    expect(segments[1]!.init.bytes.length).toBeLessThan(segments[0]!.init.bytes.length);
  });

  test('epochs without a picture leave no segment', () => {
    const { segments } = segmentsOf(['epoch', avcConfig(), 'epoch', ...madeStream({ gops: 1 }), 'epoch']);
    expect(shape(segments)).toEqual(['400 key']);
  });

  test('configs that change take hold at the next keyframe, before the target', () => {
    const first = Array.from({ length: 25 }, (_, n) => frame(n * 40, n, n === 0));
    const rest = Array.from({ length: 25 }, (_, n) => frame(1000 + n * 40, 25 + n, n === 0));
    const { segments } = segmentsOf([avcConfig(), ...first, avcConfig(1000, 0x21), ...rest]);
    expect(shape(segments)).toEqual(['1000 key', '1000 key discontinuity']);
    expect(segments[1]!.init).not.toBe(segments[0]!.init);
  });

  test('sound of another configuration waits for the next keyframe', () => {
    const frames = Array.from({ length: 100 }, (_, n) => frame(n * 40, n, n % 50 === 0));
    const { segments } = segmentsOf([
      avcConfig(),
      aacConfig(0),
      ...frames.slice(0, 60),
      sound(2395),
      aacConfig(2400, 44_100),
      sound(2400),
      ...frames.slice(60),
      frame(4000, 100, true),
      sound(4000),
    ]);
    expect(shape(segments)).toEqual(['2000 key', '2000 key', '40 key discontinuity']);
    expect(samplesOf(segments, 2).map(({ dts }) => dts)).toEqual([
      Math.round(2395 * 48),
      Math.round(4000 * 44.1),
    ]);
  });

  test('a hole longer than a segment may be is no long frame: HLS waits for a keyframe', () => {
    const frames = Array.from({ length: 60 }, (_, n) => frame(n * 40, n, n % 50 === 0));
    const later = [frame(9000, 60, false), frame(9040, 61, true), frame(9080, 62, false)];
    const { segments } = segmentsOf([avcConfig(), ...frames, ...later]);
    expect(shape(segments)).toEqual(['2000 key', '400 key', '80 key discontinuity']);
    expect(
      videoOf(segments)
        .map(({ dts }) => dts)
        .slice(-2),
    ).toEqual([9040, 9080]);
  });

  test('a shorter hole is a frame that lasts', () => {
    const frames = [0, 40, 80, 1080, 1120, 2000].map((dts, n) => frame(dts, n, n === 0 || dts === 2000));
    const { segments } = segmentsOf([avcConfig(), ...frames]);
    expect(shape(segments)).toEqual(['2000 key', '40 key']);
    expect(videoOf(segments)).toEqual(expectedOf(frames));
  });

  test('times that go back far begin anew', () => {
    const { segments } = segmentsOf([
      avcConfig(),
      frame(50_000, 0, true),
      frame(50_040, 1, false),
      frame(0, 2, true),
      frame(40, 3, false),
    ]);
    expect(shape(segments)).toEqual(['80 key', '80 key discontinuity']);
  });

  test('times that repeat or go back a little keep their presentation', () => {
    const frames = [
      frame(0, 0, true),
      frame(0, 1, false, 40, 40),
      frame(-5, 2, false, 40, 85),
      frame(40, 3, false),
    ];
    const { segments } = segmentsOf([avcConfig(), ...frames]);
    const out = videoOf(segments);
    expect(out.map(({ pts }) => pts)).toEqual([0, 40, 80, 40]);
    expect(out.every(({ dts }, n) => n === 0 || dts > out[n - 1]!.dts)).toBe(true);
  });

  test('a configuration that cannot be read stops HLS until the next', () => {
    const segments: MediaSegment[] = [];
    const segmenter = new Segmenter(settings, (segment) => segments.push(segment));
    for (const packet of madeStream({ gops: 1 })) segmenter.push(packet);
    const corrupt: MediaPacket = { kind: 'avc-config', dts: ms(400), record: Uint8Array.of(1, 2, 3) };
    expect(() => segmenter.push(corrupt)).toThrow(expect.objectContaining({ code: 'ERR_AVCC_RECORD' }));
    segmenter.push(frame(400, 10, true));
    segmenter.push(frame(440, 11, false));
    segmenter.push(avcConfig(480));
    segmenter.push(frame(480, 12, true));
    segmenter.end();
    expect(shape(segments)).toEqual(['400 key', '40 key discontinuity']);
    const wrongSound: MediaPacket = { kind: 'aac-config', dts: ms(0), data: Uint8Array.of(0) };
    expect(() => segmenter.push(wrongSound)).toThrow(expect.objectContaining({ code: 'ERR_AAC_CONFIG' }));
  });
});

test('whatever the pictures, they come out whole and in order, within the limits', () => {
  const step = fc.record({
    deltaMs: fc.integer({ min: 1, max: 400 }),
    isKeyframe: fc.boolean(),
    offset: fc.integer({ min: -100, max: 200 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 200 }), (steps) => {
      let at = 0;
      const frames = steps.map(({ deltaMs, isKeyframe, offset }, n) => {
        at += deltaMs;
        return frame(at, n, isKeyframe || n === 0, 40, offset);
      });
      const { segments, target } = segmentsOf([avcConfig(), ...frames], { targetMs: 1_000 });
      expect(videoOf(segments)).toEqual(expectedOf(frames));
      let end = frames[0]!.dts as number;
      for (const { durationMs, bytes } of segments) {
        expect(Math.round(durationMs / 1000)).toBeLessThanOrEqual(target!);
        expect(readFragments(bytes)[0]!.baseDecodeTime / 90).toBeCloseTo(end, 6);
        end += durationMs;
      }
    }),
  );
});
