import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from './lib/tools.ts';

const STARTER = join(ROOT, 'scripts', 'framecue.mjs');
/** What an older Node would say of itself. */
const OLDER = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })",
)}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-starter-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, args, { env, timeout: 30_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test('the command runs where Node is new enough', async () => {
  const { code, stdout } = await run([STARTER, 'verify', '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('framecue verify');
});

test('an older Node hands over to the one that set-up has brought, with arguments and exit code', async () => {
  // A checkout whose Node is this one: on some platforms no package brings one.
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node_modules', '.bin', 'node'));
  mkdirSync(join(folder, 'scripts'));
  cpSync(STARTER, join(folder, 'scripts', 'framecue.mjs'));
  symlinkSync(join(ROOT, 'scripts', 'framecue.ts'), join(folder, 'scripts', 'framecue.ts'));
  const starter = join(folder, 'scripts', 'framecue.mjs');
  const good = await run(['--import', OLDER, starter, 'verify', '--help']);
  expect(good.stdout).toContain('framecue verify');
  expect(good.code).toBe(0);
  const wrong = await run(['--import', OLDER, starter, 'verify', '--no-such-option']);
  expect(wrong.code).toBe(2);
});

test('an older Node without it says what to do', async () => {
  mkdirSync(join(folder, 'scripts'));
  cpSync(STARTER, join(folder, 'scripts', 'framecue.mjs'));
  const { code, stderr } = await run(['--import', OLDER, join(folder, 'scripts', 'framecue.mjs'), 'status']);
  expect(code).toBe(1);
  expect(stderr).toContain('npm start');
  expect(stderr).not.toMatch(/^\s+at /m);
});
