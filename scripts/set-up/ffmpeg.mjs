import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { aptInstall } from './apt.mjs';
import { SetUpFailure } from './failure.mjs';
import { findOnPath, programFrom } from './machine.mjs';
import { adviceForNpm, INSTALL_FLAGS, npm, withoutNoise } from './npm.mjs';
import { run } from './run.mjs';
import { waysToFfmpeg } from './ways.mjs';

const TRY_MS = 30_000;
/** Static builds for machines without root: the last published ones, in a folder of their own. */
const NPM_PACKAGES = ['@ffmpeg-installer/ffmpeg@1.1.0', '@ffprobe-installer/ffprobe@2.1.2'];
/** One picture and some sound through what the test streams use. */
const TRIAL =
  '-v error -f lavfi -i color=size=64x64:rate=25 -f lavfi -i sine -frames:v 2 -c:v libx264 -c:a aac -shortest -f flv -'
    .split(' ')
    .map((word) => (word === '-' ? (process.platform === 'win32' ? 'NUL' : '/dev/null') : word));

/**
 * @typedef {{ ffmpeg: string, ffprobe: string }} Pair
 * @typedef {{ pair: Pair } | { trouble: string }} Trial
 */

/** ffmpeg with ffprobe: the system's first. @param {import('./main.mjs').Context} context */
export function ffmpegStep({ root, machine, report, records, limitMs }) {
  const setting = machine.env.FRAMECUE_FFMPEG ?? '';
  const probeSetting = machine.env.FRAMECUE_FFPROBE ?? '';

  /** @param {Pair} pair */
  const keep = ({ ffmpeg, ffprobe }) => {
    records.keep('ffmpeg', ffmpeg, setting);
    records.keep('ffprobe', ffprobe, probeSetting);
    report.line(`ffmpeg: ${ffmpeg}`);
  };

  /** @returns {Promise<Trial>} */
  const find = async () => {
    const own = findOnPath(['ffmpeg'], machine.env);
    const candidates = [own, npmTool(root, machine, 'ffmpeg')].filter((path) => path !== null);
    /** @type {Trial} */
    let last = { trouble: 'there is no ffmpeg on this machine' };
    for (const ffmpeg of candidates) {
      last = await tryPair(ffmpeg, probeFor(ffmpeg));
      if ('pair' in last) return last;
    }
    return last;
  };

  /** @param {string} ffmpeg */
  const probeFor = (ffmpeg) => {
    if (probeSetting !== '') return programFrom(probeSetting, machine.env);
    const beside = join(dirname(ffmpeg), basename(ffmpeg).replace('ffmpeg', 'ffprobe'));
    if (existsSync(beside)) return beside;
    return findOnPath(['ffprobe'], machine.env) ?? npmTool(root, machine, 'ffprobe');
  };

  return {
    name: 'ffmpeg',

    isDone() {
      return records.isKnown('ffmpeg', setting) && records.isKnown('ffprobe', probeSetting);
    },

    async make() {
      if (setting !== '') {
        const named = programFrom(setting, machine.env);
        const trial = await tryPair(named, probeFor(named));
        if ('pair' in trial) return keep(trial.pair);
        throw new SetUpFailure(`FRAMECUE_FFMPEG=${setting} is of no use: ${trial.trouble}`, {
          advice: ['let it name an ffmpeg with libx264 and aac (FRAMECUE_FFPROBE its ffprobe), or unset it'],
        });
      }
      const present = await report.step('ffmpeg: looking', find);
      if ('pair' in present) return keep(present.pair);

      /** @type {{ why: string, output: string }[]} */
      const failures = [];
      for (const way of waysToFfmpeg(machine)) {
        const failed =
          way.kind === 'apt'
            ? await report.step('ffmpeg: installing by apt-get', async (say) => {
                const outcome = await aptInstall(way.packages, { limitMs, env: machine.env, say });
                return outcome.kind === 'done' ? null : outcome;
              })
            : await report.step('ffmpeg: fetching a build from npm into .framecue/tools', () =>
                installFromNpm(root, machine, limitMs),
              );
        const trial = await find();
        if ('pair' in trial) return keep(trial.pair);
        failures.push(failed ?? { why: trial.trouble, output: '' });
      }
      const last = failures.at(-1);
      throw new SetUpFailure(`ffmpeg is needed: ${failures.map(({ why }) => why).join('; ')}`, {
        output: last?.output ?? '',
        advice: [
          adviceForFfmpeg(machine.platform),
          'or let FRAMECUE_FFMPEG name one that has libx264 and aac',
          ...adviceForNpm(last?.output ?? '', 'npm ping'),
        ],
      });
    },
  };
}

