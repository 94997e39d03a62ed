import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite';
import { FramecueError } from '../../packet/errors.ts';
import type { BatchRefused, Outcome, StoreFile } from './messages.ts';
import { isStoreError, plainError, plainStoreError, storeProblemOf } from './store-errors.ts';

/** What one kind of store does with its database; runs in the worker. */
export interface StoreDomain<Op, Result, Query = never, Answer = never> {
  /** The statements that lead from each schema version to the next; never edited, only added to. */
  readonly migrations: readonly string[];
  open(databases: StoreDatabases): {
    /** Before the ops of a batch, in its transaction; what was kept of one that did not come to its end is forgotten. */
    begin?(): void;
    /**
     * One op, inside the batch's transaction. A FramecueError that it throws is this op's outcome alone: what it
     * wrote is rolled back, its neighbours stand. It may be called a second time for the same op, with all that the
     * first time wrote rolled back.
     */
    apply(op: Op): Result;
    /** Behind the ops of a batch, in the same transaction; what it throws refuses the whole batch. */
    beforeCommit?(): void;
    /** Reads what is committed. */
    answer?(query: Query): Answer;
  };
}

export interface StoreDatabases {
  /** For `apply`. */
  readonly write: DatabaseSync;
  /** For `answer`: cannot write. */
  readonly read: DatabaseSync;
}

/** Committed: each op's own outcome, in order. */
export interface BatchDone<Result> {
  readonly kind: 'batch';
  readonly batch: number;
  readonly outcomes: readonly Outcome<Result>[];
}

/** A store without its thread: what the worker does with each message. */
export interface OpenStore<Op, Result, Query, Answer> {
  applyBatch(batch: number, ops: readonly Op[]): BatchDone<Result> | BatchRefused;
  answer(query: Query): Outcome<Answer>;
  close(): void;
}

/** @param connect how connections to the file are made: simulations of disks have their own way. */
export function openStore<Op, Result, Query, Answer>(
  file: StoreFile,
  domain: StoreDomain<Op, Result, Query, Answer>,
  connect: (path: string, options: DatabaseSyncOptions) => DatabaseSync = (path, options) =>
    new DatabaseSync(path, options),
): OpenStore<Op, Result, Query, Answer> {
  const write = connect(file.path, { timeout: file.busyTimeoutMs });
  useWriteAheadLog(write, file.busyTimeoutMs);
  // FULL: a commit is on the disk (fdatasync of the log) before it returns.
  write.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  if (file.maxPages > 0) write.exec(`PRAGMA max_page_count = ${file.maxPages}`);
  migrate(write, domain.migrations);
  const read = connect(file.path, { readOnly: true, timeout: file.busyTimeoutMs });
  const { begin, apply, beforeCommit, answer } = domain.open({ write, read });

  const beginTransaction = write.prepare('BEGIN IMMEDIATE');
  const commit = write.prepare('COMMIT');
  const rollback = write.prepare('ROLLBACK');
  const savepoint = write.prepare('SAVEPOINT op');
  const release = write.prepare('RELEASE op');
  const undoOp = write.prepare('ROLLBACK TO op');

  /** When the disk is full or the lock is lost, SQLite may have ended the transaction: nothing of it stands. */
  const isOfOpAlone = (error: unknown): boolean => !isStoreError(error) && write.isTransaction;

  const start = (): void => {
    beginTransaction.run();
    begin?.();
  };

  /** @returns null where an op threw: the transaction is to be rolled back */
  const applyTogether = (ops: readonly Op[]): readonly Outcome<Result>[] | null => {
    try {
      return ops.map((op) => ({ good: true, value: apply(op) }));
    } catch (error) {
      if (!isOfOpAlone(error)) throw error;
      return null;
    }
  };

  const applyAlone = (op: Op): Outcome<Result> => {
    savepoint.run();
    try {
      const value = apply(op);
      release.run();
      return { good: true, value };
    } catch (error) {
      if (!isOfOpAlone(error)) throw error;
      undoOp.run();
      release.run();
      return { good: false, error: plainError(error) };
    }
  };

  return {
    applyBatch(batch, ops) {
      try {
        start();
        // Nearly no op throws: to do such a batch again costs less than a savepoint for each op of all of them.
        let outcomes = applyTogether(ops);
        if (outcomes === null) {
          rollback.run();
          start();
          outcomes = ops.map(applyAlone);
        }
        beforeCommit?.();
        commit.run();
        return { kind: 'batch', batch, outcomes };
      } catch (error) {
        if (write.isTransaction) rollback.run();
        return { kind: 'batch-refused', batch, error: plainStoreError(error) };
      }
    },
    answer(query) {
      try {
        if (answer === undefined) throw new TypeError('this store answers no queries');
        return { good: true, value: answer(query) };
      } catch (error) {
        return { good: false, error: isStoreError(error) ? plainStoreError(error) : plainError(error) };
      }
    },
    close() {
      read.close();
      write.close();
    },
  };
}

/**
 * Where another connection is about to write a file that has no write-ahead log yet (the other of two processes
 * that open a new one), SQLite refuses the change at once, whatever the busy timeout: waiting inside could be a
 * deadlock (https://www.sqlite.org/c3ref/busy_handler.html). So the wait is here, with nothing held.
 */
function useWriteAheadLog(db: DatabaseSync, timeoutMs: number): void {
  const until = performance.now() + timeoutMs;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (storeProblemOf(error) !== 'locked' || performance.now() >= until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
    }
  }
}

/** Between two looks at a lock that another process holds, milliseconds. */
const LOCK_POLL_MS = 10;

/**
 * Each step and its number in one transaction: a crash between two leaves a schema that exists, and of two
 * processes that open a new file one makes it.
 */
function migrate(db: DatabaseSync, migrations: readonly string[]): void {
  for (;;) {
    db.exec('BEGIN IMMEDIATE');
    try {
      const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version > migrations.length && oldestWriterOf(db) > migrations.length) {
        throw new FramecueError(
          'ERR_STORE_UNAVAILABLE',
          `The store was written by a newer version (schema ${version}, known up to ${migrations.length}).`,
        );
      }
      const step = migrations[version];
      if (step !== undefined) db.exec(`${step}; PRAGMA user_version = ${version + 1}`);
      db.exec('COMMIT');
      if (step === undefined) return;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/**
 * The oldest schema whose programs may still write a file of a newer one: what its newest step has put into
 * `schema_compat`, so that an upgrade can be rolled back by one version. A file without that table takes no older program.
 */
function oldestWriterOf(db: DatabaseSync): number {
  const known = db
    .prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_compat'`)
    .get();
  if (known === undefined) return Number.POSITIVE_INFINITY;
  const row = db.prepare('SELECT oldest FROM schema_compat').get() as { oldest: number } | undefined;
  return row?.oldest ?? Number.POSITIVE_INFINITY;
}
