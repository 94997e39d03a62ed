import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../packet/clock.ts';
import type { AvcFramePacket, MediaPacket } from '../packet/packet.ts';
import { makeFlv, packetsOfFlv } from '../packet/testing/flv-fixture.ts';
import { OutputTimeline, type PlacedPacket } from '../packet/timeline.ts';
import type { RtmpEnd } from './rtmp-server.ts';
import { TEST_CERTIFICATE } from './test-support/certificate.ts';
import { KEY, openIngest, pushWithFfmpeg, type TestIngest, temporaryFile } from './test-support/harness.ts';

const WAIT = { timeout: 20_000, interval: 20 };
const urlOf = (ingest: TestIngest, name = `main?key=${KEY}`) =>
  `rtmp://127.0.0.1:${ingest.port}/live/${name}`;
const copy = (path: string) => ['-loglevel', 'warning', '-i', path, '-c', 'copy'];
const liveCopy = (path: string) => [
  '-loglevel',
  'warning',
  '-re',
  '-stream_loop',
  '-1',
  '-i',
  path,
  '-c',
  'copy',
];

const isMedia = (packet: MediaPacket) => packet.kind !== 'script';

describe('a good push arrives as it was sent', () => {
  test.each([
    ['without B-frames', { bFrames: 0 }],
    ['with B-frames', { bFrames: 2 }],
    ['at 29.97 pictures per second', { bFrames: 2, rate: '30000/1001', gop: 30 }],
    ['video only', { bFrames: 0, audio: false }],
  ])('%s', async (_, fixture) => {
    const flv = await makeFlv({ seconds: 2, ...fixture });
    await using file = await temporaryFile(flv);
    await using ingest = await openIngest();
    const push = pushWithFfmpeg(copy(file.path), urlOf(ingest));
    expect(await push.done).toMatchObject({ code: 0 });
    await vi.waitFor(() => expect(ingest.ended).toHaveLength(1), WAIT);

    const sent = packetsOfFlv(flv).filter(isMedia);
    const arrived = ingest.packets.map(({ packet }) => packet);
    // Order between the tracks is ffmpeg's own; within each it is the file's.
    for (const track of ['avc', 'aac']) {
      const of = (packets: MediaPacket[]) => packets.filter(({ kind }) => kind.startsWith(track));
      expect(of(arrived)).toEqual(of(sent));
    }
    expect(arrived.filter(({ kind }) => kind === 'script')).toHaveLength(1);
    expect(ingest.published).toMatchObject([{ stream: { app: 'live', name: 'main' } }]);
    expect(ingest.ended[0]).toMatchObject({ end: { kind: 'finished', code: null } });
    if (fixture.bFrames > 0) {
      const frames = arrived.filter((packet): packet is AvcFramePacket => packet.kind === 'avc-frame');
      expect(new Set(frames.map((frame) => frame.compositionOffset)).size).toBeGreaterThan(1);
    }
  });

  test('and its health says so', async () => {
    await using file = await temporaryFile(await makeFlv({ seconds: 2, bFrames: 2 }));
    await using ingest = await openIngest();
    const push = pushWithFfmpeg(liveCopy(file.path), urlOf(ingest));
    await vi.waitFor(() => {
      const [status] = ingest.publishers();
      expect(status).toMatchObject({
        stream: { app: 'live', name: 'main' },
        state: 'live',
        encrypted: false,
        encoder: expect.stringMatching(/^Lavf/),
        drops: { beforeConfig: 0, beforeKeyframe: 0, corrupt: 0 },
        health: {
          video: { width: 160, height: 90, hasBFrames: true, declaredFrameRate: 25, keyframes: 3 },
          audio: { codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2 },
        },
      });
      expect(status!.health.video.frameRate).toBeCloseTo(25, 0);
    }, WAIT);
    expect(ingest.logged.filter(({ text }) => text === 'the first picture')).toMatchObject([
      {
        level: 'info',
        fields: {
          stream: 'live/main',
          encoder: expect.stringMatching(/^Lavf/),
          video: expect.stringMatching(/^avc1\.[0-9a-f]{6} 160x90$/),
          frameRate: 25,
        },
      },
    ]);
    push.process.kill();
    await push.done;
  });
});

