import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { UnixMilliseconds } from '../packet/time.ts';

/** What a call was about, as the sender put it. */
export interface Told {
  readonly type: string;
  readonly viewer: string | null;
  /** The grant that is made or taken back. */
  readonly grant: string | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

export interface Entry extends Told {
  /** 1, 2, 3... in the order of the work. */
  readonly seq: number;
  /** The `webhook-id`. */
  readonly id: string;
  readonly outcome: 'done' | 'declined';
  readonly reason: string | null;
  readonly at: UnixMilliseconds;
}

export type Taken =
  /** `first`: false for a repeat, which gets the outcome of the first. */
  | { readonly kind: 'taken'; readonly first: boolean; readonly entry: Entry }
  /** The id was used with another body. */
  | { readonly kind: 'conflict' };

const SCHEMA = `
CREATE TABLE IF NOT EXISTS calls (
  seq      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  body     TEXT NOT NULL,
  type     TEXT NOT NULL,
  viewer   TEXT,
  of_grant TEXT,
  amount   INTEGER,
  currency TEXT,
  outcome  TEXT NOT NULL,
  reason   TEXT,
  at       INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS calls_by_grant ON calls (of_grant, type);
`;

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly body: string;
  readonly type: string;
  readonly viewer: string | null;
  readonly of_grant: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly outcome: 'done' | 'declined';
  readonly reason: string | null;
  readonly at: number;
}

/** What has been done, once for each id; on the disk before anybody hears of it. */
export class RewardStore {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    // Viewers' ids are in it: only its owner may read it, and SQLite gives its other files the same mode.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    this.#db = new DatabaseSync(path);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#db.exec(SCHEMA);
  }

  /** @param decline the reason why it will not be done; null: it is done. */
  take(id: string, body: string, told: Told, decline: string | null, at: UnixMilliseconds): Taken {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const taken = this.#take(id, body, told, decline, at);
      this.#db.exec('COMMIT');
      return taken;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** In the order of the work. */
  list(after: number, limit: number): readonly Entry[] {
    const rows = this.#db.prepare('SELECT * FROM calls WHERE seq > ? ORDER BY seq LIMIT ?').all(after, limit);
    return (rows as unknown as Row[]).map(entryOf);
  }

  close(): void {
    this.#db.close();
  }

  #take(id: string, body: string, told: Told, decline: string | null, at: UnixMilliseconds): Taken {
    const found = this.#db.prepare('SELECT * FROM calls WHERE id = ?').get(id) as Row | undefined;
    if (found !== undefined) {
      return found.body === body
        ? { kind: 'taken', first: false, entry: entryOf(found) }
        : { kind: 'conflict' };
    }
    const reason = decline ?? this.#takenBack(told);
    const outcome = reason === null ? 'done' : 'declined';
    this.#db
      .prepare(
        `INSERT INTO calls (id, body, type, viewer, of_grant, amount, currency, outcome, reason, at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        id,
        body,
        told.type,
        told.viewer,
        told.grant,
        told.amountMinor,
        told.currency,
        outcome,
        reason,
        at,
      );
    const made = this.#db.prepare('SELECT * FROM calls WHERE id = ?').get(id) as unknown as Row;
    return { kind: 'taken', first: true, entry: entryOf(made) };
  }

  /** A grant that comes behind its own reversal is not made. */
  #takenBack({ type, grant }: Told): string | null {
    if (type === 'grant.reversed' || grant === null) return null;
    const reversal = this.#db
      .prepare(`SELECT 1 FROM calls WHERE of_grant = ? AND type = 'grant.reversed'`)
      .get(grant);
    return reversal === undefined ? null : 'reversed';
  }
}

const entryOf = (row: Row): Entry => ({
  seq: row.seq,
  id: row.id,
  type: row.type,
  viewer: row.viewer,
  grant: row.of_grant,
  amountMinor: row.amount,
  currency: row.currency,
  outcome: row.outcome,
  reason: row.reason,
  at: row.at as UnixMilliseconds,
});
