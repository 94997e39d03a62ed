import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ffmpegPath } from '../../scripts/lib/tools.ts';
import { type AccessUnitItem, openSource } from './source.ts';

const run = promisify(execFile);
const LIMIT_MS = 60_000;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-rtmp-'));
  const input = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25', '-t', '3', '-pix_fmt', 'yuv420p'];
  const x264 = ['-c:v', 'libx264', '-x264-params', 'keyint=25:bframes=2'];
  await run(ffmpegPath(), ['-v', 'error', '-y', ...input, ...x264, join(folder, 'a.flv')]);
}, LIMIT_MS);
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function unitsOf(address: string): Promise<AccessUnitItem[]> {
  const source = await openSource(address, { ffmpeg: ffmpegPath(), timeoutMs: 10_000 });
  const units: AccessUnitItem[] = [];
  try {
    for await (const item of source.items()) if (item.kind === 'access-unit') units.push(item);
  } finally {
    await source.close();
  }
  return units;
}

it(
  'what a server plays over RTMP is what was sent, packet by packet',
  async () => {
    const address = `rtmp://127.0.0.1:${await freePort()}/live/main`;
    const sent = ['-re', '-i', join(folder, 'a.flv'), '-c', 'copy', '-f', 'flv', '-listen', '1', address];
    children.push(spawn(ffmpegPath(), ['-v', 'error', ...sent], { stdio: 'ignore' }));
    const units = await vi.waitFor(() => unitsOf(address), { timeout: 30_000, interval: 300 });
    const hexes = (list: readonly AccessUnitItem[]) =>
      list.map(({ data }) => Buffer.from(data).toString('hex'));
    expect(hexes(units)).toEqual(hexes(await unitsOf(join(folder, 'a.flv'))));
  },
  LIMIT_MS,
);

it(
  'a server that does not play is named, without its key, and with what to use instead',
  async () => {
    const refusing = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const { port } = refusing.address() as AddressInfo;
    const failed = unitsOf(`rtmp://127.0.0.1:${port}/live/main?key=secret`);
    await expect(failed).rejects.toMatchObject({ code: 'ERR_SOURCE_OPEN' });
    const { message } = (await failed.catch((error: unknown) => error)) as Error;
    expect(message).toContain(`rtmp://127.0.0.1:${port}/live/main cannot be played`);
    expect(message).toContain('http://HOST:PORT/APP/NAME.flv');
    expect(message).not.toContain('secret');
    refusing.close();
  },
  LIMIT_MS,
);
