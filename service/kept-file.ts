import { closeSync, fstatSync, openSync, readFileSync, renameSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';

/** Small files of what people have set, in the data folder: a process alone works there (folder-lock.ts). */

/** Null where there is none. @throws what the system says, EFBIG for more than `maxBytes`. */
export function readKeptFile(path: string, maxBytes: number): string | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    if (fstatSync(fd).size > maxBytes) throw Object.assign(new Error('too large'), { code: 'EFBIG' });
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/**
 * The file is there whole and its owner's alone, or stays as it was; on the disk when it resolves. One call at a
 * time for a path. @throws what the system says.
 */
export async function writeKeptFile(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  // What a crash left of one.
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  await rename(draft, path);
}

/** One that cannot be used goes to `.unusable`: the next write would take what a person may still mend. */
export function setKeptFileAside(path: string): void {
  renameSync(path, `${path}.unusable`);
}

/** `ENOSPC` and the like; undefined for what is no error of the system. */
export const systemCodeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
