import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  hashFiles,
  installedMatchesLock,
  listFiles,
  lockMatchesManifests,
  packagesStamp,
  readManifests,
} from './stamps.mjs';

/** @type {string} */
let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'framecue-stamps-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** @param {string} file @param {string} text */
function put(file, text) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

describe('the stamp of node_modules', () => {
  const machine = { platform: 'linux', arch: 'x64' };
  beforeEach(() => {
    put('package.json', '{"workspaces":["a"]}');
    put('package-lock.json', '{}');
    put('a/package.json', '{"name":"a"}');
  });

  test('is the same for the same files', () => {
    put('other.txt', 'x');
    expect(packagesStamp(root, machine)).toBe(packagesStamp(root, { ...machine }));
  });

  test.each([
    ['package-lock.json', '{ }'],
    ['package.json', '{"workspaces":["a"],"x":1}'],
    ['a/package.json', '{"name":"b"}'],
  ])('changes with %s', (file, text) => {
    const before = packagesStamp(root, machine);
    put(file, text);
    expect(packagesStamp(root, machine)).not.toBe(before);
  });

  test('changes with the platform, and with a manifest that comes or goes', () => {
    const before = packagesStamp(root, machine);
    expect(packagesStamp(root, { ...machine, arch: 'arm64' })).not.toBe(before);
    rmSync(join(root, 'a/package.json'));
    expect(packagesStamp(root, machine)).not.toBe(before);
  });
});

test('names and contents do not run into each other', () => {
  put('a', 'bc');
  put('ab', 'c');
  expect(hashFiles(root, ['a'])).not.toBe(hashFiles(root, ['ab']));
  expect(hashFiles(root, ['a'], ['x', 'y'])).not.toBe(hashFiles(root, ['a'], ['xy']));
});

test('files are listed in order, without what is built or installed', () => {
  for (const file of [
    'p/b.ts',
    'p/a.tsx',
    'p/a.test.ts',
    'p/dist/x.js',
    'p/node_modules/y/z.js',
    'one.json',
  ]) {
    put(file, '');
  }
  const isSource = (/** @type {string} */ path) => !path.includes('.test.');
  expect(listFiles(root, ['p', 'one.json', 'gone'], isSource)).toEqual(['one.json', 'p/a.tsx', 'p/b.ts']);
});

describe('node_modules is what the lock file asks for', () => {
  const lock = {
    packages: {
      '': {},
      h: { version: '0.1.0' },
      'node_modules/h': { resolved: 'h', link: true },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/a/node_modules/b': { version: '2.0.0', integrity: 'sha512-b' },
      'node_modules/c': { version: '3.0.0', integrity: 'sha512-c', optional: true },
    },
  };
  const whole = Object.fromEntries(Object.entries(lock.packages).filter(([path]) => path !== ''));

  test('as a whole, and without an optional package', () => {
    const { 'node_modules/c': _, ...rest } = whole;
    expect(installedMatchesLock(lock, { packages: whole })).toBe(true);
    expect(installedMatchesLock(lock, { packages: rest })).toBe(true);
  });

  test.each([
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }],
    ['other bytes', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } }],
    ['one more package', { 'node_modules/z': { version: '1.0.0' } }],
    ['a copy in place of a link', { 'node_modules/h': { version: '0.1.0' } }],
    ['an optional one of another version', { 'node_modules/c': { version: '2.0.0', integrity: 'sha512-c' } }],
  ])('not with %s', (_, change) => {
    expect(installedMatchesLock(lock, { packages: { ...whole, ...change } })).toBe(false);
  });

  test('not with one too few, nor with nothing on either side', () => {
    const { 'node_modules/a/node_modules/b': _, ...rest } = whole;
    expect(installedMatchesLock(lock, { packages: rest })).toBe(false);
    expect(installedMatchesLock(lock, {})).toBe(false);
    expect(installedMatchesLock({}, {})).toBe(false);
  });
});

describe('a lock file belongs to the manifests', () => {
  const manifests = {
    '': { dependencies: { a: '1', b: '2' }, devDependencies: { c: '3' } },
    h: {},
  };
  const lock = {
    packages: {
      '': { dependencies: { b: '2', a: '1' }, devDependencies: { c: '3' }, license: 'MIT' },
      h: {},
    },
  };

  test('whatever the order', () => {
    expect(lockMatchesManifests(lock, manifests)).toBe(true);
  });

  test.each([
    ['a dependency was added', { '': { ...manifests[''], dependencies: { a: '1', b: '2', d: '1' } }, h: {} }],
    ['a version was changed', { '': { ...manifests[''], dependencies: { a: '1', b: '3' } }, h: {} }],
    ['a kind was changed', { '': { dependencies: { a: '1', b: '2', c: '3' } }, h: {} }],
    ['a workspace was added', { ...manifests, i: {} }],
  ])('not when %s', (_, changed) => {
    expect(lockMatchesManifests(lock, changed)).toBe(false);
  });

  test('workspaces that are named but not there are not read', () => {
    put('package.json', '{"workspaces":["h","gone"]}');
    put('h/package.json', '{"name":"h"}');
    expect(Object.keys(readManifests(root))).toEqual(['', 'h']);
  });
});
