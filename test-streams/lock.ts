/** One maker at a time for a file that several processes may want at once. */
import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';

/** A lock whose holder has not written for so long is taken over: it was killed. The holder writes each second. */
export const STALE_MS = 15_000;
const BEAT_MS = 1_000;
const POLL_MS = 200;

export interface LockHolder {
  /** Shown to those who wait. */
  readonly report: (percent: number) => void;
}

/**
 * Runs `work` unless `isDone` already, holding the lock file meanwhile; whoever finds it held waits for the
 * holder and asks `isDone` again. Should two take over a dead holder's lock in the same instant, both work:
 * `work` has to put its result in place at once and whole.
 * @returns what `work` gave, or null where it was not needed.
 */
export async function onceAtATime<Result>(
  lockFile: string,
  isDone: () => Promise<boolean>,
  work: (holder: LockHolder) => Promise<Result>,
  options: { readonly onWait?: (percent: number) => void; readonly signal?: AbortSignal } = {},
): Promise<Result | null> {
  for (;;) {
    options.signal?.throwIfAborted();
    const lock = await take(lockFile);
    if (lock !== null) {
      try {
        return (await isDone()) ? null : await work(lock);
      } finally {
        await lock.release();
      }
    }
    const percent = await percentOfHolder(lockFile);
    if (percent !== null) options.onWait?.(percent);
    await after(POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

async function take(lockFile: string): Promise<(LockHolder & { release(): Promise<void> }) | null> {
  const owner = `${process.pid} ${randomBytes(8).toString('hex')}`;
  try {
    await writeFile(lockFile, `${owner} 0`, { flag: 'wx' });
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    if (await isStale(lockFile)) await rm(lockFile, { force: true });
    return null;
  }
  let percent = 0;
  let writing = Promise.resolve();
  const isOurs = async () => (await textOf(lockFile))?.startsWith(owner) ?? false;
  const beat = setInterval(() => {
    writing = writing.then(async () => {
      if (await isOurs()) await writeFile(lockFile, `${owner} ${percent}`);
    });
    // A beat that fails makes the lock look stale, which the next holder settles.
    writing = writing.catch(() => undefined);
  }, BEAT_MS);
  return {
    report: (value) => {
      percent = value;
    },
    release: async () => {
      clearInterval(beat);
      await writing;
      if (await isOurs()) await rm(lockFile, { force: true });
    },
  };
}

async function isStale(lockFile: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(lockFile)).mtimeMs > STALE_MS;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function percentOfHolder(lockFile: string): Promise<number | null> {
  const percent = Number((await textOf(lockFile))?.split(' ')[2] ?? Number.NaN);
  return Number.isInteger(percent) ? percent : null;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
