import { describe, expect, test } from 'vitest';
import { waysToBrowser, waysToFfmpeg, waysToStrace } from './ways.mjs';

/** @typedef {import('./ways.mjs').Circumstances} Circumstances */

/** @type {Circumstances} */
const debianRoot = { platform: 'linux', distribution: 'debian', isRoot: true, hasApt: true };
/** @type {Circumstances} */
const ubuntuRoot = { ...debianRoot, distribution: 'ubuntu' };
/** @type {Circumstances} */
const debianUser = { ...debianRoot, isRoot: false };
/** @type {Circumstances} */
const alpineRoot = { platform: 'linux', distribution: 'other', isRoot: true, hasApt: false };
/** @type {Circumstances} */
const mac = { platform: 'darwin', distribution: 'other', isRoot: false, hasApt: false };

/** @param {readonly { kind: string }[]} ways */
const kinds = (ways) => ways.map(({ kind }) => kind);

describe('ffmpeg comes', () => {
  test.each([
    ['root on Debian', debianRoot, ['apt', 'npm']],
    ['root on Ubuntu', ubuntuRoot, ['apt', 'npm']],
    ['a user on Debian', debianUser, ['npm']],
    ['root on Alpine', alpineRoot, ['npm']],
    ['macOS', mac, ['npm']],
    ['root on Debian without apt', { ...debianRoot, hasApt: false }, ['npm']],
  ])('for %s', (_, machine, expected) => {
    expect(kinds(waysToFfmpeg(machine))).toEqual(expected);
  });

  test('with a font', () => {
    expect(waysToFfmpeg(debianRoot)[0]).toEqual({ kind: 'apt', packages: ['ffmpeg', 'fonts-dejavu-core'] });
  });
});

describe('a browser comes', () => {
  test('for root on Debian from its packages, then from Playwright with what it needs', () => {
    expect(waysToBrowser(debianRoot)).toEqual([
      { kind: 'apt', packages: ['chromium'] },
      { kind: 'playwright', withSystemPackages: true },
    ]);
  });

  test("for root on Ubuntu from Playwright: Ubuntu's own package is a snap", () => {
    expect(waysToBrowser(ubuntuRoot)).toEqual([{ kind: 'playwright', withSystemPackages: true }]);
  });

  test.each([debianUser, alpineRoot, mac])('elsewhere from Playwright alone', (machine) => {
    expect(waysToBrowser(machine)).toEqual([{ kind: 'playwright', withSystemPackages: false }]);
  });
});

test('strace comes only where there is one', () => {
  expect(kinds(waysToStrace(ubuntuRoot))).toEqual(['apt']);
  for (const machine of [debianUser, alpineRoot, mac]) expect(waysToStrace(machine)).toEqual([]);
});
