import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall } from './apt.mjs';
import { SetUpFailure } from './failure.mjs';
import { findOnPath, isExecutable, programFrom } from './machine.mjs';
import { run } from './run.mjs';
import { waysToBrowser } from './ways.mjs';

const START_MS = 45_000;
const NAMES = ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser', 'chrome'];
/** Says whether H.264 with AAC can be played, without which none of the pages can show a stream. */
const PAGE =
  'data:text/html,<script>document.write("framecue:"+MediaSource.isTypeSupported(' +
  '\'video/mp4;codecs="avc1.64001f,mp4a.40.2"\')+":"+navigator.userAgent)</script>';

/** @typedef {import('./machine.mjs').Machine} Machine */

/** A browser that starts headless and plays H.264. @param {import('./main.mjs').Context} context */
export function browserStep({ root, machine, report, records, limitMs }) {
  const setting = machine.env.FRAMECUE_CHROMIUM ?? '';

  /** @param {{ path: string, version: string }} found */
  const keep = ({ path, version }) => {
    records.keep('chromium', path, setting);
    report.line(`browser: ${path} (${version}), starts and plays H.264`);
  };

  /** @type {Map<string, string>} */
  const refused = new Map();
  const find = async () => {
    for (const path of browserPlaces(machine)) {
      if (!isExecutable(path)) continue;
      const trial = await tryBrowser(path);
      if ('version' in trial) return { path, version: trial.version };
      refused.set(path, trial.trouble);
    }
    return null;
  };

  return {
    name: 'browser',

    isDone() {
      return records.isKnown('chromium', setting);
    },

    async make() {
      if (setting !== '') {
        const path = programFrom(setting, machine.env);
        const trial = await report.step('browser: trying FRAMECUE_CHROMIUM', () => tryBrowser(path));
        if ('version' in trial) return keep({ path, version: trial.version });
        throw new SetUpFailure(`FRAMECUE_CHROMIUM=${setting} is of no use: ${trial.trouble}`, {
          advice: ['let it name a Chrome or Chromium that starts with --headless, or unset it'],
        });
      }
      const present = await report.step('browser: looking for Chrome or Chromium and starting it', find);
      if (present !== null) return keep(present);

      let output = '';
      /** @type {string[]} */
      const failures = [];
      for (const way of waysToBrowser(machine)) {
        const label =
          way.kind === 'apt' ? 'installing chromium by apt-get' : "fetching Playwright's Chromium";
        const failed = await report.step(`browser: ${label}`, (say) =>
          way.kind === 'apt'
            ? aptInstall(way.packages, { limitMs, env: machine.env, say })
            : installByPlaywright({ root, records, env: machine.env, limitMs, say, ...way }),
        );
        const found = await report.step('browser: starting it', find);
        if (found !== null) return keep(found);
        if (failed.kind === 'failed') {
          failures.push(failed.why);
          output = failed.output;
        }
      }
      const tried = [...refused].map(([path, trouble]) => `${path}: ${trouble}`);
      throw new SetUpFailure(`a browser is needed for the tests: ${[...failures, ...tried].join('; ')}`, {
        output,
        advice: adviceForBrowser(machine, {
          isMissingLibraries: tried.some((text) => /shared librar/.test(text)),
        }),
      });
    },
  };
}

/**
 * @param {Pick<Machine, 'platform' | 'isRoot'>} machine
 * @param {{ isMissingLibraries: boolean }} seen
 */
export function adviceForBrowser({ platform, isRoot }, { isMissingLibraries }) {
  const install =
    platform === 'linux'
      ? 'install Chrome or Chromium (Debian: `sudo apt-get install chromium`; any system: https://www.google.com/chrome)'
      : 'install Chrome (https://www.google.com/chrome)';
  return [
    ...(isMissingLibraries && !isRoot
      ? ["give Playwright's Chromium what it lacks: `sudo npx playwright-core install-deps chromium`"]
      : []),
    `${install}, and run the same command again`,
    'or let FRAMECUE_CHROMIUM name one that is somewhere else',
  ];
}

/**
 * Where a browser may be, likeliest first.
 * @param {Pick<Machine, 'platform' | 'home' | 'env'>} machine
 */
