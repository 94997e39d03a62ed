import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RunFile } from '../server/run-file.ts';
import { stageAddress } from './lib/stage-address.ts';

let dataDir: string;
const started: { stop(): Promise<void> }[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'framecue-start-'));
});
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function envOf(): NodeJS.ProcessEnv {
  const ports = { FRAMECUE_MEDIA_PORT: '0', FRAMECUE_EVENTS_PORT: '0', FRAMECUE_RTMP_PORT: '0' };
  return { ...process.env, ...ports, FRAMECUE_DATA_DIR: dataDir };
}

function start() {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'start.ts')], {
    env: envOf(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const server = {
    said: () => said,
    exitCode: async () => (await exited)[0] as number,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
  started.push(server);
  return server;
}

test('a second start in the same folder is refused, and leaves the first one and its run.json alone', async () => {
  const first = start();
  const runFile = join(dataDir, 'run.json');
  await vi.waitFor(() => expect(existsSync(runFile), first.said()).toBe(true), 60_000);
  const run = readFileSync(runFile, 'utf8');

  const second = start();
  expect(await second.exitCode()).toBe(1);
  expect(second.said()).toMatch(/FRAMECUE_DATA_DIR: another media process works in/);
  expect(readFileSync(runFile, 'utf8')).toBe(run);
  expect((await fetch(`${JSON.parse(run).media}/health/ready`)).status).toBe(200);

  // What the demo prints for the stage works as it stands, however often the demo was run.
  const { media, stream, tokens } = JSON.parse(run) as RunFile;
  const addresses: (string | null)[] = [];
  for (let n = 0; n < 6; n++) addresses.push(await stageAddress(JSON.parse(run)));
  const stage = `${media}/api/v1/streams/${stream.app}/${stream.name}/stage`;
  const as = async (path: string, token: string) =>
    fetch(stage + path, { headers: { authorization: `Bearer ${token}` } });
  const [oldest, newest] = [addresses.at(0), addresses.at(-1)].map((url) => url!.split('#ticket=')[1]!);
  expect((await as('', newest!)).status).toBe(200);
  expect((await as('', oldest!)).status).toBe(401);
  expect((await (await as('/tickets', tokens.director)).json()).tickets).toHaveLength(4);

  await first.stop();
  expect(await first.exitCode()).toBe(0);
  expect(existsSync(runFile)).toBe(false);
}, 120_000);

test.skipIf(process.platform === 'win32')(
  'ended by SIGTERM to npm, which tells nobody of it, everything ends',
  async () => {
    // As `npm start` runs it behind its set-up: npm, a shell, npm, a shell, node.
    const npm = spawn('npm', ['exec', '--silent', '-c', 'true && npm run --silent start:run --'], {
      cwd: join(import.meta.dirname, '..'),
      env: envOf(),
      stdio: ['ignore', 'pipe', 'pipe'],
      // So that all of it can be ended here where it does not end by itself; the servers end with it.
      detached: true,
    });
    started.push({ stop: async () => endGroup(npm.pid!) });
    const runFile = join(dataDir, 'run.json');
    await vi.waitFor(() => expect(existsSync(runFile)).toBe(true), 60_000);
    const { pids } = JSON.parse(readFileSync(runFile, 'utf8')) as RunFile;
    npm.kill('SIGTERM');
    // Who read what it prints is gone, too.
    npm.stdout.destroy();
    npm.stderr.destroy();
    await vi.waitFor(() => expect([pids.media, pids.events].filter(isRunning)).toEqual([]), 60_000);
    expect(existsSync(runFile)).toBe(false);
  },
  150_000,
);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // Nobody is left in it, as it should be.
    expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
  }
}
