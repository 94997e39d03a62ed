import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncOptions, type StatementSync } from 'node:sqlite';

/** What goes wrong with one commit. */
export type CommitFault =
  /** The disk refuses it; nothing of it stands. */
  | 'fails'
  /** It is done, and the disk reports an error. */
  | 'done-but-fails'
  /** The process dies right before, or right behind it. */
  | 'crash-before'
  | 'crash-after';

/** SQL as the ledger writes it, to SQL as it runs: how faults are planted. */
export type Rewrite = (sql: string) => string;

/** ... on the connection that writes, and on the one that answers questions. */
export interface Rewrites {
  readonly write: Rewrite;
  readonly read: Rewrite;
}

const PLAIN: Rewrites = { write: (sql) => sql, read: (sql) => sql };

/** SQLite's primary result code for a failed read or write. */
const SQLITE_IOERR = 10;
const ROOM_PAGES = 1_073_741_823;

const ioError = (): Error =>
  Object.assign(new Error('disk I/O error (simulated)'), { code: 'ERR_SQLITE_ERROR', errcode: SQLITE_IOERR });

/**
 * One ledger file and what can happen to it. The database is SQLite's own, in WAL mode on a file in memory; full and
 * locked are its own refusals. What a crash takes is all that is not committed: connections, statements, the
 * transaction under way.
 */
export class SimulatedDisk {
  readonly path: string;
  readonly #rewrite: Rewrites;
  readonly #connections = new Set<DatabaseSync>();
  #fault: { readonly kind: CommitFault; after: number } | null = null;
  #lock: DatabaseSync | null = null;
  #isFull = false;
  #crashed = false;
  /** Commits that went wrong, as planned. */
  failures = 0;
  /** Commits that are done. */
  commits = 0;

  constructor(path: string, rewrite: Rewrites = PLAIN) {
    this.path = path;
    this.#rewrite = rewrite;
  }

  readonly connect = (path: string, options: DatabaseSyncOptions): DatabaseSync => {
    const rewrite = options.readOnly === true ? this.#rewrite.read : this.#rewrite.write;
    const db = new SimulatedConnection(path, options, rewrite, (run) => this.#commit(run));
    this.#connections.add(db);
    if (options.readOnly !== true && this.#isFull) fill(db);
    return db;
  };

  /** As another thread reads: over a connection of its own. */
  reading<Value>(read: (db: DatabaseSync) => Value): Value {
    const db = new SimulatedConnection(this.path, { readOnly: true }, this.#rewrite.read, (run) => run());
    try {
      return read(db);
    } finally {
      db.close();
    }
  }

  /** The process died within a commit: nobody hears of anything any more. */
  get crashed(): boolean {
    return this.#crashed;
  }

  /** @param after so many good commits */
  failNextCommit(kind: CommitFault, after: number): void {
    this.#fault = { kind, after };
  }

  get isLocked(): boolean {
    return this.#lock !== null;
  }

  /** Another program holds the lock for writing. */
  lock(): void {
    if (this.#lock !== null) return;
    const other = new DatabaseSync(this.path, { timeout: 0 });
    other.exec('BEGIN IMMEDIATE');
    this.#lock = other;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** No page more than there is. */
  fill(): void {
    this.#isFull = true;
    for (const db of this.#connections) fill(db);
  }

  /** All is well again. */
  mend(): void {
    this.#fault = null;
    this.#isFull = false;
    for (const db of this.#connections) db.exec(`PRAGMA max_page_count = ${ROOM_PAGES}`);
    this.#lock?.exec('ROLLBACK');
    this.#lock?.close();
    this.#lock = null;
  }

  /** As the end of the process leaves the file. */
  crash(): void {
    this.#crashed = false;
    this.#fault = null;
    for (const db of this.#connections) db.close();
    this.#connections.clear();
  }

  #commit(run: () => unknown): unknown {
    const fault = this.#fault;
    if (fault !== null && fault.after > 0) fault.after--;
    else if (fault !== null) {
      this.#fault = null;
      this.failures++;
      if (fault.kind === 'fails') throw ioError();
      if (fault.kind === 'crash-before') {
        this.#crashed = true;
        throw ioError();
      }
      run();
      this.commits++;
      if (fault.kind === 'crash-after') this.#crashed = true;
      throw ioError();
    }
    const done = run();
    this.commits++;
    return done;
  }
}

const fill = (db: DatabaseSync): void => {
  const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
  db.exec(`PRAGMA max_page_count = ${pages}`);
};

/** A connection whose commits can go wrong, and whose SQL can be another than the ledger's. */
class SimulatedConnection extends DatabaseSync {
  readonly #rewrite: Rewrite;
  readonly #commit: (run: () => unknown) => unknown;

  constructor(
    path: string,
    options: DatabaseSyncOptions,
    rewrite: Rewrite,
    commit: (run: () => unknown) => unknown,
  ) {
    super(path, { ...options, timeout: 0 });
    this.#rewrite = rewrite;
    this.#commit = commit;
  }

  override exec(sql: string): void {
    super.exec(this.#rewrite(sql));
  }

  override prepare(sql: string): StatementSync {
    const statement = super.prepare(this.#rewrite(sql));
    if (sql !== 'COMMIT') return statement;
    const run = statement.run.bind(statement) as () => unknown;
    return Object.assign(statement, { run: () => this.#commit(run) });
  }
}

/** Where the files are: in memory where the system has such a place, since thousands of ledgers are made. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** The folder of a run, and empty ledgers in it by copy: making the tables anew each time would take most of the time. */
export class SimulationFolder {
  readonly path = mkdtempSync(join(ROOT, 'framecue-simulation-'));
  #template: string | null = null;
  #made = 0;

  /** @param make writes an empty ledger to a path; the first one is copied from then on. */
  newLedger(make: (path: string) => void): string {
    if (this.#template === null) {
      this.#template = join(this.path, 'template.db');
      make(this.#template);
    }
    const path = this.newPath();
    copyFileSync(this.#template, path);
    return path;
  }

  newPath(): string {
    const folder = join(this.path, String(this.#made++));
    mkdirSync(folder);
    return join(folder, 'events.db');
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