/** @param {string} platform */
function adviceForFfmpeg(platform) {
  if (platform === 'darwin') return 'install it with `brew install ffmpeg`, and run the same command again';
  if (platform === 'win32') return 'install it with `winget install ffmpeg`, and run the same command again';
  return 'install it with your package manager (`sudo apt-get install ffmpeg`), and run the same command again';
}

/**
 * A build fetched from npm earlier.
 * @param {string} root
 * @param {import('./machine.mjs').Machine} machine
 * @param {'ffmpeg' | 'ffprobe'} name
 * @returns {string | null}
 */
function npmTool(root, { platform }, name) {
  const path = join(root, '.framecue', 'tools', 'bin', platform === 'win32' ? `${name}.exe` : name);
  return existsSync(path) ? path : null;
}

/**
 * @param {string} root
 * @param {import('./machine.mjs').Machine} machine
 * @param {number} limitMs
 * @returns {Promise<{ why: string, output: string } | null>} null when installed
 */
async function installFromNpm(root, machine, limitMs) {
  const folder = join(root, '.framecue', 'tools');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "framecue-tools", "private": true }\n');
  const args = ['install', '--prefix', folder, ...INSTALL_FLAGS, ...NPM_PACKAGES];
  const outcome = await npm(machine, args, { limitMs, cwd: folder });
  if (outcome.kind !== 'ended' || outcome.code !== 0) {
    const how = outcome.kind === 'ended' ? `ended with code ${outcome.code}` : outcome.kind.replace('-', ' ');
    return { why: `npm install of a static build ${how}`, output: withoutNoise(outcome.output) };
  }
  // Side by side, as ffmpeg and ffprobe stand everywhere else.
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const name of ['ffmpeg', 'ffprobe']) {
    const file = machine.platform === 'win32' ? `${name}.exe` : name;
    const build = `${machine.platform}-${machine.arch}`;
    const from = join(folder, 'node_modules', `@${name}-installer`, build, file);
    if (!existsSync(from)) return { why: `npm has no ${name} for ${build}`, output: '' };
    renameSync(from, join(folder, 'bin', file));
    chmodSync(join(folder, 'bin', file), 0o755);
  }
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  return null;
}

/**
 * Whether a pair can do the work, by doing a little of it.
 * @param {string} ffmpeg
 * @param {string | null} ffprobe
 * @returns {Promise<Trial>}
 */
async function tryPair(ffmpeg, ffprobe) {
  const trial = await run(ffmpeg, ['-y', ...TRIAL], { limitMs: TRY_MS });
  if (trial.kind !== 'ended' || trial.code !== 0) {
    const said = trial.output.trim().split('\n').at(-1) ?? '';
    return { trouble: `${ffmpeg} cannot encode H.264 and AAC (${said === '' ? trial.kind : said})` };
  }
  if (ffprobe === null) return { trouble: `there is no ffprobe to go with ${ffmpeg}` };
  const probe = await run(ffprobe, ['-version'], { limitMs: TRY_MS });
  if (probe.kind !== 'ended' || probe.code !== 0) return { trouble: `${ffprobe} does not run` };
  return { pair: { ffmpeg, ffprobe } };
}
