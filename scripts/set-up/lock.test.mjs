import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isStale, processStart, tryLock } from './lock.mjs';

/** @type {string} */
let folder;
/** @type {string} */
let file;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-lock-'));
  file = join(folder, 'inner', 'set-up.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @returns {() => void} */
function take() {
  const lock = tryLock(file);
  if (lock.kind !== 'taken') throw new Error('the lock is held');
  return lock.release;
}

/** The id of a process that is no more. */
const deadPid = () => Number(spawnSync(process.execPath, ['-e', 'console.log(process.pid)']).stdout);

test('one holds it, and gives it back', () => {
  const release = take();
  expect(tryLock(file)).toMatchObject({ kind: 'held', holder: { pid: process.pid } });
  release();
  expect(existsSync(file)).toBe(false);
  take()();
});

test('giving back twice does not take it from the next', () => {
  const release = take();
  release();
  const next = take();
  release();
  expect(existsSync(file)).toBe(true);
  next();
});

test('a lock of a dead process is taken over', () => {
  take()();
  writeFileSync(file, JSON.stringify({ pid: deadPid(), host: hostname(), started: '', token: 'old' }));
  const release = take();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
  release();
});

test('a cut lock is held until it has long been silent', () => {
  take()();
  writeFileSync(file, '{"pid":');
  expect(tryLock(file)).toMatchObject({ kind: 'held' });
  const longAgo = new Date(Date.now() - 120_000);
  utimesSync(file, longAgo, longAgo);
  take()();
});

describe('a lock is stale', () => {
  const holder = { pid: 7, host: 'here', started: '100', token: 't' };
  const here = (/** @type {string | null} */ start) => ({ host: 'here', startOf: () => start });

  test.each([
    ['its process lives', { holder, silentMs: 0 }, here('100'), false],
    ['its process is gone', { holder, silentMs: 0 }, here(null), true],
    ['its id went to another process', { holder, silentMs: 0 }, here('200'), true],
    ['the system does not tell lives apart', { holder, silentMs: 0 }, here(''), false],
    [
      'it is of another container, and beats',
      { holder, silentMs: 5_000 },
      { ...here(null), host: 'there' },
      false,
    ],
    [
      'it is of another container, and silent',
      { holder, silentMs: 61_000 },
      { ...here(null), host: 'there' },
      true,
    ],
  ])('or not when %s', (_, seen, circumstances, expected) => {
    expect(isStale(seen, circumstances)).toBe(expected);
  });

  test('processes are told apart', () => {
    expect(processStart(process.pid)).not.toBe(null);
    expect(processStart(deadPid())).toBe(null);
  });
});

test('of many processes that find a stale lock one gets it', async () => {
  take()();
  writeFileSync(file, JSON.stringify({ pid: deadPid(), host: hostname(), started: '', token: 'old' }));
  const module = JSON.stringify(new URL('./lock.mjs', import.meta.url).href);
  const script = `
    import { tryLock } from ${module};
    process.stdin.once('data', () => console.log(tryLock(${JSON.stringify(file)}).kind));
    process.stdin.once('end', () => process.exit());
    console.error('ready');
  `;
  const children = Array.from({ length: 5 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script]),
  );
  try {
    await Promise.all(children.map((child) => once(child.stderr, 'data')));
    const said = children.map((child) => once(child.stdout, 'data'));
    for (const child of children) child.stdin.write('go');
    const kinds = (await Promise.all(said)).map(([chunk]) => String(chunk).trim());
    expect(kinds.filter((kind) => kind === 'taken')).toHaveLength(1);
  } finally {
    for (const child of children) child.stdin.end();
    await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
  }
}, 30_000);
