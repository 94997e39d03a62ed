import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../../packet/clock.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { openStore } from '../../../service/sqlite/open-store.ts';
import type { LedgerHead } from '../head.ts';
import type { Block } from './blocks.ts';
import { openBooks } from './books.ts';
import { checkLedger, type LedgerCheck, readHead } from './check/check.ts';
import { describeFinding } from './check/finding.ts';
import { openSnapshot } from './check/snapshot.ts';
import { MIGRATIONS } from './schema.ts';

/** Pages of one step; the writer is not held up between or within them. */
const PAGES_AT_ONCE = 2_000;
const BUSY_TIMEOUT_MS = 10_000;

export interface BackupReport {
  readonly path: string;
  readonly bytes: number;
  readonly head: LedgerHead;
  readonly copiedMs: number;
  readonly checkedMs: number;
}

/**
 * A copy of a ledger as it is at this moment, also while events writes it, checked, in one file that needs no other.
 * Nothing is at `to` before it is whole.
 * @throws {FramecueError} ERR_OUTPUT_WRITE where something is there already or nothing can be written,
 * ERR_LEDGER_WRONG where the ledger does not hold together.
 */
export async function backupLedger(from: string, to: string): Promise<BackupReport> {
  if (existsSync(to)) throw new FramecueError('ERR_OUTPUT_WRITE', `${to} is there already.`);
  const part = `${to}.part`;
  try {
    const startedAt = performance.now();
    await copyWhole(from, part);
    const copiedAt = performance.now();
    const { head } = checkedOrThrow(part);
    const checkedAt = performance.now();
    renameSync(part, to);
    await syncFolderOf(to);
    return {
      ...{ path: to, bytes: statSync(to).size, head },
      ...{ copiedMs: Math.round(copiedAt - startedAt), checkedMs: Math.round(checkedAt - copiedAt) },
    };
  } catch (error) {
    removeAll(part);
    throw errorOf(error, to);
  }
}

export interface RestoreOptions {
  /** The head that the backup must hold. */
  readonly known?: Pick<LedgerHead, 'block' | 'hash'> | null;
  /** Also where the ledger that is there holds what the backup does not. */
  readonly discardNewer?: boolean;
  readonly nowMs: number;
}

export interface RestoreReport extends BackupReport {
  /** Where the ledger that was there is now; null: there was none. */
  readonly kept: string | null;
  /** Its head, where it could be read. */
  readonly before: LedgerHead | null;
}

/**
 * Puts a backup in the place of the ledger at `path`: copied and checked before it does, the one that was there kept
 * beside it. A crash at any moment leaves the one or the other. Whoever calls this holds the folder's lock.
 * @throws {FramecueError} ERR_LEDGER_WRONG, ERR_LEDGER_NEWER, ERR_STORE_UNAVAILABLE, ERR_OUTPUT_WRITE: nothing has changed.
 */
export async function restoreLedger(
  from: string,
  path: string,
  { known = null, discardNewer = false, nowMs }: RestoreOptions,
): Promise<RestoreReport> {
  const incoming = `${path}.restoring`;
  try {
    const startedAt = performance.now();
    removeAll(incoming);
    await copyWhole(from, incoming);
    const copiedAt = performance.now();
    await bringUp(incoming);
    const { head } = checkedOrThrow(incoming, known);
    const before = existsSync(path) ? headAt(path) : null;
    if (before !== null && !discardNewer && !holds(incoming, before)) {
      throw new FramecueError(
        'ERR_LEDGER_NEWER',
        `The ledger that is there reaches block ${before.block}; the backup reaches ${head.block} and does not hold it.`,
        { details: { there: before, backup: head } },
      );
    }
    const checkedAt = performance.now();
    const kept = existsSync(path) ? await setAside(path, nowMs) : null;
    renameSync(incoming, path);
    await syncFolderOf(path);
    return {
      ...{ path, bytes: statSync(path).size, head, kept, before },
      ...{ copiedMs: Math.round(copiedAt - startedAt), checkedMs: Math.round(checkedAt - copiedAt) },
    };
  } catch (error) {
    removeAll(incoming);
    throw errorOf(error, path);
  }
}

