import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Software } from './manifest.ts';

const GIT_TIMEOUT_MS = 5_000;
const ROOT = join(import.meta.dirname, '..', '..');

/** Which framecue this is: the package's version, and the commit where it runs from a checkout. */
export async function softwareOf(root: string = ROOT): Promise<Software> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const [commit, changes] = existsSync(join(root, '.git'))
    ? await Promise.all([
        git(root, 'rev-parse', 'HEAD'),
        git(root, 'status', '--porcelain', '--untracked-files=no'),
      ])
    : [null, null];
  return { version, commit, dirty: changes === null ? null : changes !== '', node: process.version };
}

/** One word for people: `0.1.0 (1a2b3c4, changed)`. */
export function nameOf({ version, commit, dirty }: Software): string {
  if (commit === null) return version;
  return `${version} (${commit.slice(0, 7)}${dirty === true ? ', changed' : ''})`;
}

async function git(root: string, ...args: string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', root, ...args], {
      timeout: GIT_TIMEOUT_MS,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    });
    return stdout.trim();
  } catch {
    // No git here, or it does not trust the folder's owner: then the commit is not known, and nothing else is lost.
    return null;
  }
}