describe('refused publishers are told', () => {
  let path: string;
  let remove: () => PromiseLike<void>;
  beforeAll(async () => {
    const file = await temporaryFile(await makeFlv({ seconds: 2 }));
    path = file.path;
    remove = () => file[Symbol.asyncDispose]();
    return () => remove();
  });

  test.each([
    ['a wrong key', 'main?key=guess', 'ERR_PUBLISH_KEY', 'The stream key is wrong.'],
    ['no key', 'main', 'ERR_PUBLISH_KEY', 'The stream key is wrong.'],
    ['an unsafe name', `ma.in?key=${KEY}`, 'ERR_PUBLISH_NAME', 'App and stream name are'],
  ])('%s', async (_, name, code, text) => {
    await using ingest = await openIngest();
    const { said, code: exit } = await pushWithFfmpeg(copy(path), urlOf(ingest, name)).done;
    expect(exit).not.toBe(0);
    expect(said).toContain(text);
    await vi.waitFor(() => expect(ingest.recentEvents()).toMatchObject([{ kind: 'refused', code }]), WAIT);
    expect(ingest).toMatchObject({ published: [], packets: [], ended: [] });
    expect(ingest.counts().refusals).toEqual({ [code]: 1 });
    const shown = JSON.stringify([ingest.logged, ingest.recentEvents(), ingest.counts()]);
    expect(shown).not.toContain('guess');
    expect(shown).not.toContain(KEY);
  });

  test('a second publisher, while the first goes on', async () => {
    await using ingest = await openIngest();
    const first = pushWithFfmpeg(liveCopy(path), urlOf(ingest));
    await vi.waitFor(() => expect(ingest.publishers()[0]?.state).toBe('live'), WAIT);
    const second = await pushWithFfmpeg(copy(path), urlOf(ingest)).done;
    expect(second.code).not.toBe(0);
    expect(second.said).toContain('The stream already has a publisher.');
    const soFar = ingest.packets.length;
    await vi.waitFor(() => expect(ingest.packets.length).toBeGreaterThan(soFar + 20), WAIT);
    first.process.kill();
    await first.done;
    await vi.waitFor(() => expect(ingest.ended).toHaveLength(1), WAIT);
    expect(ingest.published).toHaveLength(1);
    // One timeline, as one publisher made it.
    const dts = ingest.packets.flatMap(({ packet }) => (packet.kind === 'avc-frame' ? [packet.dts] : []));
    expect(dts).toEqual(dts.map((_, i) => dts[0]! + i * 40));
  });

  test('another stream beside it is welcome, up to the limit', async () => {
    await using ingest = await openIngest({ settings: { maxPublishers: 2 } });
    const pushes = ['one', 'two'].map((name) =>
      pushWithFfmpeg(liveCopy(path), urlOf(ingest, `${name}?key=${KEY}`)),
    );
    await vi.waitFor(
      () => expect(ingest.publishers().map(({ state }) => state)).toEqual(['live', 'live']),
      WAIT,
    );
    const third = await pushWithFfmpeg(copy(path), urlOf(ingest, `three?key=${KEY}`)).done;
    expect(third.said).toContain('takes no more publishers');
    for (const push of pushes) push.process.kill();
    await Promise.all(pushes.map((push) => push.done));
    expect(new Set(ingest.packets.map(({ stream }) => stream))).toEqual(new Set(['live/one', 'live/two']));
  });

  test.each([
    ['MP3 sound', ['-c:v', 'copy', '-c:a', 'libmp3lame', '-ar', '44100'], 'MP3'],
    ['Sorenson video', ['-c:v', 'flv1', '-c:a', 'copy'], 'Sorenson H.263'],
  ])('%s', async (_, codecs, named) => {
    await using ingest = await openIngest();
    const push = pushWithFfmpeg(['-loglevel', 'warning', '-re', '-i', path, ...codecs], urlOf(ingest));
    await vi.waitFor(() => expect(ingest.ended).toHaveLength(1), WAIT);
    expect(ingest.ended[0]!.end).toMatchObject({ kind: 'refused', code: 'ERR_PUBLISH_CODEC' });
    expect(ingest.ended[0]!.end.text).toContain(named);
    expect(ingest.recentEvents()[0]).toMatchObject({
      kind: 'ended',
      code: 'ERR_PUBLISH_CODEC',
      stream: 'live/main',
    });
    expect(ingest.logged.some(({ level, text }) => level === 'warn' && text.includes(named))).toBe(true);
    await push.done;
  });

  test('sound without a picture', async () => {
    await using ingest = await openIngest({ settings: { noVideoMs: 500 } });
    const input = ['-loglevel', 'warning', '-re', '-i', path, '-vn', '-c:a', 'copy'];
    const push = pushWithFfmpeg(input, urlOf(ingest));
    await vi.waitFor(() => expect(ingest.ended).toHaveLength(1), WAIT);
    expect(ingest.ended[0]!.end).toMatchObject({
      code: 'ERR_PUBLISH_CODEC',
      text: 'There was no H.264 video within 0.5 s.',
    });
    await push.done;
  });

  test('who wants to play', async () => {
    await using ingest = await openIngest();
    const player = pushWithFfmpeg(['-loglevel', 'warning', '-i', urlOf(ingest), '-t', '1'], '/dev/null');
    await player.done;
    await vi.waitFor(() => expect(ingest.recentEvents()).toMatchObject([{ code: 'ERR_RTMP_PLAY' }]), WAIT);
    expect(JSON.stringify(ingest.logged)).not.toContain(KEY);
  });
});

