import { closeSync, fsyncSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FramecueError } from '../../packet/errors.ts';

/**
 * Writes a file that is there whole or not at all: beside its place first, then moved there. What goes wrong leaves
 * nothing behind.
 * @throws {FramecueError} ERR_OUTPUT_WRITE with the system's reason, or what `write` throws.
 */
export function writeAtomically<T>(path: string, write: (fd: number) => T): T {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  let fd: number | null = null;
  const discard = (): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
    unlinkSync(partial);
  };
  // Ctrl-C while a long file is written: nothing is left either.
  const onSignal = (signal: NodeJS.Signals): void => {
    discard();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  try {
    fd = openSync(partial, 'wx', 0o666);
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    const result = write(fd);
    fsyncSync(fd);
    closeSync(fd);
    fd = null;
    renameSync(partial, path);
    return result;
  } catch (error) {
    if (fd !== null) discard();
    throw outputError(path, error);
  } finally {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
}

/** True where both names are one file, also by links. */
export function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  EACCES: 'the folder may not be written to',
  EROFS: 'the disk may not be written to',
  ENOENT: 'there is no such folder',
  EISDIR: 'it is a folder',
  EEXIST: 'an unfinished file of this process is there already',
};

function outputError(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof FramecueError || syscall === undefined) return error;
  const reason = REASONS[code ?? ''] ?? (error as Error).message;
  return new FramecueError('ERR_OUTPUT_WRITE', `${path} cannot be written: ${reason}.`, {
    cause: error,
    details: { path, reason: code },
  });
}