/** With all that its write-ahead log holds, in one file that is on the disk when this returns. */
async function copyWhole(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new FramecueError('ERR_STORE_UNAVAILABLE', `${from} is not there.`);
  removeAll(to);
  // Personal data is in it.
  await (await open(to, 'wx', 0o600)).close();
  const source = new DatabaseSync(from, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    // One snapshot for all steps: otherwise each commit of events would begin the copy anew.
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await backup(source, to, { rate: PAGES_AT_ONCE });
  } finally {
    source.close();
  }
  await closeUp(to);
}

/** Without a write-ahead log, and on the disk. */
async function closeUp(path: string): Promise<void> {
  const copy = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    copy.exec('PRAGMA journal_mode = DELETE');
  } finally {
    copy.close();
  }
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A backup of a version before this one, as events would do it when it starts. */
async function bringUp(path: string): Promise<void> {
  const file = { path, busyTimeoutMs: BUSY_TIMEOUT_MS, maxPages: 0 };
  const nowUs = () => systemClock.unixUs();
  openStore(file, {
    migrations: MIGRATIONS,
    open: ({ write, read }) => openBooks({ write, read, nowUs }),
  }).close();
  await closeUp(path);
}

function checkedOrThrow(path: string, known: RestoreOptions['known'] = null): LedgerCheck {
  const check = checkLedger(path, { known });
  if (check.good) return check;
  const first = describeFinding(check.findings[0]!);
  throw new FramecueError('ERR_LEDGER_WRONG', `The ledger does not hold together: ${first}`, {
    details: { findings: check.findings },
  });
}

/** Null where it cannot be read: then it stands in the way of nothing. */
function headAt(path: string): LedgerHead | null {
  try {
    return readHead(path);
  } catch (error) {
    if (error instanceof FramecueError || isSqliteError(error)) return null;
    throw error;
  }
}

/** Whether the ledger at `path` has this very block. */
function holds(path: string, { block, hash }: LedgerHead): boolean {
  if (block === 0) return true;
  const db = openSnapshot(path);
  try {
    const found = db.prepare('SELECT hash FROM blocks WHERE n = ?').get(block) as
      | Pick<Block, 'hash'>
      | undefined;
    return found !== undefined && Buffer.from(found.hash).toString('hex') === hash;
  } finally {
    db.close();
  }
}

/**
 * The ledger under another name, while it also stays where it is: a crash now must not leave the place empty, or events
 * would begin a new one. Its write-ahead log goes with it: it would be taken for that of the file that comes.
 */
async function setAside(path: string, nowMs: number): Promise<string> {
  const kept = `${path}.before-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`;
  takeOverLog(path);
  try {
    linkSync(path, kept);
  } catch {
    // A file system without links.
    await copyFile(path, kept);
  }
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${kept}-wal`);
  rmSync(`${path}-shm`, { force: true });
  await syncFolderOf(path);
  return kept;
}

/** Where it can be done: a damaged ledger keeps its log beside it. */
function takeOverLog(path: string): void {
  try {
    const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
  } catch (error) {
    if (!isSqliteError(error)) throw error;
  }
}

const removeAll = (path: string): void => {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true });
};

async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const isSqliteError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';

function errorOf(error: unknown, path: string): unknown {
  if (error instanceof FramecueError) return error;
  if (isSqliteError(error)) {
    const why = error instanceof Error ? error.message : '';
    return new FramecueError('ERR_STORE_UNAVAILABLE', `The ledger cannot be copied: ${why}.`, {
      cause: error,
    });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  return new FramecueError('ERR_OUTPUT_WRITE', `${path} cannot be written (${code}).`, { cause: error });
}
