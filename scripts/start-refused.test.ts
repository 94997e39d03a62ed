import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const LIMIT_MS = 60_000;

let dataDir: string;
let other: Server | null = null;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'framecue-refused-'));
});
afterEach(() => {
  other?.close();
  other = null;
  rmSync(dataDir, { recursive: true, force: true });
});

/** `npm start` on free ports, with what it says on both outputs. */
function start(env: Readonly<Record<string, string>>) {
  const ports = { FRAMECUE_MEDIA_PORT: '0', FRAMECUE_EVENTS_PORT: '0', FRAMECUE_RTMP_PORT: '0' };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'start.ts')], {
    env: { ...process.env, ...ports, FRAMECUE_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  return { child, said, closed: once(child, 'close') as Promise<[number | null]> };
}

async function takePort(): Promise<number> {
  other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  return (other.address() as AddressInfo).port;
}

test.each(['FRAMECUE_MEDIA_PORT', 'FRAMECUE_EVENTS_PORT', 'FRAMECUE_RTMP_PORT'])(
  'a taken port is said once and names %s',
  async (setting) => {
    const port = await takePort();
    const { said, closed } = start({ [setting]: String(port) });
    const [code] = await closed;
    expect(code).toBe(1);
    expect(said.err.trim().split('\n'), said.err).toHaveLength(1);
    expect(said.err).toContain(`Port ${port}`);
    expect(said.err).toContain(setting);
    expect(said.err).toContain('ERR_PORT_TAKEN');
  },
  LIMIT_MS,
);

test(
  'a setting that does not fit is one sentence, without a stack',
  async () => {
    const { said, closed } = start({ FRAMECUE_HLS_WINDOW: 'many' });
    expect((await closed)[0]).toBe(1);
    expect(said.err).toMatch(/^framecue: FRAMECUE_HLS_WINDOW: .* \(ERR_SETTING\)\n$/);
  },
  LIMIT_MS,
);

test(
  'a mistyped setting is said, and what is kept is for its owner alone',
  async () => {
    const { child, said, closed } = start({ FRAMECUE_MEDIA_PROT: '1' });
    await vi.waitFor(() => expect(said.out, said.err).toContain('Ctrl-C'), LIMIT_MS / 2);
    const open = readdirSync(dataDir).filter((name) => (statSync(join(dataDir, name)).mode & 0o077) !== 0);
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(0);
    expect(said.err).toContain('Is FRAMECUE_MEDIA_PORT meant?');
    // Windows knows no such modes.
    if (process.platform !== 'win32') expect(open).toEqual([]);
  },
  LIMIT_MS,
);
