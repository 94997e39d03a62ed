import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { FramecueError } from '../../../../packet/errors.ts';
import { MIGRATIONS } from '../schema.ts';

/** How long SQLite waits for another program's lock. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * A ledger's file as it is at this moment, whoever writes on: attached, read only, as `live` to an empty database in
 * memory, so that a table is the file's unless one of that name is made here. The writer is not held up; its
 * write-ahead log grows until this is closed.
 * @throws {FramecueError} ERR_STORE_UNAVAILABLE where it is no ledger of this version.
 */
export function openSnapshot(path: string): DatabaseSync {
  if (!existsSync(path)) throw unusable(path, 'is not there');
  const db = new DatabaseSync(':memory:', { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  try {
    db.prepare('ATTACH ? AS live').run(`${pathToFileURL(path).href}?mode=ro`);
    // Nothing of the database in memory is kept.
    db.exec('PRAGMA main.journal_mode = OFF; PRAGMA main.synchronous = OFF; BEGIN');
    const { user_version: version } = db.prepare('PRAGMA live.user_version').get() as {
      user_version: number;
    };
    if (version === 0) throw unusable(path, 'holds no ledger');
    if (version !== MIGRATIONS.length) {
      const known = `of another version (schema ${version}, here ${MIGRATIONS.length})`;
      throw unusable(
        path,
        version < MIGRATIONS.length ? `is ${known}: events brings it up when it starts` : `is ${known}`,
      );
    }
    return db;
  } catch (error) {
    db.close();
    if (error instanceof FramecueError) throw error;
    throw unusable(path, 'cannot be read as a ledger', error);
  }
}

const unusable = (path: string, why: string, cause?: unknown): FramecueError =>
  new FramecueError('ERR_STORE_UNAVAILABLE', `${path} ${why}.`, cause === undefined ? {} : { cause });
