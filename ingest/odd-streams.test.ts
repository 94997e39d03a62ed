import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type NalLengthSize, nalUnitsOfAvcc, writeAvccNal } from '../h264-sei-parser/src/index.ts';
import { tagBodyOf } from '../packet/flv-tag.ts';
import type { AvcConfigPacket, AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import { ms } from '../packet/time.ts';
import { KEY, openIngest, pushWithFfmpeg, type TestIngest } from './test-support/harness.ts';
import { RawRtmpClient } from './test-support/rtmp-client.ts';

const WAIT = { timeout: 20_000, interval: 20 };
const WRAP = 2 ** 32;

type Video = AvcConfigPacket | AvcFramePacket;
const isVideo = (packet: MediaPacket): packet is Video =>
  packet.kind === 'avc-config' || packet.kind === 'avc-frame';

let small: Video[];
let large: Video[];
beforeAll(async () => {
  const video = { audio: false, seconds: 1, gop: 10, bFrames: 2 };
  small = packetsOfFlv(await makeFlv(video)).filter(isVideo);
  large = packetsOfFlv(await makeFlv({ ...video, size: '320x180' })).filter(isVideo);
});

/** One message: RTMP time and FLV tag body. */
interface Message {
  readonly time: number;
  readonly body: Uint8Array;
}

const messageOf = (packet: Video, time: number = packet.dts): Message => ({ time, body: tagBodyOf(packet) });
const onFrames = (change: (frame: AvcFramePacket) => AvcFramePacket) => (): Message[] =>
  small.map((packet) => messageOf(packet.kind === 'avc-frame' ? change(packet) : packet));
const unitsOf = (data: Uint8Array): Uint8Array[] =>
  Array.from(nalUnitsOfAvcc(data, 4), ({ start, end }) => data.subarray(start, end));
const written = (units: readonly Uint8Array[], lengthSize: NalLengthSize): Uint8Array => {
  const out = new Uint8Array(units.reduce((sum, unit) => sum + lengthSize + unit.length, 0));
  let at = 0;
  for (const unit of units) at = writeAvccNal(out, at, unit, lengthSize);
  return out;
};
const bytes = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** As a raw client sends it: with a keyframe flag on nothing. */
const unflagged = ({ time, body }: Message): Message => ({
  time,
  body: body[1] === 1 ? bytes([0x27], body.subarray(1)) : body,
});

async function publish(ingest: TestIngest, messages: readonly Message[]): Promise<RawRtmpClient> {
  const client = await RawRtmpClient.publish(ingest.port, 'live', `main?key=${KEY}`);
  for (const { time, body } of messages) client.video(time, body);
  return client;
}

describe('a publisher that sends', () => {
  test.each<[string, () => Message[], Record<string, number>]>([
    ['what everybody sends', () => small.map((packet) => messageOf(packet)), {}],
    [
      'Annex B in its tags',
      onFrames((frame) => ({
        ...frame,
        data: bytes(...unitsOf(frame.data).flatMap((unit) => [[0, 0, 0, 1], unit])),
      })),
      { 'annex-b': 25 },
    ],
    [
      'an empty NAL unit in every frame',
      onFrames((frame) => ({ ...frame, data: bytes([0, 0, 0, 0], frame.data) })),
      { 'empty-nal': 25 },
    ],
    [
      'zero bytes behind every frame',
      onFrames((frame) => ({ ...frame, data: bytes(frame.data, [0, 0, 0]) })),
      { padding: 25 },
    ],
    [
      'no keyframe flag at all',
      () => small.map((packet) => unflagged(messageOf(packet))),
      { 'keyframe-flag': 3 },
    ],
    [
      'empty frames and ends of sequence in between',
      () =>
        small.flatMap((packet) => [
          messageOf(packet),
          { time: packet.dts, body: bytes([0x27, 1, 0, 0, 0]) },
          { time: packet.dts, body: bytes([0x17, 2, 0, 0, 0]) },
        ]),
      {},
    ],
    [
      'negative composition offsets',
      onFrames((frame) => ({ ...frame, compositionOffset: ms(frame.compositionOffset - 80) })),
      {},
    ],
    [
      'times that pass 32 bits',
      () => small.map((packet) => messageOf(packet, (WRAP - 400 + packet.dts) % WRAP)),
      {},
    ],
    [
      'NAL unit lengths of two bytes',
      () =>
        small.map((packet) =>
          messageOf(
            packet.kind === 'avc-frame'
              ? { ...packet, data: written(unitsOf(packet.data), 2) }
              : { ...packet, record: packet.record.map((byte, at) => (at === 4 ? 0xfd : byte)) },
          ),
        ),
      {},
    ],
    [
      'another size from the middle on',
      () => [
        ...small.map((packet) => messageOf(packet)),
        ...large.map((packet) => messageOf(packet, packet.dts + 1000)),
      ],
      {},
    ],
  ])('%s goes live and loses no frame', async (_, make, repairs) => {
    const messages = make();
    await using ingest = await openIngest();
    const client = await publish(ingest, messages);
    const sent = messages.filter(({ body }) => body[1] === 1 && body.length > 5).length;
    const frames = (): AvcFramePacket[] =>
      ingest.packets.flatMap(({ packet }) => (packet.kind === 'avc-frame' ? [packet] : []));
    await vi.waitFor(() => expect(frames()).toHaveLength(sent), WAIT);
    const [status] = ingest.publishers();
    expect(status).toMatchObject({
      state: 'live',
      drops: { beforeConfig: 0, beforeKeyframe: 0, corrupt: 0 },
      repairs: { 'annex-b': 0, 'empty-nal': 0, padding: 0, 'keyframe-flag': 0, ...repairs },
    });
    expect(frames().filter(({ isKeyframe }) => isKeyframe).length).toBeGreaterThanOrEqual(3);
    const times = frames().map(({ dts }) => dts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    client.destroy();
  });

  test('the very bytes of an encoder gets them through', async () => {
    await using ingest = await openIngest();
    const client = await publish(
      ingest,
      small.map((packet) => messageOf(packet)),
    );
    await vi.waitFor(() => expect(ingest.packets).toHaveLength(small.length), WAIT);
    expect(ingest.packets.map(({ packet }) => packet)).toEqual(small);
    client.destroy();
  });

  test('intra refresh from ffmpeg goes live, with a keyframe wherever the encoder says one', async () => {
    await using ingest = await openIngest();
    const picture = ['-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=160x96:rate=25:duration=3'];
    const codec = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-g',
      '15',
      '-x264-params',
      'intra-refresh=1:bframes=0',
    ];
    const push = pushWithFfmpeg(
      [...picture, ...codec],
      `rtmp://127.0.0.1:${ingest.port}/live/main?key=${KEY}`,
    );
    await vi.waitFor(() => expect(ingest.publishers()[0]).toMatchObject({ state: 'live' }), WAIT);
    expect(await push.done).toMatchObject({ code: 0 });
    const frames = ingest.packets.flatMap(({ packet }) => (packet.kind === 'avc-frame' ? [packet] : []));
    expect(frames).toHaveLength(75);
    const hasIdr = ({ data }: AvcFramePacket): boolean =>
      unitsOf(data).some((unit) => (unit[0]! & 0x1f) === 5);
    expect(frames.filter(hasIdr)).toHaveLength(1);
    expect(frames.filter(({ isKeyframe }) => isKeyframe).length).toBeGreaterThan(1);
  });
});
