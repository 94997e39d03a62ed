import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { openSource, type SourceItem, type SourceOptions } from './source.ts';

const run = promisify(execFile);
let folder: string;
let server: Server;
let base: string;
/** Answers the playlist's n-th request. */
let playlist: (request: number) => string | null = () => null;
let requests = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-live-'));
  const input = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25', '-t', '6', '-pix_fmt', 'yuv420p'];
  const x264 = ['-c:v', 'libx264', '-x264-params', 'keyint=25:scenecut=0'];
  const hls = ['-hls_time', '1', '-hls_list_size', '0', '-hls_segment_filename', join(folder, '%d.ts')];
  await run(ffmpegPath(), ['-v', 'error', '-y', ...input, ...x264, ...hls, join(folder, 'all.m3u8')]);
  await run(ffmpegPath(), [
    '-v',
    'error',
    '-y',
    '-i',
    join(folder, 'all.m3u8'),
    '-c',
    'copy',
    join(folder, 'a.flv'),
  ]);
  server = createServer((request, response) => {
    if (request.url === '/live.m3u8') {
      const text = playlist(requests++);
      if (text === null) response.writeHead(503).end();
      else response.end(text);
    } else if (/^\/[0-5]\.ts$/.test(request.url!)) response.end(readFileSync(join(folder, request.url!)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  requests = 0;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Numbers of segments, or lines as they stand. A target duration of a second. */
const listOf = (first: number, entries: readonly (number | string)[], ended = false): string =>
  [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-TARGETDURATION:1',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    ...entries.map((entry) => (typeof entry === 'string' ? entry : `#EXTINF:1,\n${entry}.ts`)),
    ...(ended ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n');

async function read(address: string, options: SourceOptions = {}) {
  const source = await openSource(address, options);
  const items: SourceItem[] = [];
  try {
    for await (const item of source.items()) items.push(item);
  } finally {
    await source.close();
  }
  const segments = items.flatMap((item) => (item.kind === 'segment' ? [item] : []));
  return {
    isLive: source.isLive,
    frames: items.filter(({ kind }) => kind === 'access-unit').length,
    problems: items.flatMap((item) => (item.kind === 'problem' ? [item.code] : [])),
    numbers: segments.map(({ mediaSequence }) => mediaSequence),
    breaks: segments.filter(({ discontinuity }) => discontinuity).map(({ mediaSequence }) => mediaSequence),
  };
}
const play = (answers: readonly (string | null)[]) => {
  playlist = (request) => answers[Math.min(request, answers.length - 1)]!;
};

describe('a live playlist', () => {
  it('is read on as it grows and slides, each segment once, until it ends', async () => {
    play([listOf(0, [0, 1]), listOf(0, [0, 1]), listOf(1, [1, 2, 3]), listOf(2, [2, 3, 4, 5], true)]);
    expect(await read(`http://${base}/live.m3u8`)).toEqual({
      isLive: true,
      frames: 150,
      problems: [],
      numbers: [0, 1, 2, 3, 4, 5],
      breaks: [],
    });
  });

  it('goes on over a failed answer, a lost segment, a gap and a discontinuity, and says so', async () => {
    play([listOf(0, [0, 9]), null, 'not a playlist', listOf(3, [3, '#EXT-X-DISCONTINUITY', 0], true)]);
    const { frames, problems, numbers, breaks } = await read(`http://${base}/live.m3u8`);
    expect(numbers).toEqual([0, 1, 3, 4]);
    expect(breaks).toEqual([4]);
    expect(frames).toBe(75);
    expect(problems).toEqual(['HLS_SEGMENT_LOST', 'HLS_PLAYLIST', 'HLS_PLAYLIST', 'HLS_GAP']);
  });

  it('that fails five times in a row is over', async () => {
    play([listOf(0, [0]), null]);
    const { frames, problems } = await read(`http://${base}/live.m3u8`);
    expect(frames).toBe(25);
    expect(problems).toEqual(Array.from({ length: 5 }, () => 'HLS_PLAYLIST'));
  });

  it('is read as it stands with follow: false, and ends by a limit', async () => {
    play([listOf(0, [0, 1])]);
    expect(await read(`http://${base}/live.m3u8`, { follow: false })).toMatchObject({
      isLive: false,
      frames: 50,
    });
    expect(requests).toBe(1);
    expect(await read(`http://${base}/live.m3u8`, { maxFrames: 30 })).toMatchObject({ frames: 30 });
  });

  it('ends with the signal while it waits', async () => {
    play([listOf(0, [0])]);
    const stop = new AbortController();
    const reading = read(`http://${base}/live.m3u8`, { signal: stop.signal });
    // Asked again and nothing new: it waits for the next time.
    void vi
      .waitFor(() => expect(requests).toBeGreaterThanOrEqual(2), 10_000)
      .then(() => stop.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
  });
});

describe('WebSocket-FLV', () => {
  const withServer = async (
    serve: (socket: import('ws').WebSocket) => void,
    test: (url: string) => Promise<void>,
  ) => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise<void>((resolve) => sockets.on('listening', () => resolve()));
    sockets.on('connection', serve);
    try {
      await test(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/live/main.flv`);
    } finally {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    }
  };

  it('is the FLV that its messages make together, back-pressure and all', async () => {
    const flv = readFileSync(join(folder, 'a.flv'));
    const send = (socket: import('ws').WebSocket): void => {
      for (let at = 0; at < flv.length; at += 777) socket.send(flv.subarray(at, at + 777));
      socket.close();
    };
    await withServer(send, async (url) => {
      expect(await read(url)).toMatchObject({ isLive: true, frames: 150, problems: [] });
    });
  });

  it('that is cut, stays silent, or is refused has a code', async () => {
    const flv = readFileSync(join(folder, 'a.flv'));
    await withServer(
      (socket) => socket.send(flv.subarray(0, 20_000), () => socket.terminate()),
      async (url) => expect((await read(url)).problems).toEqual(['SOURCE_TRUNCATED']),
    );
    await withServer(
      (socket) => socket.send(flv.subarray(0, 20_000)),
      async (url) => {
        await expect(read(url, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      },
    );
    await expect(read(`ws://${base}/live.flv`)).rejects.toMatchObject({ code: 'ERR_SOURCE_OPEN' });
  });
});
