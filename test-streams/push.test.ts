import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ffmpegPath } from '../scripts/lib/tools.ts';
import { makeTestStream, type TestStream } from './encode.ts';
import { describeEnd, type PushEnd, pushStream, withoutKey } from './push.ts';
import { allFrames, packetsOf, steps, temporaryFolder } from './testing.ts';

const SMALL = { seconds: 1, gopSeconds: 1, width: 320, height: 180, bitrateKbps: 200 };
const KEY = 'tops3cret';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let bFrames: TestStream;
beforeAll(async () => {
  folder = await temporaryFolder();
  const file = join(folder.path, 'loop.flv');
  bFrames = await makeTestStream({ file, fps: '30000/1001', bFrames: 3, bPyramid: true, ...SMALL });
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => folder.remove());

test('a looped stream with B-frames runs on over the seam, through RTMP', async () => {
  const recording = join(folder.path, 'recorded.flv');
  const url = `rtmp://127.0.0.1:${await freePort()}/live/main?key=${KEY}`;
  const listener = listen(url, recording);
  const push = await connected(() => pushStream({ file: bFrames.file, url }), listener.receiving);
  expect(push.pid).toBeGreaterThan(0);
  await listener.reached(bFrames.frames * 2 + 5);
  const end = await push.stop();
  expect(end).toMatchObject({ reason: 'stopped' });
  expect(await push.stop()).toBe(end);
  await listener.ended;

  const video = await packetsOf(recording, 'v');
  for (const packets of [video, await packetsOf(recording, 'a')]) {
    expect(steps(packets.map(({ dts }) => dts)).every((step) => step > 0)).toBe(true);
  }
  // The seam is as wide as any other step: the last picture of one round and the first of the next. The stop
  // cuts B-frames off at the end, so two rounds are looked at and no more.
  const rounds = bFrames.frames * 2;
  const byTime = video.map(({ pts }) => pts).sort((a, b) => a - b);
  expect([...new Set(steps(byTime.slice(0, rounds)))].sort()).toEqual([33, 34]);
  expect([...new Set(steps(video.map(({ dts }) => dts)))].sort()).toEqual([33, 34]);

  const frames = await allFrames(recording);
  expect(frames.slice(0, rounds).map(({ frame }) => frame)).toEqual(
    Array.from({ length: rounds }, (_, index) => index % bFrames.frames),
  );
}, 30_000);

test('without loop it ends with the file', async () => {
  const url = join(folder.path, 'once.flv');
  const end = await pushStream({ file: bFrames.file, url, loop: false }).exited;
  expect(end).toMatchObject({ reason: 'ended', code: 0 });
  expect(await packetsOf(url, 'v')).toHaveLength(bFrames.frames);
});

describe('an end that nobody wished', () => {
  test('no server: failed, with what ffmpeg said and without the key', async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live/main?key=${KEY}`;
    const end = await pushStream({ file: bFrames.file, url }).exited;
    expect(end.reason).toBe('failed');
    const text = describeEnd(bFrames.file, end);
    expect(text).toMatch(/^push of loop\.flv failed \(exit code \d+\): .*refused/);
    expect(end.stderr.join('\n')).toContain('***');
    expect(`${text}\n${end.stderr.join('\n')}`).not.toContain(KEY);
  });

  test('a server that never answers: failed after the time-out', async () => {
    const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
    const { port } = await listening(server);
    const url = `rtmp://127.0.0.1:${port}/live/${KEY}`;
    const end = await pushStream({ file: bFrames.file, url, networkTimeoutMs: 500 }).exited;
    server.close();
    expect(end.reason).toBe('failed');
    expect(end.stderr.join('\n')).toMatch(/timed out/i);
    expect(end.stderr.join('\n')).not.toContain(KEY);
  });

  test('no file: failed', async () => {
    const file = join(folder.path, 'none.flv');
    const end = await pushStream({ file, url: 'rtmp://127.0.0.1:1/live/x' }).exited;
    expect(end).toMatchObject({ reason: 'failed', stderr: [expect.stringContaining('No such file')] });
  });

  test('no ffmpeg: thrown at once', () => {
    vi.stubEnv('FRAMECUE_FFMPEG', join(folder.path, 'nowhere'));
    const push = () => pushStream({ file: bFrames.file, url: 'rtmp://127.0.0.1:1/live/x' });
    expect(push).toThrow(expect.objectContaining({ code: 'ERR_TOOL_MISSING' }));
  });
});

