import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';

const LIBRARY = JSON.stringify(join(import.meta.dirname, 'starter.ts'));
/** Says `watching PID` or `alone PID`, then `gone`; ends by itself where nobody ends it. */
const WATCHER = `
  import { watchStarter } from ${LIBRARY};
  const watch = watchStarter(() => { console.log('gone'); process.exit(); });
  console.log((watch === null ? 'alone ' : 'watching ') + process.pid);
  setTimeout(() => process.exit(), 60_000);
`;
/** As npm does: it names itself so, and has a shell run the script. */
const asNpm = (title: string) => `
  import { spawn } from 'node:child_process';
  process.title = '${title}';
  const child = spawn('sh', ['-c', 'true && "$NODE" --input-type=module -e "$WATCHER"; true'], { stdio: 'inherit' });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', () => process.exit());
`;

const running: number[] = [];
afterEach(() => {
  for (const pid of running.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It has ended, as it should.
      expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
    }
  }
});

function start(title: string): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', asNpm(title)], {
    env: { ...process.env, NODE: process.execPath, WATCHER },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child.pid!);
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

async function said(lines: AsyncIterator<string>): Promise<string> {
  const [word, pid] = (await lines.next()).value.split(' ');
  running.push(Number(pid));
  return word;
}

test.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGKILL'] as const)(
  'is told that npm was ended by %s',
  async (signal) => {
    const { child, lines } = start('npm run demo');
    expect(await said(lines)).toBe('watching');
    child.kill(signal);
    expect((await lines.next()).value).toBe('gone');
  },
  30_000,
);

test.skipIf(process.platform === 'win32')(
  'watches nobody but package managers and their shells',
  async () => {
    const { lines } = start('nohup run demo');
    expect(await said(lines)).toBe('alone');
  },
  30_000,
);
