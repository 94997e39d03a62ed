import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FramecueError } from '../packet/errors.ts';
import { SETTINGS } from './settings.ts';

export interface FolderLock {
  release(): void;
}

/** A process that is told to stop may take this long to let go. */
const WAIT_MS = 2_000;

/** A database that nobody refers to any more is closed by the garbage collector, and its lock would go with it. */
const HELD = new Set<DatabaseSync>();

/**
 * Makes sure that one process at a time works in a data folder under this name. Two on one log would each take the
 * other's cues for its own. The lock is the system's, by SQLite: it goes with its process, however that ends.
 * @throws {FramecueError} ERR_SETTING when another process holds it (`details.held`), or the folder cannot be used.
 */
export function lockFolder(dataDir: string, name: string, waitMs: number = WAIT_MS): FolderLock {
  let db: DatabaseSync | null = null;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    db = new DatabaseSync(join(dataDir, `${name}.lock`), { timeout: waitMs });
    // Nothing is ever written, so it holds on a full disk too.
    db.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    db?.close();
    throw new FramecueError('ERR_SETTING', `${SETTINGS.dataDir.name}: ${problemOf(cause, dataDir, name)}`, {
      cause,
      details: { setting: SETTINGS.dataDir.name, held: isHeld(cause) },
    });
  }
  const held = db;
  HELD.add(held);
  return {
    release() {
      if (HELD.delete(held)) held.close();
    },
  };
}

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;

const isHeld = (cause: unknown): boolean =>
  cause instanceof Error && 'errcode' in cause && (Number(cause.errcode) & 0xff) === SQLITE_BUSY;

function problemOf(cause: unknown, dataDir: string, name: string): string {
  return isHeld(cause)
    ? `another ${name} process works in ${dataDir}; stop it, or give this one a folder of its own.`
    : `${dataDir} cannot be written to.`;
}