describe('a publisher that goes away', () => {
  test('by kill -9, and comes back: two publishes, one timeline for viewers', async () => {
    await using file = await temporaryFile(await makeFlv({ seconds: 2, bFrames: 2 }));
    const timeline = new OutputTimeline();
    const out: PlacedPacket[] = [];
    const ends: RtmpEnd[] = [];
    await using ingest = await openIngest({
      handlers: {
        onPublish: () => timeline.beginPublish(),
        onPacket: (_, packet) => out.push(timeline.push(packet, systemClock.monotonicUs())),
        onEnd: (_, end) => ends.push(end),
      },
    });
    for (const round of [1, 2]) {
      const push = pushWithFfmpeg(liveCopy(file.path), urlOf(ingest));
      await vi.waitFor(() => expect(ingest.publishers()[0]?.health.video.frames).toBeGreaterThan(10), WAIT);
      push.process.kill('SIGKILL');
      await push.done;
      await vi.waitFor(() => expect(ends).toHaveLength(round), WAIT);
      expect(ends.at(-1)).toMatchObject({ kind: 'lost', code: null });
      expect(ingest.publishers()).toEqual([]);
    }
    expect(out.flatMap(({ reason }) => (reason === null ? [] : [reason]))).toEqual([
      'first-publish',
      'publish',
    ]);
    for (const kind of ['avc-frame', 'aac-frame']) {
      const dts = out.map(({ packet }) => packet).filter((packet) => packet.kind === kind);
      for (let i = 1; i < dts.length; i++) expect(dts[i]!.dts).toBeGreaterThan(dts[i - 1]!.dts);
    }
    expect(timeline.counts.evenedOut).toBe(0);
    const second = out.slice(out.findIndex(({ reason }) => reason === 'publish'));
    const firstPicture = second.find(({ packet }) => packet.kind === 'avc-frame')!.packet;
    expect(firstPicture).toMatchObject({ isKeyframe: true });
  });

  test('because the operator says so', async () => {
    await using file = await temporaryFile(await makeFlv({ seconds: 2 }));
    await using ingest = await openIngest();
    const push = pushWithFfmpeg(liveCopy(file.path), urlOf(ingest));
    await vi.waitFor(() => expect(ingest.publishers()[0]?.state).toBe('live'), WAIT);
    expect(ingest.disconnect({ app: 'live', name: 'other' })).toBe(false);
    expect(ingest.disconnect({ app: 'live', name: 'main' })).toBe(true);
    await push.done;
    await vi.waitFor(() => expect(ingest.ended).toMatchObject([{ end: { kind: 'disconnected' } }]), WAIT);
  });
});

