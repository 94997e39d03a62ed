import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adviceForBrowser, browserPlaces } from './browser.mjs';
import { describeFailure, SetUpFailure } from './failure.mjs';
import { minutesFrom } from './main.mjs';
import { createReporter, formatSeconds } from './progress.mjs';
import { adviceForRuntime, runtimeTrouble } from './runtime.mjs';

const ENTRY = fileURLToPath(new URL('../set-up.mjs', import.meta.url));

describe('the command', () => {
  test('is used wrongly', () => {
    for (const args of [[], ['--for'], ['--for', 'fun'], ['--for', 'toString'], ['--for', 'test', 'x']]) {
      const { status, stderr } = spawnSync(process.execPath, [ENTRY, ...args], { encoding: 'utf8' });
      expect({ args, status }).toEqual({ args, status: 2 });
      expect(stderr).toMatch(/^Usage:/);
    }
  });

  test('helps', () => {
    const { status, stdout } = spawnSync(process.execPath, [ENTRY, '--help'], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toContain('FRAMECUE_CHROMIUM');
  });

  test('tells an old Node in a sentence', () => {
    const script = `
      Object.defineProperty(process.versions, 'node', { value: '18.19.0' });
      import(${JSON.stringify(new URL('../set-up.mjs', import.meta.url).href)});
    `;
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('this is Node 18.19.0');
    expect(stderr).toContain('nvm install 24');
  });
});

test('a failure says what happened, the end of what was said, and what to do', () => {
  const output = Array.from({ length: 40 }, (_, line) => `\u001b[31mline ${line}\u001b[0m`).join('\n');
  const text = describeFailure(new SetUpFailure('it broke', { output, advice: ['mend it', 'or not'] }), 2);
  expect(text).toBe(
    [
      'set-up: FAILED: it broke.',
      'The last it said:',
      '  | line 38',
      '  | line 39',
      'What to do:',
      '  - mend it',
      '  - or not',
    ].join('\n'),
  );
  expect(describeFailure(new SetUpFailure('it broke', { advice: ['mend it'] }))).not.toContain('The last');
});

test('minutes', () => {
  expect([minutesFrom(undefined), minutesFrom(''), minutesFrom('0.5')]).toEqual([15, 15, 0.5]);
  for (const wrong of ['0', '-1', 'x', 'Infinity']) expect(() => minutesFrom(wrong)).toThrow(SetUpFailure);
});

describe('the runtime', () => {
  test.each([
    [{ platform: 'darwin', arch: 'arm64' }, false, 'npm brought none for darwin arm64', 1],
    // A served platform without the package: optional ones are left out.
    [{ platform: 'linux', arch: 'x64' }, false, 'npm brought none for linux x64', 2],
    // Alpine: the packaged one is built for another C library.
    [{ platform: 'linux', arch: 'x64' }, true, 'does not start on this system', 1],
  ])('is missing on %o', (machine, isPackaged, why, pieces) => {
    const text = runtimeTrouble(machine, { isPackaged, version: '20.20.2' });
    expect(text).toContain(why);
    expect(text).toContain('20.20.2');
    expect(adviceForRuntime(machine, isPackaged)).toHaveLength(pieces);
  });
});

describe('browsers', () => {
  /** @type {string} */
  let home;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'framecue-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  /** @param {string} path */
  const put = (path) => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), '', { mode: 0o755 });
    return join(home, path);
  };

  test("on PATH come first, Playwright's last and newest first", () => {
    const chrome = put('bin/google-chrome');
    const chromium = put('bin/chromium');
    const old = put('.cache/ms-playwright/chromium-900/chrome-linux/chrome');
    const young = put('.cache/ms-playwright/chromium-1255/chrome-linux64/chrome');
    put('.cache/ms-playwright/firefox-1400/firefox/chrome');
    const places = browserPlaces({ platform: 'linux', home, env: { PATH: join(home, 'bin') } });
    expect(places.slice(0, 2)).toEqual([chromium, chrome]);
    expect(places.slice(-2)).toEqual([young, old]);
  });

  test('are looked for in the cache that Playwright is told to use', () => {
    const path = put('cache/chromium-1/chrome-linux/chrome');
    const env = { PATH: '', PLAYWRIGHT_BROWSERS_PATH: join(home, 'cache') };
    expect(browserPlaces({ platform: 'linux', home, env }).at(-1)).toBe(path);
  });

  test('have their places on macOS and Windows', () => {
    const mac = browserPlaces({ platform: 'darwin', home, env: { PATH: '' } });
    expect(mac[0]).toBe('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');
    const windows = browserPlaces({
      platform: 'win32',
      home,
      env: { PATH: '', PROGRAMFILES: 'C:\\Programs' },
    });
    expect(windows[0]).toContain('chrome.exe');
    expect(windows.at(-1)).toContain('msedge.exe');
  });

  test('that lack libraries are helped by whoever may', () => {
    const seen = { isMissingLibraries: true };
    expect(adviceForBrowser({ platform: 'linux', isRoot: false }, seen)[0]).toContain('install-deps');
    expect(adviceForBrowser({ platform: 'linux', isRoot: true }, seen)[0]).not.toContain('install-deps');
  });
});

describe('progress', () => {
  test.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [119_000, '119 s'],
    [125_000, '2 min 5 s'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatSeconds(ms)).toBe(text);
  });

  /** @param {boolean} isTTY */
  async function record(isTTY) {
    vi.useFakeTimers();
    try {
      let text = '';
      let time = 0;
      const report = createReporter({
        write: (part) => {
          text += part;
        },
        isTTY,
        columns: () => 40,
        now: () => time,
      });
      const done = report.step('packages: installing', async (say) => {
        for (let second = 1; second <= 11; second++) {
          time += 1_000;
          say(`${second} of 11   there`);
          await vi.advanceTimersByTimeAsync(1_000);
        }
        return 'result';
      });
      expect(await done).toBe('result');
      report.line('done');
      await vi.advanceTimersByTimeAsync(60_000);
      return text;
    } finally {
      vi.useRealTimers();
    }
  }

  test('is a line every five seconds in a log', async () => {
    expect(await record(false)).toBe(
      'set-up: packages: installing · 5 of 11 there · 5.0 s\n' +
        'set-up: packages: installing · 10 of 11 there · 10 s\n' +
        'set-up: done\n',
    );
  });

  test('is one line that is redrawn on a terminal, never wider than it', async () => {
    const text = await record(true);
    const drawn = text.split('\r\u001b[2K');
    expect(drawn.length).toBeGreaterThan(20);
    expect(Math.max(...drawn.slice(0, -1).map((line) => line.length))).toBeLessThanOrEqual(39);
    expect(drawn.at(-1)).toBe('set-up: done\n');
  });

  test('stops when the work fails', async () => {
    let text = '';
    const report = createReporter({ write: (part) => (text += part), isTTY: false });
    await expect(report.step('x', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(text).toBe('');
  });
});
