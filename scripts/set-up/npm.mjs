import { findOnPath } from './machine.mjs';
import { run } from './run.mjs';

/**
 * Runs npm by the machine's own Node and without what an outer `npm run` left in the environment: it may be
 * about to replace the packaged runtime that this process runs on.
 *
 * @param {import('./machine.mjs').Machine} machine
 * @param {readonly string[]} args
 * @param {{ limitMs: number, cwd: string, onLine?: (line: string) => void }} options
 */
export function npm(machine, args, options) {
  const { command, leading, shell } = npmCommand(machine);
  return run(command, [...leading, ...args], { ...options, env: npmEnvironment(machine.env), shell });
}

/** @param {import('./machine.mjs').Machine} machine */
function npmCommand(machine) {
  const script = machine.env.npm_execpath ?? '';
  const node = machine.env.npm_node_execpath ?? findOnPath(['node'], machine.env) ?? process.execPath;
  if (/npm-cli\.c?js$/.test(script)) return { command: node, leading: [script], shell: false };
  const isWindows = machine.platform === 'win32';
  return { command: findOnPath(['npm'], machine.env) ?? 'npm', leading: [], shell: isWindows };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function npmEnvironment(env) {
  const isOuter = /^npm_(package_|lifecycle_|command$|config_(local_prefix|workspaces?|global|prefix)$)/i;
  const kept = Object.entries(env).filter(([name]) => !isOuter.test(name));
  return { ...Object.fromEntries(kept), npm_config_update_notifier: 'false' };
}

/** Flags for every installation: quiet, complete whatever NODE_ENV says, and at peace with Node 20. */
export const INSTALL_FLAGS = [
  '--no-fund',
  '--no-audit',
  '--loglevel=error',
  '--include=dev',
  '--include=optional',
  '--engine-strict=false',
];

/**
 * npm's warnings about engines and user settings, and the usage text that it adds to a refusal, only lead away
 * from the cause.
 * @param {string} output
 */
export function withoutNoise(output) {
  const lines = output
    .split('\n')
    .filter((line) => !/EBADENGINE|^npm (warn|notice)|^npm error\s*$/i.test(line));
  const usage = lines.findIndex((line) => /^npm error Usage:/.test(line));
  return (usage < 0 ? lines : lines.slice(0, usage)).join('\n');
}

/** @type {readonly (readonly [RegExp, string])[]} */
const CAUSES = [
  [
    /EUSAGE|in sync/,
    'package.json and package-lock.json differ: run `npm install` once and commit the lock file',
  ],
  [/ENOSPC/, 'the disk is full: make room, about 1 GB, and run the command again'],
  [
    /EACCES|EPERM/,
    'some files here or in the npm cache belong to another user: give them back with `chown`, or remove node_modules',
  ],
  [/EINTEGRITY/, 'a cached package is damaged: run `npm cache verify`, then the command again'],
  [
    /CERT_|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/,
    'the registry shows a certificate that Node does not trust: set `npm config set cafile FILE` for your network',
  ],
  [/E401|E403/, 'the registry refused: look at `npm config get registry` and whether it wants a login'],
  [/E404|ETARGET/, 'the registry lacks a package: look at `npm config get registry`; a mirror may be behind'],
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONN|ENETUNREACH|ERR_SOCKET|network/i,
    'the package registry was not reached: check the network, or `npm config set proxy`, and run the command again',
  ],
];

/**
 * What a person can do about an installation that failed, from what npm said.
 * @param {string} output
 * @param {string} byHand the command that shows everything
 */
export function adviceForNpm(output, byHand) {
  const known = CAUSES.find(([pattern]) => pattern.test(output))?.[1];
  return [...(known === undefined ? [] : [known]), `to see all that npm says, run \`${byHand}\``];
}
