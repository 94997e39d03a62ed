import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { ERRORS, type ErrorCode, FramecueError } from '../../packet/errors.ts';
import { Handover } from './handover.ts';
import type {
  BatchRefused,
  BatchTold,
  FromWorker,
  Outcome,
  PlainError,
  StoreFile,
  ToWorker,
  WorkerStart,
} from './messages.ts';

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

/** The whole program of a store's worker thread: its entry file calls this and nothing else. */
export function runBatchWorker<Op, Result, Query = never, Answer = never>(
  domain: StoreDomain<Op, Result, Query, Answer>,
): void {
  if (parentPort === null) throw new Error('a batch worker runs in a worker thread');
  const port = parentPort;
  const send = (message: FromWorker<Result, Answer>) => port.postMessage(message);
  const { file, maxBatch, handover: memory } = workerData as WorkerStart;
  const handover = new Handover(memory);
  let store: OpenStore<Op, Result, Query, Answer>;
  try {
    store = openStore(file, domain);
  } catch (error) {
    send({ kind: 'failed', error: plainStoreError(error) });
    port.close();
    return;
  }

  type Message = ToWorker<Op, Query>;
  const next = (): Message | undefined => receiveMessageOnPort(port)?.message;
  /** What came while the last one was being committed is one transaction. @returns the message that is not of it */
  const commit = (first: Message): Message | undefined => {
    const ops: Op[] = [];
    let last = 0;
    let message: Message | undefined = first;
    for (; message?.kind === 'batch'; message = next()) {
      if (ops.length > 0 && ops.length + message.ops.length > maxBatch) break;
      if (handover.begin(message.batch)) {
        ops.push(...message.ops);
        last = message.batch;
      } else send({ kind: 'left-alone', batch: message.batch });
    }
    if (ops.length > 0) send(told(store.applyBatch(last, ops)));
    return message;
  };
  port.on('message', (first: Message) => {
    for (let message: Message | undefined = first; message !== undefined; ) {
      switch (message.kind) {
        case 'batch':
          message = commit(message);
          break;
        case 'query':
          send({ kind: 'answer', id: message.id, outcome: store.answer(message.query) });
          return;
        case 'close':
          store.close();
          send({ kind: 'closed' });
          port.close();
          return;
      }
    }
  });
  send({ kind: 'ready' });
}

function told<Result>(done: BatchDone<Result> | BatchRefused): BatchTold<Result> | BatchRefused {
  if (done.kind === 'batch-refused') return done;
  const { kind, batch, outcomes } = done;
  const refusals: { at: number; error: PlainError }[] = [];
  const values = outcomes.map((outcome, at) => {
    if (outcome.good) return outcome.value;
    refusals.push({ at, error: outcome.error });
    return null;
  });
  return { kind, batch, values, refusals };
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

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that are about the file, not about one statement. */
const STORE_CODES: Readonly<Record<number, string>> = {
  5: 'locked',
  6: 'locked',
  7: 'out of memory',
  8: 'read-only',
  10: 'disk error',
  11: 'corrupt',
  13: 'disk full',
  14: 'cannot be opened',
  26: 'not a database',
};

const storeProblemOf = (error: unknown): string | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? STORE_CODES[error.errcode & 0xff]
    : undefined;

/** It is about the file or the disk under it. */
export const isStoreError = (error: unknown): boolean => storeProblemOf(error) !== undefined;

/** An error about the store as a whole. */
function plainStoreError(error: unknown): PlainError {
  if (error instanceof FramecueError) return plainError(error);
  const problem = storeProblemOf(error);
  return {
    code: 'ERR_STORE_UNAVAILABLE',
    message: ERRORS.ERR_STORE_UNAVAILABLE.text,
    // After a failed write or sync, what the disk holds is only known once the file is opened again.
    details: { problem: problem ?? 'failed', mayBeCommitted: problem === 'disk error' },
    internal: internalText(error),
  };
}

function plainError(error: unknown): PlainError {
  if (error instanceof FramecueError) {
    const { code, message, details } = error;
    return { code, message, ...(details === undefined ? {} : { details }) };
  }
  const code: ErrorCode = 'ERR_INTERNAL';
  return { code, message: ERRORS[code].text, internal: internalText(error) };
}

const internalText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
