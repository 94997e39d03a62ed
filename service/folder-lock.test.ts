import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const taken = expect.objectContaining({
  code: 'ERR_SETTING',
  message: expect.stringMatching(/FRAMECUE_DATA_DIR: another media process works in/),
});

test('one process at a time works in a folder under one name', () => {
  const lock = lockFolder(folder, 'media', 10);
  expect(() => lockFolder(folder, 'media', 10)).toThrow(taken);
  lockFolder(folder, 'events', 10).release();
  lock.release();
  lock.release();
  lockFolder(folder, 'media', 10).release();
});

test('a process that is killed leaves no lock behind', async () => {
  const program = `
    const { lockFolder } = await import(${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)});
    lockFolder(${JSON.stringify(folder)}, 'media');
    // Who takes the lock need not keep anything of it.
    gc();
    process.send('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  try {
    await once(child, 'message');
    expect(() => lockFolder(folder, 'media', 10)).toThrow(taken);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  lockFolder(folder, 'media', 10).release();
});

test('a folder that cannot be used is told by its setting', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => lockFolder(file, 'media', 10)).toThrow(
    expect.objectContaining({ code: 'ERR_SETTING', message: expect.stringContaining('FRAMECUE_DATA_DIR') }),
  );
});
