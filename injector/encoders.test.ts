import { describe, expect, it } from 'vitest';
import { ManualClock } from '../packet/clock.ts';
import type { AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { DEFAULT_INJECTOR_SETTINGS, StreamInjector } from './injector.ts';
import type { LintCode } from './lint-codes.ts';
import { newKey, preparedCue, stampsOf } from './test-support/cues.ts';
import { bpmUnits, likeObs, unitsOf } from './test-support/nal-units.ts';
import { decode, encode } from './test-support/x264.ts';

const key = newKey();

/** Every frame stamped, a cue in the middle; what comes out, and the injector that did it. */
function inject(packets: readonly MediaPacket[]) {
  const clock = new ManualClock();
  const settings = { ...DEFAULT_INJECTOR_SETTINGS, clockStampEveryFrame: true };
  const injector = new StreamInjector('e1', clock, settings, () => undefined);
  const out = packets.map((packet, index) => {
    if (index === 20) injector.add(preparedCue('c1', key, { repeat: 3 }));
    clock.advanceMs(packet.kind === 'avc-frame' ? 40 : 0);
    return injector.process(packet);
  });
  return { out, injector };
}

const isFrame = (packet: MediaPacket): packet is AvcFramePacket => packet.kind === 'avc-frame';

describe('what x264 writes', () => {
  it.each<[string, string, string[], LintCode[]]>([
    ['plain', 'bframes=0', [], []],
    ['interlaced', 'interlaced=1:tff=1', ['-flags', '+ilme+ildct'], []],
    ['intra refresh', 'intra-refresh=1:bframes=0', [], ['KEYFRAME_RECOVERY_POINT']],
    ['four slices', 'slices=4', [], []],
    ['four slices, interlaced', 'slices=4:interlaced=1', ['-flags', '+ilme+ildct'], []],
    ['access unit delimiters', 'aud=1:bframes=2', [], ['AUD_NOT_FIRST']],
    [
      'HRD with filler',
      'nal-hrd=cbr:vbv-maxrate=300:vbv-bufsize=300:aud=1',
      [],
      ['AUD_NOT_FIRST', 'BUFFERING_PERIOD_NOT_FIRST'],
    ],
    ['open GOP', 'open-gop=1:bframes=3', [], ['KEYFRAME_RECOVERY_POINT']],
    ['B-pyramid', 'b-pyramid=strict:bframes=3:ref=4', [], []],
    ['CAVLC', 'cabac=0', ['-profile:v', 'baseline'], []],
  ])(
    '%s is stamped, decodes to the same pictures, and gives no new warning',
    async (_, params, more, codes) => {
      const encoded = await encode(params, more);
      const { out, injector } = inject(encoded.map(likeObs));
      const frames = out.filter(isFrame);
      expect(frames).toHaveLength(50);
      for (const frame of frames) expect(stampsOf(frame)[0]!.kind).toBe('clock');
      const cues = frames.flatMap((frame) => stampsOf(frame)).filter(({ kind }) => kind === 'cue');
      expect(cues.length).toBeGreaterThan(3);
      expect(injector.counters).toMatchObject({ passedUntouched: 0, errors: {} });
      const found = injector.lint.all().map(({ code }) => code);
      expect(found.sort()).toEqual([...codes, 'SEI_AFTER_SLICES'].sort());
      const [before, after] = [await decode(encoded), await decode(out)];
      expect(after.pictures).toEqual(before.pictures);
      expect(after.pictures).toHaveLength(50);
      // Of what OBS adds, ffmpeg says "Late SEI is not implemented": that is gone with it.
      expect(after.warnings).toEqual(before.warnings);
    },
  );

  it('has its OBS metrics before the slices and behind the buffering period, and nothing else moved', async () => {
    const packets = (await encode('nal-hrd=vbr:vbv-maxrate=300:vbv-bufsize=300')).map(likeObs);
    const { out, injector } = inject(packets);
    const keyframes = out.filter(isFrame).filter(({ isKeyframe }) => isKeyframe);
    for (const { data } of keyframes) {
      const units = unitsOf(data);
      const types = units.map((unit) => unit[0]! & 0x1f);
      const firstSlice = types.indexOf(5);
      const [first] = bpmUnits();
      const bpm = units.findIndex((unit) => Buffer.compare(unit, first!) === 0);
      expect(bpm).toBeGreaterThan(0);
      expect(bpm).toBeLessThan(firstSlice);
      // payloadType 0: the buffering period.
      expect(units[types.indexOf(6)]![1]).toBe(0);
      expect(types.lastIndexOf(6)).toBeLessThan(firstSlice);
    }
    expect(injector.counters.seiMoved).toBe(3 * keyframes.length);
    // ffmpeg puts x264's own message before the very first one.
    expect(injector.counters.seiBehindBufferingPeriod).toBe(1);
  });
});
