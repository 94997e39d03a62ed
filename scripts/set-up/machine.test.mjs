import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { distributionOf, findOnPath, pathWithout, programFrom } from './machine.mjs';

describe('the distribution', () => {
  test.each([
    ['PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n', 'debian'],
    ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'ubuntu'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'ubuntu'],
    ['ID=raspbian\nID_LIKE=debian\n', 'debian'],
    ['ID=alpine\n', 'other'],
    ['ID="fedora"\nID_LIKE="rhel"\n', 'other'],
    ['NAME="not debian"\nVARIANT_ID=debian\n', 'other'],
    ['', 'other'],
  ])('%j is %s', (osRelease, expected) => {
    expect(distributionOf(osRelease)).toBe(expected);
  });
});

test('PATH without the folders of the checkout', () => {
  const path = ['/p/node_modules/.bin', '/usr/bin', '', '/p/node_modules_other', '/p/node_modules'].join(
    delimiter,
  );
  expect(pathWithout(path, '/p/node_modules')).toBe(['/usr/bin', '/p/node_modules_other'].join(delimiter));
});

describe('programs on PATH', () => {
  /** @type {string} */
  let root;
  /** @type {NodeJS.ProcessEnv} */
  let env;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'framecue-path-'));
    for (const folder of ['a', 'b']) mkdirSync(join(root, folder));
    env = { PATH: [join(root, 'a'), join(root, 'b'), join(root, 'gone')].join(delimiter) };
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** @param {string} file */
  const program = (file, mode = 0o755) => {
    writeFileSync(join(root, file), '');
    chmodSync(join(root, file), mode);
    return join(root, file);
  };

  test('the first name that is anywhere wins', () => {
    const second = program('a/second');
    const first = program('b/first');
    expect(findOnPath(['first', 'second'], env)).toBe(first);
    expect(findOnPath(['none', 'second'], env)).toBe(second);
    expect(findOnPath(['none'], env)).toBe(null);
  });

  test('folders and files that cannot be run do not count', () => {
    mkdirSync(join(root, 'a/tool'));
    program('a/other', 0o644);
    const tool = program('b/tool');
    expect(findOnPath(['tool'], env)).toBe(tool);
    expect(findOnPath(['other'], env)).toBe(null);
  });

  test('a setting names a program or a path', () => {
    const tool = program('b/tool');
    expect(programFrom('tool', env)).toBe(tool);
    expect(programFrom('/x/tool', env)).toBe('/x/tool');
    expect(programFrom('./tool', env)).toBe(join(process.cwd(), 'tool'));
  });
});
