import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bpmKindOf,
  isPrecisionTimeStamp,
  NalType,
  nalUnitsOfAvcc,
  type PrecisionTimeStamp,
  parseBpm,
  parsePrecisionTimeStamp,
  parseSeiNal,
} from '../h264-sei-parser/src/index.ts';
import { FlvReader } from '../packet/flv-reader.ts';
import { type AvcFramePacket, ptsOf } from '../packet/packet.ts';
import type { StreamStatus } from '../server/media/status.ts';
import { until } from './lib/api.ts';
import { type BpmPublish, publishWithBpm } from './lib/bpm-publisher.ts';
import { type System, startSystem } from './lib/system.ts';

/** Far behind: what the director sees in the room comes that much later. */
const CAPTURE_TO_SEND_MS = 3_000;
const DROPPED = 2;
const FRAME_MS = 40;
/** Four keyframes, one a second, and the start of ffmpeg. */
const LOCKED_MS = 20_000;

/** What viewers get of keyframes: when OBS composited them, and the MISB time that was written. */
interface Keyframe {
  readonly pts: number;
  readonly compositedMs: number | null;
  readonly misb: PrecisionTimeStamp | null;
}

describe('a publisher that sends OBS broadcast performance metrics', () => {
  let system: System;
  let publish: BpmPublish;
  const keyframes: Keyframe[] = [];
  let close: () => void;

  beforeAll(async () => {
    system = await startSystem({ FRAMECUE_WRITE_MISB: 'keyframe' });
    const { rtmpUrl, streamKey, outputs } = await system.run();
    publish = await publishWithBpm({
      stream: 'bframes-25',
      url: `${rtmpUrl}/${streamKey}`,
      captureToSendMs: CAPTURE_TO_SEND_MS,
      dropped: DROPPED,
    });
    await system.api.untilLive(LOCKED_MS);
    close = readKeyframes(outputs.flv, (keyframe) => keyframes.push(keyframe));
  });
  afterAll(async () => {
    close?.();
    await publish?.stop();
    await system?.stop();
  });

  const encoderClock = async () => {
    const { body } = await system.api.media<StreamStatus>('GET', system.api.streamPath);
    return body.encoderClock!;
  };
  /** Capture time by what viewers can read: the keyframe before it, and the distance of the PTS. */
  const captureOf = (pts: number): number => {
    const before = keyframes.findLast((keyframe) => keyframe.pts <= pts && keyframe.compositedMs !== null)!;
    return before.compositedMs! + pts - before.pts;
  };

  it('is known to be locked, with its delays and its dropped frames', async () => {
    const status = await until('the clock is locked', LOCKED_MS, async () => {
      const now = await encoderClock();
      return now.state === 'locked' ? now : null;
    });
    expect(status).toMatchObject({
      source: 'bpm',
      timing: 'capture',
      malformed: 0,
      steps: 0,
      aheadAtLeastMs: 0,
      // Nobody has said how long pictures are on their way: a clock that is behind could not be told.
      check: 'unconfirmed',
      contradiction: null,
      encodeMs: { last: 70 },
    });
    const { captureToArrivalMs, errorMs, frames } = status;
    expect(captureToArrivalMs!.least).toBeGreaterThan(CAPTURE_TO_SEND_MS - 5);
    expect(captureToArrivalMs!.least).toBeLessThan(CAPTURE_TO_SEND_MS + 5_000);
    expect(errorMs).toBeLessThan(100);
    expect(frames!.dropped.total).toBe((frames!.rendered.total / 25) * DROPPED);
    expect(frames!.skipped.total).toBe(frames!.rendered.total / 25);
  });

  it('stands in the metrics', async () => {
    const { body } = await system.api.media<string>('GET', '/metrics');
    const metric = (name: string, labels = ''): number => {
      const line = body
        .split('\n')
        .find((text) => text.startsWith(`framecue_encoder_clock_${name}{stream="live/main"${labels},`));
      return Number(line?.split(' ').at(-1));
    };
    expect(metric('state', ',state="locked"')).toBe(1);
    expect(metric('state', ',state="absent"')).toBe(0);
    expect(metric('encode_seconds')).toBe(0.07);
    expect(metric('capture_to_arrival_seconds')).toBeGreaterThan(CAPTURE_TO_SEND_MS / 1000 - 0.005);
    expect(metric('error_seconds')).toBeLessThan(0.1);
    expect(metric('frames_total', ',kind="dropped"')).toBeGreaterThanOrEqual(4 * DROPPED);
  });

  it.each([
    ['two seconds ahead', 2_000],
    ['this very moment: it is on its way', 0],
    ['just now', -100],
  ])('has a cue for a moment land on the picture that was taken then, %s', async (_when, aheadMs) => {
    // A moment at which a picture was taken, to the millisecond.
    const sinceStart = Math.round((Date.now() + aheadMs - publish.captureOf(0)) / FRAME_MS) * FRAME_MS;
    const at = publish.captureOf(sinceStart);
    const { id } = await system.api.mark({ type: 'custom.test', at });
    const { landing } = await system.api.landed(id);
    expect(landing).toMatchObject({
      timing: 'capture',
      choice: 'scheduled',
      encoderClock: 'unconfirmed',
    });
    expect(captureOf(landing!.pts)).toBe(at);
    expect(Math.abs(landing!.errorMs)).toBeLessThanOrEqual(landing!.timingErrorMs! + 2);
  });

  it("has MISB time stamps of the same times on its keyframes, locked where this server's clock is", async () => {
    // By now the encoder's clock has been known for some keyframes; whether ours is, is this machine's matter.
    const { body } = await system.api.media<{ grade: string }>('GET', '/api/v1/clock/health');
    const isOurs = body.grade === 'good' || body.grade === 'fair';
    if (isOurs) {
      await until('a locked time stamp has come', LOCKED_MS, async () =>
        keyframes.some(({ misb }) => misb?.locked === true) ? true : null,
      );
    }
    expect(keyframes.length).toBeGreaterThan(4);
    for (const { misb } of keyframes) expect(misb).not.toBeNull();
    for (const { pts, misb } of keyframes.slice(4)) {
      expect(Math.abs(Number(misb!.time) / 1000 - captureOf(pts))).toBeLessThan(50);
      if (!isOurs) expect(misb!.locked).toBe(false);
    }
  });
});