export function browserPlaces({ platform, home, env }) {
  const onPath = NAMES.flatMap((name) => findOnPath([name], env) ?? []);
  /** @type {string[]} */
  const usual = [];
  if (platform === 'darwin') {
    for (const name of ['Google Chrome', 'Chromium', 'Microsoft Edge']) {
      for (const base of ['/Applications', join(home, 'Applications')]) {
        usual.push(join(base, `${name}.app`, 'Contents', 'MacOS', name));
      }
    }
  } else if (platform === 'win32') {
    const bases = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(
      (base) => base !== undefined,
    );
    for (const app of ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe']) {
      for (const base of bases) usual.push(join(base, app));
    }
    for (const base of bases) usual.push(join(base, 'Microsoft\\Edge\\Application\\msedge.exe'));
  } else {
    usual.push('/usr/bin/chromium', '/opt/google/chrome/chrome', '/snap/bin/chromium');
  }
  return [...new Set([...onPath, ...usual, ...playwrightPlaces({ platform, home, env })])];
}

/**
 * Chromium builds in Playwright's cache, newest first.
 * @param {Pick<Machine, 'platform' | 'home' | 'env'>} machine
 */
function playwrightPlaces({ platform, home, env }) {
  const caches = { darwin: join(home, 'Library', 'Caches'), win32: join(home, 'AppData', 'Local') };
  const usual =
    platform === 'darwin' || platform === 'win32'
      ? caches[platform]
      : (env.XDG_CACHE_HOME ?? join(home, '.cache'));
  const cache = env.PLAYWRIGHT_BROWSERS_PATH ?? join(usual, 'ms-playwright');
  const builds = subfolders(cache)
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => Number(b.split('-')[1]) - Number(a.split('-')[1]));
  const inside = {
    darwin: [
      'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
      'Chromium.app/Contents/MacOS/Chromium',
    ],
    win32: ['chrome.exe'],
    linux: ['chrome'],
  };
  const files = platform === 'darwin' || platform === 'win32' ? inside[platform] : inside.linux;
  return builds.flatMap((build) =>
    subfolders(join(cache, build)).flatMap((folder) => files.map((file) => join(cache, build, folder, file))),
  );
}

/** @param {string} folder */
function subfolders(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
}

/**
 * @param {{ root: string, records: import('./records.mjs').Records, env: NodeJS.ProcessEnv, limitMs: number,
 *   withSystemPackages: boolean, say: (detail: string) => void }} options
 * @returns {Promise<{ kind: 'done' } | { kind: 'failed', why: string, output: string }>}
 */
async function installByPlaywright({ root, records, env, limitMs, withSystemPackages, say }) {
  const cli = join(root, 'node_modules', 'playwright-core', 'cli.js');
  const args = [cli, 'install', '--no-shell', ...(withSystemPackages ? ['--with-deps'] : []), 'chromium'];
  const outcome = await run(records.tools.node ?? process.execPath, args, { limitMs, env, onLine: say });
  if (outcome.kind === 'ended' && outcome.code === 0) return { kind: 'done' };
  const how = outcome.kind === 'ended' ? `ended with code ${outcome.code}` : outcome.kind.replace('-', ' ');
  return { kind: 'failed', why: `playwright-core install chromium ${how}`, output: outcome.output };
}

/**
 * Starts a browser headless, as the tests will, and asks it what it plays.
 * @param {string} path
 * @returns {Promise<{ version: string } | { trouble: string }>}
 */
async function tryBrowser(path) {
  const profile = mkdtempSync(join(tmpdir(), 'framecue-browser-'));
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    `--user-data-dir=${profile}`,
  ];
  try {
    const outcome = await run(path, [...args, '--dump-dom', PAGE], { limitMs: START_MS });
    if (outcome.kind === 'timed-out') return { trouble: `did not show a page within ${START_MS / 1_000} s` };
    const page = /framecue:(true|false):.*?(Chrome\/[\d.]+)/.exec(outcome.output);
    if (page === null) return { trouble: reasonIn(outcome.output) };
    if (page[1] === 'false') return { trouble: 'starts, but cannot play H.264' };
    return { version: page[2] ?? '' };
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {string} output */
function reasonIn(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/dbus/i.test(line));
  const telling = lines.find((line) => /shared librar|snap|requires|error/i.test(line)) ?? lines.at(-1);
  return `does not start headless (${telling?.trim().slice(0, 160) ?? 'it said nothing'})`;
}
