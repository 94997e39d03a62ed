import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { Children } from './children.ts';
import { runStage, type StageCommand } from './stage-run.ts';
import { ROOT } from './tools.ts';

function stage(script: string, changes: Partial<StageCommand> = {}) {
  let text = '';
  const command: StageCommand = {
    label: 'unit',
    command: process.execPath,
    args: ['-e', script],
    cwd: ROOT,
    env: process.env,
    limitMs: 30_000,
    silenceMs: 30_000,
    write: (part) => {
      text += part;
    },
    ...changes,
  };
  const children = new Children();
  return { children, command, end: runStage(children, command), text: () => text };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a stage', () => {
  test('passes its output on, and its code', async () => {
    const { end, text } = stage("console.log('one'); process.stdout.write('half'); process.exitCode = 4");
    expect(await end).toEqual({ kind: 'ended', code: 4 });
    expect(text()).toBe('one\nhalf\n');
  });

  test('leaves noise out', async () => {
    const { end, text } = stage("console.log('a\\nnoise\\nb')", { isNoise: (line) => line === 'noise' });
    await end;
    expect(text()).toBe('a\nb\n');
  });

  test('that says nothing is said to run', async () => {
    const until = 'process.stdin.resume(); setInterval(() => {}, 1000);';
    const { children, end, text } = stage(until, { silenceMs: 50 });
    await vi.waitFor(() => expect(text()).toMatch(/^\.\.\. unit: still running, \d+ s$/m), {
      timeout: 10_000,
    });
    await children.endAll();
    expect(await end).toEqual({ kind: 'ended', code: null });
  });

  test('is ended when its time is up', async () => {
    const { end } = stage('setInterval(() => {}, 1000)', { limitMs: 300 });
    expect(await end).toEqual({ kind: 'time-is-up' });
  });

  test('may not start', async () => {
    const { end } = stage('', { command: '/nowhere/tool' });
    expect(await end).toMatchObject({ kind: 'not-started', why: expect.stringContaining('ENOENT') });
  });
});

describe.skipIf(process.platform === 'win32')('children', () => {
  test('end with all that they started, also what does not want to', async () => {
    const children = new Children();
    const inner = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";
    const outer = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}]);
      child.stdout.once('data', () => console.log(process.pid + ' ' + child.pid));
    `;
    const child = children.start(process.execPath, ['-e', outer]);
    const [chunk] = await once(child.stdout!, 'data');
    const pids = String(chunk).trim().split(' ').map(Number);
    expect(pids.filter(isAlive)).toHaveLength(2);
    await children.endAll(200);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000 });
    // Nothing is left to end, and ending it again does no harm.
    await children.end(child);
    await children.endAll();
  }, 30_000);

  test('that never started need no end', async () => {
    const children = new Children();
    const child = children.start('/nowhere/tool', []);
    await once(child, 'error');
    await children.endAll();
  });
});