function readKeyframes(url: string, onKeyframe: (keyframe: Keyframe) => void): () => void {
  const reader = new FlvReader();
  const request = get(url, (response) => {
    response.on('data', (chunk: Buffer) => {
      for (const item of reader.read(chunk)) {
        if (item.kind === 'packet' && item.packet.kind === 'avc-frame' && item.packet.isKeyframe)
          onKeyframe(keyframeOf(item.packet));
      }
    });
    // Cut at the end of the test.
    response.on('error', () => undefined);
  });
  request.on('error', () => undefined);
  return () => request.destroy();
}

function keyframeOf(packet: AvcFramePacket): Keyframe {
  let compositedMs: number | null = null;
  let misb: PrecisionTimeStamp | null = null;
  let isAfterSlice = false;
  for (const { type, start, end } of nalUnitsOfAvcc(packet.data, 4)) {
    if (type === NalType.idr) isAfterSlice = true;
    if (type !== NalType.sei) continue;
    for (const { payloadType, payload } of parseSeiNal(packet.data.subarray(start, end))) {
      if (payloadType !== 5) continue;
      if (isPrecisionTimeStamp(payload) && !isAfterSlice) misb = parsePrecisionTimeStamp(payload);
      const bpm = bpmKindOf(payload) === 'TS' ? parseBpm(payload) : null;
      const composited = bpm?.times.find(({ event }) => event === 1);
      if (composited?.type === 'rfc3339') compositedMs = composited.unixMicroseconds! / 1000;
    }
  }
  return { pts: ptsOf(packet), compositedMs, misb };
}
