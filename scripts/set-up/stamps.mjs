import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * One hash over names and contents of files under `root`; a file that is missing counts as missing, not as empty.
 * @param {string} root
 * @param {readonly string[]} files relative to root
 * @param {readonly string[]} [salt] what else the result depends on
 */
export function hashFiles(root, files, salt = []) {
  const hash = createHash('sha256');
  for (const text of salt) hash.update(`${text}\0`);
  for (const file of files) {
    const path = join(root, file);
    const bytes = existsSync(path) ? readFileSync(path) : null;
    hash.update(`\0${file}\0${bytes === null ? 'missing' : bytes.length}\0`);
    if (bytes !== null) hash.update(bytes);
  }
  return hash.digest('hex');
}

/**
 * What node_modules depends on: the lock, the manifests of the root and of its workspaces, and the platform,
 * because a checkout can be shared with a container of another one.
 * @param {string} root
 * @param {{ platform: string, arch: string }} machine
 */
export function packagesStamp(root, { platform, arch }) {
  const files = manifestFolders(root).map((folder) => join(folder, 'package.json'));
  return hashFiles(root, ['package-lock.json', ...files], [platform, arch]);
}

/**
 * The folders with a package.json of the project, '' for the root.
 * @param {string} root
 * @returns {string[]}
 */
function manifestFolders(root) {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return ['', ...(Array.isArray(workspaces) ? workspaces : [])];
}

/**
 * The manifests of the root ('') and the workspaces by folder, as the lock file names them.
 * @param {string} root
 * @returns {Record<string, Manifest>}
 */
export function readManifests(root) {
  const folders = manifestFolders(root).filter((folder) => existsSync(join(root, folder, 'package.json')));
  const read = (/** @type {string} */ folder) =>
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return Object.fromEntries(folders.map((folder) => [folder, read(folder)]));
}

const KINDS = /** @type {const} */ ([
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
]);

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean, resolved?: string } & Manifest} LockEntry
 * @typedef {Partial<Record<typeof KINDS[number], Record<string, string>>>} Manifest
 * @typedef {{ packages?: Record<string, LockEntry> }} LockFile
 */

/**
 * Whether node_modules, by the record that npm keeps of it (node_modules/.package-lock.json), is what the lock
 * file asks for. Optional packages may be absent: they belong to other platforms.
 * @param {LockFile} lock
 * @param {LockFile} installed
 */
export function installedMatchesLock(lock, installed) {
  const wanted = Object.entries(lock.packages ?? {}).filter(([path]) => path.includes('node_modules/'));
  const present = installed.packages ?? {};
  const isWanted = new Set(wanted.map(([path]) => path));
  const hasStranger = Object.keys(present).some(
    (path) => path.includes('node_modules/') && !isWanted.has(path),
  );
  if (wanted.length === 0 || hasStranger) return false;
  return wanted.every(([path, entry]) => {
    const found = present[path];
    if (found === undefined) return entry.optional === true;
    if (entry.link === true) return found.link === true && found.resolved === entry.resolved;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/**
 * Whether a lock file was made for these manifests. If it was, and `npm ci` refuses it all the same, then it
 * lacks optional packages of platforms that its maker's registry did not have.
 * @param {LockFile} lock
 * @param {Record<string, Manifest>} manifests by folder
 */
export function lockMatchesManifests(lock, manifests) {
  return Object.entries(manifests).every(([folder, manifest]) => {
    const entry = lock.packages?.[folder];
    const isSame = (/** @type {typeof KINDS[number]} */ kind) =>
      JSON.stringify(sorted(entry?.[kind])) === JSON.stringify(sorted(manifest[kind]));
    return entry !== undefined && KINDS.every(isSame);
  });
}

/** @param {Record<string, string>} [record] */
function sorted(record = {}) {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The files below some folders (or files) that a built thing is made from, sorted, relative to `root`.
 * @param {string} root
 * @param {readonly string[]} starts
 * @param {(path: string) => boolean} isSource gets paths with forward slashes
 */
export function listFiles(root, starts, isSource) {
  /** @type {string[]} */
  const files = [];
  /** @param {string} path */
  const visit = (path) => {
    const name = relative(root, path).split(sep).join('/');
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path)) {
        if (entry !== 'node_modules' && entry !== 'dist') visit(join(path, entry));
      }
    } else if (isSource(name)) files.push(name);
  };
  for (const start of starts) if (existsSync(join(root, start))) visit(join(root, start));
  return files.sort();
}
