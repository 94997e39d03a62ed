import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input, type InputTrack } from 'mediabunny';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type MediaPacket, ptsOf } from '../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import { DEFAULT_HLS_SETTINGS, type HlsSettings } from './settings.ts';
import { feed, run, shifted } from './testing/feed.ts';
import { framesOf } from './testing/flv-check.ts';
import { avcConfig, frame, madeStream } from './testing/packets.ts';
import { type PlayServer, startPlayServer } from './testing/play-server.ts';
import { RawViewer } from './testing/raw-viewer.ts';

let server: PlayServer;
const start = async (chosen: Partial<HlsSettings> = {}, stallMs = 30_000) => {
  const hls = { ...DEFAULT_HLS_SETTINGS, windowSegments: 50, ...chosen };
  server = await startPlayServer({ settings: { hls }, delivery: { stallMs } });
};
afterEach(() => server.close());

const PLAYLIST = '/live/main/index.m3u8';
const get = (path: string, init?: RequestInit) => fetch(`${server.base}${path}`, init);
const urisIn = (playlist: string) => playlist.match(/(?<=^|")(?:init|seg)-[^"\n]*/gm)!;

/** What players see of the pictures: ffprobe reads the playlist as they do. */
async function probe(): Promise<{ pts: number[]; stderr: string }> {
  const { stdout, stderr } = await run('ffprobe', [
    ...['-v', 'warning', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'],
    ...['-live_start_index', '0', `${server.base}${PLAYLIST}`],
  ]);
  const pts = stdout.split('\n').filter((line) => line !== '');
  return { pts: pts.map((line) => Math.round(Number.parseFloat(line) * 1000)), stderr };
}

/** The whole stream, as a player puts it together: the initialization segment and all others. */
async function wholeFile(): Promise<Uint8Array<ArrayBuffer>> {
  const names = urisIn(await (await get(PLAYLIST)).text());
  const parts = await Promise.all(names.map(async (name) => (await get(`/live/main/${name}`)).arrayBuffer()));
  return new Uint8Array(Buffer.concat(parts.map((part) => new Uint8Array(part))));
}

interface Sample {
  readonly timestamp: number;
  readonly data: Uint8Array;
  readonly type: string;
}

/** Every sample of both tracks, read by another library. */
async function readSamples(file: Uint8Array<ArrayBuffer>) {
  const input = new Input({ source: new BufferSource(file), formats: ALL_FORMATS });
  const samplesOf = async (track: InputTrack | null): Promise<Sample[]> => {
    const found: Sample[] = [];
    if (track !== null) for await (const packet of new EncodedPacketSink(track).packets()) found.push(packet);
    return found;
  };
  const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
  return {
    video: await samplesOf(video),
    videoConfig: await video?.getDecoderConfig(),
    audio: await samplesOf(audio),
    audioConfig: await audio?.getDecoderConfig(),
  };
}

describe('an encoder’s stream as HLS', () => {
  test.each([
    ['25', 0, true],
    ['25', 2, true],
    ['30000/1001', 2, true],
    ['25', 0, false],
  ])(
    'at %s pictures a second, B-frames %d, sound %s: every access unit bit for bit, at its time',
    async (rate, bFrames, audio) => {
      await start();
      const source = packetsOfFlv(await makeFlv({ rate, bFrames, audio, seconds: 7, gop: 30 }));
      await feed(server.hub, source);
      server.hub.end();
      const frames = framesOf(source);
      const read = await readSamples(await wholeFile());
      expect(read.videoConfig).toMatchObject({
        codec: expect.stringMatching(/^avc1\.[0-9a-f]{6}$/),
        codedWidth: 160,
        codedHeight: 90,
      });
      expect(read.video).toHaveLength(frames.length);
      read.video.forEach(({ data, timestamp, type }, index) => {
        const sent = frames[index]!;
        expect(Buffer.compare(data, sent.data), `access unit ${index}`).toBe(0);
        expect(Math.abs(timestamp * 1000 - ptsOf(sent))).toBeLessThan(0.001);
        expect(type).toBe(sent.isKeyframe ? 'key' : 'delta');
      });
      const { pts, stderr } = await probe();
      expect(stderr).toBe('');
      expect(pts).toEqual(frames.map(ptsOf));
      // Sound before the first picture has no place in a segment.
      const sound = source
        .filter((packet) => packet.kind === 'aac-frame')
        .filter((packet) => packet.dts >= frames[0]!.dts);
      expect(sound.length > 0).toBe(audio);
      expect(read.audio.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
        sound.map(({ data }) => Buffer.from(data).toString('hex')),
      );
      read.audio.forEach(({ timestamp }, index) => {
        expect(Math.abs(timestamp * 1000 - sound[index]!.dts)).toBeLessThan(1.1);
      });
      if (audio)
        expect(read.audioConfig).toMatchObject({
          codec: 'mp4a.40.2',
          sampleRate: 48_000,
          numberOfChannels: 2,
        });
    },
  );

  test('decodes without a word, over a publisher’s return', async () => {
    await start();
    const source = packetsOfFlv(await makeFlv({ bFrames: 2, seconds: 5 }));
    await feed(server.hub, source);
    server.hub.startEpoch('two');
    const second = shifted(source, 20_000);
    await feed(server.hub, second);
    server.hub.end();
    const playlist = await (await get(PLAYLIST)).text();
    expect(playlist.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
    expect(playlist.match(/#EXT-X-MAP/g)).toHaveLength(1);
    const { pts, stderr } = await probe();
    expect(stderr).toBe('');
    const sent = [...framesOf(source), ...framesOf(second)];
    expect(pts).toHaveLength(sent.length);
    const { stderr: decoding } = await run('ffmpeg', [
      ...['-v', 'error', '-xerror', '-live_start_index', '0', '-i', `${server.base}${PLAYLIST}`],
      ...['-map', '0:v', '-fps_mode', 'passthrough', '-f', 'null', '-'],
    ]);
    expect(decoding).toBe('');
  });
});

describe('the playlist', () => {
  test('and its files come with what caches and pages need', async () => {
    await start();
    await feed(server.hub, madeStream({ gops: 2, gop: 50, bytes: 1000 }));
    const response = await get(`${PLAYLIST}?session=1`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'public, max-age=1',
      'access-control-allow-origin': '*',
    });
    const [init, segment] = urisIn(await response.text());
    for (const [name, type] of [
      [init, 'video/mp4'],
      [segment, 'video/iso.segment'],
    ]) {
      const file = await get(`/live/main/${name}`);
      const bytes = new Uint8Array(await file.arrayBuffer());
      expect(Object.fromEntries(file.headers)).toMatchObject({
        'content-type': type,
        'content-length': String(bytes.length),
        'cache-control': 'public, max-age=31536000, immutable',
        'access-control-allow-origin': '*',
      });
      const head = await get(`/live/main/${name}`, { method: 'HEAD' });
      expect(head.headers.get('content-length')).toBe(String(bytes.length));
      expect((await head.arrayBuffer()).byteLength).toBe(0);
    }
    expect(server.hub.stats().protocols.hls).toMatchObject({ viewers: 1, joins: 1 });
    expect(server.hub.stats().protocols.hls.bytesOut).toBeGreaterThan(50_000);
  });

  test('is held until the first segment is there', async () => {
    await start();
    const response = get(PLAYLIST);
    await vi.waitFor(() => expect(server.hub.stats().hls!.waiting).toBe(1), 15_000);
    await feed(server.hub, [...madeStream({ gops: 1, gop: 50 }), frame(2000, 50, true)]);
    expect((await response).status).toBe(200);
    expect(urisIn(await (await response).text())).toHaveLength(2);
  });

  test('is refused, for now, when that takes too long', async () => {
    await start({ firstSegmentWaitMs: 30 });
    const response = await get(PLAYLIST);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ error: { code: 'ERR_NOT_READY', retryable: true } });
    expect(server.hub.stats().hls!.waiting).toBe(0);
    expect(server.delivery.stats().refused).toEqual({ ERR_NOT_READY: 1 });
  });

  test('is not waited for by too many, nor by those who left', async () => {
    await start({ maxWaiting: 1 });
    const leaving = new AbortController();
    const first = get(PLAYLIST, { signal: leaving.signal }).catch((error: Error) => error.name);
    await vi.waitFor(() => expect(server.hub.stats().hls!.waiting).toBe(1), 15_000);
    const second = await get(PLAYLIST);
    expect([second.status, (await second.json()).error.code]).toEqual([503, 'ERR_OVERLOADED']);
    leaving.abort();
    expect(await first).toBe('AbortError');
    await vi.waitFor(() => expect(server.hub.stats().hls!.waiting).toBe(0), 15_000);
  });

  test('of a stream that ended before its first segment is not there', async () => {
    await start();
    const waiting = get(PLAYLIST);
    await vi.waitFor(() => expect(server.hub.stats().hls!.waiting).toBe(1), 15_000);
    server.hub.end();
    for (const response of [await waiting, await get(PLAYLIST)]) {
      expect([response.status, (await response.json()).error.code]).toEqual([404, 'ERR_STREAM_NOT_LIVE']);
    }
  });

  test('of a stream that ended says so, while FLV has ended', async () => {
    await start();
    await feed(server.hub, madeStream({ gops: 1 }));
    server.hub.end();
    expect(await (await get(PLAYLIST)).text()).toMatch(/#EXT-X-ENDLIST\n$/);
    expect((await get('/live/main.flv')).status).toBe(404);
  });
});

describe('a file', () => {
  test.each(['seg-abc-1.m4s', 'init-abc-0.mp4', 'seg-abc-1.mp4'])('%s that is not there', async (name) => {
    await start();
    await feed(server.hub, madeStream({ gops: 2, gop: 50 }));
    const response = await get(`/live/main/${name}`);
    expect([response.status, (await response.json()).error.code]).toEqual([404, 'ERR_NOT_FOUND']);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('that is not read is given up', async () => {
    await start({ maxSegmentBytes: 100_000_000 }, 300);
    // More than the kernel takes by itself.
    const large: MediaPacket[] = Array.from({ length: 50 }, (_, n) => frame(n * 40, n, n === 0, 600_000));
    await feed(server.hub, [avcConfig(), ...large, frame(2000, 50, true)]);
    const [, segment] = urisIn(await (await get(PLAYLIST)).text());
    const reader = await RawViewer.open(server.port, `/live/main/${segment}`);
    reader.pause();
    await vi.waitFor(() => expect(server.hub.stats().protocols.hls.stalledCuts).toBe(1), 10_000);
    reader.resume();
    await reader.closed;
    expect(reader.bytesRead).toBeLessThan(30_000_000);
  });
});
