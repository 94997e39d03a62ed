import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve, sep } from 'node:path';

/**
 * @typedef {{ platform: string, arch: string, distribution: 'debian' | 'ubuntu' | 'other', isRoot: boolean,
 *   hasApt: boolean, home: string, env: NodeJS.ProcessEnv }} Machine
 */

/**
 * What set-up needs to know of the machine to choose how to get things.
 * @param {string} root the checkout: what it brings itself does not count as the machine's
 * @returns {Machine}
 */
export function thisMachine(root) {
  const ours = join(root, 'node_modules');
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PATH: pathWithout(process.env.PATH ?? '', ours) };
  if (env.npm_node_execpath?.startsWith(`${ours}${sep}`)) delete env.npm_node_execpath;
  const osRelease = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return {
    platform: process.platform,
    arch: process.arch,
    distribution: distributionOf(osRelease),
    isRoot: process.getuid?.() === 0,
    hasApt: findOnPath(['apt-get'], env) !== null,
    home: homedir(),
    env,
  };
}

/**
 * The family of a Linux distribution by os-release(5). Derivatives name their parents in ID_LIKE; one that names
 * Ubuntu has Ubuntu's habits (browsers as snaps).
 * @param {string} osRelease
 * @returns {Machine['distribution']}
 */
export function distributionOf(osRelease) {
  const ids = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].flatMap((match) =>
    (match[1] ?? '').replaceAll(/["']/g, '').trim().split(/\s+/),
  );
  if (ids.includes('ubuntu')) return 'ubuntu';
  return ids.includes('debian') ? 'debian' : 'other';
}

/**
 * PATH without the folders below `folder`: npm puts node_modules/.bin first, where `node` is the packaged
 * runtime, which an installation replaces while it runs.
 * @param {string} path
 * @param {string} folder
 */
export function pathWithout(path, folder) {
  return path
    .split(delimiter)
    .filter((part) => part !== '' && !`${resolve(part)}${sep}`.startsWith(`${folder}${sep}`))
    .join(delimiter);
}

/**
 * The first executable file of one of these names, names before folders.
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 */
export function findOnPath(names, env) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  const folders = (env.PATH ?? '').split(delimiter).filter((part) => part !== '');
  for (const name of names) {
    for (const folder of folders) {
      for (const ending of endings) {
        const path = resolve(folder, `${name}${ending}`);
        if (isExecutable(path)) return path;
      }
    }
  }
  return null;
}

/**
 * The program that a setting names: a bare name is looked up on PATH, anything else is a path.
 * @param {string} value
 * @param {NodeJS.ProcessEnv} env
 */
export function programFrom(value, env) {
  return (/[\\/]/.test(value) ? null : findOnPath([value], env)) ?? resolve(value);
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    if (!statSync(path).isFile()) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
