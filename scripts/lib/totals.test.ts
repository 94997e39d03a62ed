import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from './tools.ts';
import { closingLine, countVitest, NOTHING, sumOf } from './totals.ts';

describe('the closing line', () => {
  test.each([
    [{ passed: 12, failed: 0, skipped: 0 }, '12 passed, 0 failed'],
    [{ passed: 0, failed: 3, skipped: 0 }, '0 passed, 3 failed'],
    [{ passed: 12, failed: 1, skipped: 2 }, '12 passed, 1 failed, 2 skipped'],
  ])('%o', (totals, line) => {
    expect(closingLine(totals)).toBe(line);
  });

  test('is of all stages', () => {
    const stages = [{ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 }, NOTHING];
    expect(sumOf(stages)).toEqual({ passed: 11, failed: 22, skipped: 33 });
    expect(sumOf([])).toEqual(NOTHING);
  });
});

describe('a report that is missing or cut counts as a failure', () => {
  test.each([null, '', '{"numPassedTests": 3', '{}', '{"numPassedTests": 3}', '[]'])('%j', (text) => {
    expect(countVitest(text, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('what Vitest itself reports', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'framecue-totals-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const FILES = {
    passes: "test('a', () => {}); test('b', () => {});",
    fails: "test('a', () => {}); test('b', () => { throw new Error('no'); });",
    skips: "test('a', () => {}); test.skip('b', () => {}); test.todo('c');",
    crashes: "import './nowhere.ts';",
    throwsAtLoad: "throw new Error('no');",
    isEmpty: '',
    hookFails: "beforeAll(() => { throw new Error('no'); }); test('a', () => {}); test('b', () => {});",
    escapes:
      "test('a', () => { setTimeout(() => { throw new Error('late'); }, 0); return new Promise((r) => setTimeout(r, 50)); });",
    dies: "test('a', () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); });",
    only: "test.only('a', () => {}); test('b', () => {});",
  };

  function count(...names: (keyof typeof FILES)[]) {
    for (const name of names) {
      const text = `import { beforeAll, test } from 'vitest';\nvoid beforeAll;\n${FILES[name]}`;
      writeFileSync(join(folder, `${name}.test.ts`), text);
    }
    const report = join(folder, 'report.json');
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', '--reporter=json', `--outputFile=${report}`, '--allowOnly=false'];
    // Without what tells a Vitest that it runs inside another.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/VITEST|NODE_ENV/.test(name)),
    );
    const { status } = spawnSync(process.execPath, args, {
      cwd: folder,
      env,
      timeout: 60_000,
      encoding: 'utf8',
    });
    return countVitest(readFileSync(report, 'utf8'), status);
  }

  test('passed, failed, skipped and to be written', () => {
    expect(count('passes', 'fails', 'skips')).toEqual({ passed: 4, failed: 1, skipped: 2 });
  }, 90_000);

  test('files that fail as a whole', () => {
    expect(count('passes', 'crashes', 'throwsAtLoad', 'isEmpty', 'only')).toMatchObject({
      passed: 2,
      failed: 4,
    });
  }, 90_000);

  test('a hook that fails, with the tests that it kept from running', () => {
    expect(count('hookFails').failed).toBeGreaterThanOrEqual(1);
  }, 90_000);

  test('an error that nobody caught', () => {
    expect(count('passes', 'escapes')).toMatchObject({ passed: 3, failed: 1 });
  }, 90_000);

  test('a worker that dies', () => {
    expect(count('passes', 'dies')).toMatchObject({ passed: 2, failed: 1 });
  }, 90_000);
});
