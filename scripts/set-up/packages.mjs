import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpFailure } from './failure.mjs';
import { adviceForNpm, INSTALL_FLAGS, npm, withoutNoise } from './npm.mjs';
import { formatSeconds } from './progress.mjs';
import { installedMatchesLock, lockMatchesManifests, packagesStamp, readManifests } from './stamps.mjs';

const STAMP = join('node_modules', '.framecue-stamp');
const COUNT_EVERY_MS = 1_000;

/** npm packages as the lock file says. @param {import('./main.mjs').Context} context */
export function packagesStep({ root, machine, report, limitMs }) {
  const stampFile = join(root, STAMP);
  const hasLock = existsSync(join(root, 'package-lock.json'));

  /** @param {readonly string[]} verb */
  const install = (verb) => {
    const total = hasLock ? countWanted(root) : 0;
    return report.step('packages: installing from the npm registry', async (say) => {
      const counting = setInterval(() => {
        const done = countInstalled(join(root, 'node_modules'));
        if (done > 0) say(total > 0 ? `${Math.min(done, total)} of ${total} there` : `${done} there`);
      }, COUNT_EVERY_MS);
      const ended = npm(machine, [...verb, ...INSTALL_FLAGS], { limitMs, cwd: root });
      return await ended.finally(() => clearInterval(counting));
    });
  };

  return {
    name: 'packages',

    isDone() {
      return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === packagesStamp(root, machine);
    },

    async make() {
      const stamp = packagesStamp(root, machine);
      if (hasLock && isInstalledAlready(root)) {
        writeFileSync(stampFile, stamp);
        return report.line('packages: node_modules is what the lock file asks for');
      }
      const since = performance.now();
      let byHand = hasLock ? 'npm ci' : 'npm install';
      let outcome = await install(hasLock ? ['ci'] : ['install']);
      const isRefused = outcome.kind === 'ended' && outcome.code !== 0 && /EUSAGE/.test(outcome.output);
      if (hasLock && isRefused && lockMatchesManifests(readLock(root), readManifests(root))) {
        report.line('packages: the lock file lacks packages of other platforms; going on without `npm ci`');
        byHand = 'npm install --no-save';
        outcome = await install(['install', '--no-save']);
      }
      if (outcome.kind !== 'ended' || outcome.code !== 0) throw installFailure(outcome, byHand, limitMs);
      // `npm install` without a lock has just written one: the stamp counts it.
      writeFileSync(stampFile, packagesStamp(root, machine));
      const count = countInstalled(join(root, 'node_modules'));
      report.line(`packages: ${count} installed in ${formatSeconds(performance.now() - since)}`);
    },
  };
}

/**
 * @param {import('./run.mjs').RunOutcome} outcome
 * @param {string} byHand the npm command that was run
 * @param {number} limitMs
 */
function installFailure(outcome, byHand, limitMs) {
  const output = withoutNoise(outcome.output);
  if (outcome.kind === 'not-started') {
    return new SetUpFailure('npm did not start', {
      output,
      advice: ['install Node together with npm (https://nodejs.org), and run the same command again'],
    });
  }
  if (outcome.kind === 'timed-out') {
    return new SetUpFailure(`${byHand} was not ready after ${Math.round(limitMs / 60_000)} min`, {
      output,
      advice: [
        'on a slow network allow more with FRAMECUE_SETUP_MINUTES=60',
        ...adviceForNpm(output, byHand),
      ],
    });
  }
  return new SetUpFailure(`the packages could not be installed (${byHand} ended with code ${outcome.code})`, {
    output,
    advice: adviceForNpm(output, byHand),
  });
}

/** @param {string} root @returns {import('./stamps.mjs').LockFile} */
function readLock(root) {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
}

/** @param {string} root */
function isInstalledAlready(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  try {
    const installed = JSON.parse(readFileSync(record, 'utf8'));
    return existsSync(join(root, 'node_modules', '.bin')) && installedMatchesLock(readLock(root), installed);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** How many packages of the lock file go into the top of node_modules. @param {string} root */
function countWanted(root) {
  const entries = Object.entries(readLock(root).packages ?? {});
  const isTop = (/** @type {string} */ path) => /^node_modules\/(?!.*\/node_modules\/)/.test(path);
  return entries.filter(([path, entry]) => isTop(path) && entry.optional !== true).length;
}

/**
 * How many packages are there. npm makes all folders at once and fills them as they arrive.
 * @param {string} folder
 */
function countInstalled(folder) {
  const names = (/** @type {string} */ path) => (existsSync(path) ? readdirSync(path) : []);
  const packages = names(folder).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? names(join(folder, name)).map((scoped) => join(name, scoped)) : [name];
  });
  return packages.filter((name) => existsSync(join(folder, name, 'package.json'))).length;
}
