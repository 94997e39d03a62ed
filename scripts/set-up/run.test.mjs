import { describe, expect, test, vi } from 'vitest';
import { endChildren, run } from './run.mjs';

/** @param {string} script */
const node = (script) => /** @type {const} */ ([process.execPath, ['-e', script]]);
const LIMIT = { limitMs: 20_000 };

const isAlive = (/** @type {number} */ pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a program', () => {
  test('ends with its code and its output', async () => {
    const outcome = await run(...node("console.log('a'); console.error('b'); process.exitCode = 3"), LIMIT);
    expect(outcome).toMatchObject({ kind: 'ended', code: 3 });
    expect(outcome.output.split('\n').sort()).toEqual(['', 'a', 'b']);
  });

  test('gets no input', async () => {
    const outcome = await run(...node("process.stdin.on('end', () => process.exit(0)).resume()"), LIMIT);
    expect(outcome).toMatchObject({ kind: 'ended', code: 0 });
  });

  test('may not be there', async () => {
    const outcome = await run('/nowhere/tool', [], LIMIT);
    expect(outcome).toMatchObject({ kind: 'not-started', output: expect.stringContaining('ENOENT') });
  });

  test('has the end of its output kept, no more', async () => {
    const script = "for (let i = 0; i < 2000; i++) console.log('line ' + i)";
    const outcome = await run(...node(script), { ...LIMIT, keepChars: 100 });
    expect(outcome.output).toHaveLength(100);
    expect(outcome.output).toMatch(/line 1999\n$/);
  });

  test('tells its lines, those of progress bars too', async () => {
    /** @type {string[]} */
    const lines = [];
    const script =
      "process.stdout.write('10%\\r20%\\r\\n'); process.stdout.write('half'); console.log(' line')";
    await run(...node(script), { ...LIMIT, onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['10%', '20%', 'half line']);
  });
});

// What it starts sits in the same process group and ignores the polite signal.
const PARENT = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"]);
  child.stdout.once('data', () => console.log('pids ' + process.pid + ' ' + child.pid));
  setInterval(() => {}, 1000);
`;

test.skipIf(process.platform === 'win32')(
  'the time limit ends a program with all that it started',
  async () => {
    const outcome = await run(...node(PARENT), { limitMs: 5_000 });
    expect(outcome.kind).toBe('timed-out');
    const pids = /pids (\d+) (\d+)/.exec(outcome.output)?.slice(1).map(Number) ?? [];
    expect(pids).toHaveLength(2);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000 });
  },
  30_000,
);

test.skipIf(process.platform === 'win32')(
  'all that runs can be ended',
  async () => {
    /** @type {PromiseWithResolvers<string>} */
    const { promise: told, resolve } = Promise.withResolvers();
    const outcome = run(...node(PARENT), { ...LIMIT, onLine: resolve });
    const pids = (await told).split(' ').slice(1).map(Number);
    expect(pids.filter(isAlive)).toHaveLength(2);
    await endChildren();
    expect(await outcome).toMatchObject({ kind: 'ended', code: 128 });
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000 });
  },
  30_000,
);