describe('the port', () => {
  test('that is taken is named with its setting', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(openIngest({ port })).rejects.toMatchObject({
      code: 'ERR_PORT_TAKEN',
      details: { port, setting: 'FRAMECUE_RTMP_PORT' },
    });
    const tls = { ...TEST_CERTIFICATE, port };
    await expect(openIngest({ tls })).rejects.toMatchObject({
      code: 'ERR_PORT_TAKEN',
      details: { port, setting: 'FRAMECUE_RTMPS_PORT' },
    });
    other.close();
    await once(other, 'close');
  });

  test('is free again after close, which waits for every end', async () => {
    await using file = await temporaryFile(await makeFlv({ seconds: 2 }));
    const ingest = await openIngest();
    const push = pushWithFfmpeg(liveCopy(file.path), urlOf(ingest));
    await vi.waitFor(() => expect(ingest.publishers()[0]?.state).toBe('live'), WAIT);
    const idle = connect({ host: '127.0.0.1', port: ingest.port });
    await once(idle, 'connect');
    idle.on('error', () => undefined);
    await vi.waitFor(() => expect(ingest.counts().openConnections).toBe(2), WAIT);
    const closing = ingest.close();
    expect(ingest.close()).toBe(closing);
    await closing;
    expect(ingest.ended).toMatchObject([{ end: { kind: 'closing' } }]);
    expect(ingest.counts()).toMatchObject({ openConnections: 0, publishers: 0 });
    await push.done;
    await using again = await openIngest({ port: ingest.port });
    expect(again.port).toBe(ingest.port);
  });

  test('for RTMPS takes publishers too, and knows them from the others', async () => {
    await using file = await temporaryFile(await makeFlv({ seconds: 2 }));
    await using ingest = await openIngest({ tls: { ...TEST_CERTIFICATE, port: 0 } });
    const url = `rtmps://127.0.0.1:${ingest.tlsPort}/live/main?key=${KEY}`;
    const push = pushWithFfmpeg(liveCopy(file.path), url);
    await vi.waitFor(
      () => expect(ingest.publishers()).toMatchObject([{ state: 'live', encrypted: true }]),
      WAIT,
    );
    const plain = await pushWithFfmpeg(copy(file.path), urlOf(ingest)).done;
    expect(plain.said).toContain('The stream already has a publisher.');
    push.process.kill();
    await push.done;
    await vi.waitFor(() => expect(ingest.ended).toHaveLength(1), WAIT);
  });

  test('for RTMPS turns plain bytes away', async () => {
    await using ingest = await openIngest({ tls: { ...TEST_CERTIFICATE, port: 0 } });
    const socket = connect({ host: '127.0.0.1', port: ingest.tlsPort! });
    // A reset is an end, too; `once` would reject it.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(Buffer.alloc(1537, 3));
    await closed;
    await vi.waitFor(
      () => expect(ingest.recentEvents()).toMatchObject([{ code: 'ERR_RTMP_PROTOCOL' }]),
      WAIT,
    );
    await vi.waitFor(() => expect(ingest.counts().openConnections).toBe(0), WAIT);
  });

  test('a host that is none is a setting that is wrong', async () => {
    await expect(openIngest({ host: '203.0.113.7' })).rejects.toMatchObject({ code: 'ERR_SETTING' });
  });
});