describe('stopping', () => {
  test('by signal', async () => {
    const stop = new AbortController();
    const push = pushStream({
      file: bFrames.file,
      url: join(folder.path, 'signal.flv'),
      signal: stop.signal,
    });
    stop.abort();
    expect(await push.exited).toMatchObject({ reason: 'stopped' });
  });

  test('by a signal that was given before', async () => {
    const url = join(folder.path, 'before.flv');
    const push = pushStream({ file: bFrames.file, url, signal: AbortSignal.abort() });
    expect(await push.exited).toMatchObject({ reason: 'stopped' });
  });

  test('kills what does not listen', async () => {
    const deaf = join(folder.path, 'deaf');
    await writeFile(deaf, '#!/bin/sh\ntrap "" TERM\necho ready >&2\nexec sleep 60\n', { mode: 0o755 });
    vi.stubEnv('FRAMECUE_FFMPEG', deaf);
    const push = pushStream({ file: bFrames.file, url: 'rtmp://127.0.0.1:1/live/x', stopMs: 100 });
    await vi.waitFor(() => expect(push.stderr()).toEqual(['ready']), { timeout: 15_000 });
    expect(await push.stop()).toMatchObject({ reason: 'stopped', signal: 'SIGKILL' });
  });

  test('after its end changes nothing', async () => {
    const push = pushStream({ file: join(folder.path, 'none.flv'), url: 'rtmp://127.0.0.1:1/live/x' });
    await push.exited;
    expect(await push.stop()).toMatchObject({ reason: 'failed' });
  });
});

describe('what is said of a push', () => {
  test('is bounded', async () => {
    const chatty = join(folder.path, 'chatty');
    await writeFile(chatty, '#!/bin/sh\nyes "a rather long line" | head -n 20000 >&2\n', { mode: 0o755 });
    vi.stubEnv('FRAMECUE_FFMPEG', chatty);
    const end: PushEnd = await pushStream({ file: 'x', url: 'rtmp://127.0.0.1:1/live/x' }).exited;
    expect(end.stderr.length).toBeLessThanOrEqual(40);
    expect(end.stderr.at(-1)).toBe('a rather long line');
  });

  test.each([
    [
      'rtmp://h:1/live/main?key=abc123',
      'rtmp://h:1/live/main?key=abc123: refused',
      'rtmp://h:1/live/***: refused',
    ],
    ['rtmp://h:1/live/main?key=abc123', 'playpath main, key abc123', 'playpath main, key ***'],
    ['rtmp://h/live/a?key=k%2Fy1&x=secret2', 'got k/y1 and k%2Fy1 and secret2', 'got *** and *** and ***'],
    ['rtmp://h/live/obs-key-9', 'rtmp://h/live/obs-key-9: obs-key-9', 'rtmp://h/live/***: ***'],
    ['rtmps://user:pw77@h/live/main?key=zz9', 'rtmps://user:pw77@h', 'rtmps://user:***@h'],
    ['/tmp/out.flv', '/tmp/out.flv: No space left', '/tmp/out.flv: No space left'],
  ])('%s: %s', (url, line, cleaned) => {
    expect(withoutKey(url)(line)).toBe(cleaned);
  });
});

/** An RTMP server for one publisher: ffmpeg, writing what it gets. */
function listen(url: string, output: string) {
  const args = ['-v', 'error', '-y', '-progress', 'pipe:1', '-listen', '1'];
  const child: ChildProcess = spawn(ffmpegPath(), [...args, '-i', url, '-c', 'copy', '-f', 'flv', output], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let written = 0;
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line.startsWith('frame=')) written = Number(line.slice(6));
  });
  const timeout = { timeout: 15_000, interval: 20 };
  return {
    receiving: () => written > 0,
    reached: (frames: number) => vi.waitFor(() => expect(written).toBeGreaterThanOrEqual(frames), timeout),
    ended: once(child, 'close'),
  };
}

/** Nothing tells when ffmpeg listens, and to try is to use up its one connection: so pushes until one stays. */
async function connected(begin: () => ReturnType<typeof pushStream>, receiving: () => boolean) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const push = begin();
    const received = vi.waitFor(() => expect(receiving()).toBe(true), { timeout: 15_000, interval: 20 });
    const first = await Promise.race([received.then(() => 'receiving'), push.exited.then(() => 'over')]);
    if (first === 'receiving') return push;
    received.catch(() => undefined);
  }
  throw new Error('the RTMP listener never took the push');
}

async function listening(server: ReturnType<typeof createServer>): Promise<AddressInfo> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}
