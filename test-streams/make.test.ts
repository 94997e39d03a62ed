import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { TEST_STREAM_NAMES } from './make.ts';

const MAKE = new URL('./make.ts', import.meta.url).pathname;
const run = promisify(execFile);

/** As a user types it, with Node alone. */
async function make(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const options = { env: { ...process.env, ...environment }, timeout: 60_000 };
  try {
    return { code: 0, ...(await run(process.execPath, [MAKE, ...args], options)) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('--help tells the names', async () => {
  const { code, stdout } = await make(['--help']);
  expect(code).toBe(0);
  for (const name of TEST_STREAM_NAMES) expect(stdout).toContain(name);
});

test.each([[[]], [['nothing']], [['demo', 'plain-25']], [['--quick', 'demo']]])(
  '%o is wrong use',
  async (args) => {
    expect(await make(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('usage') });
  },
);

test('a stream that cannot be made is exit code 1 and a coded line', async () => {
  const result = await make(['plain-25', '--force'], { FRAMECUE_FFMPEG: '/nowhere/ffmpeg' });
  expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ERR_TOOL_MISSING') });
});

test('prints the path of what is there, made or found', async () => {
  const { code, stdout, stderr } = await make(['plain-25']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/test-streams\/out\/plain-25-v\d+-[0-9a-f]{12}\.flv\n$/);
  expect(stderr).toMatch(/plain-25: 600 frames, 24\.00 s, (made|there)/);
}, 60_000);
