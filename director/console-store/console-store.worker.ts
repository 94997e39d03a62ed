import { ERRORS, FramecueError } from '../../packet/errors.ts';
import { runBatchWorker } from '../../service/sqlite/batch-worker.ts';
import type { StoreDatabases } from '../../service/sqlite/open-store.ts';
import type {
  ConsoleStoreAnswer,
  ConsoleStoreOp,
  ConsoleStoreQuery,
  ConsoleStoreResult,
  StoredMode,
  TriggerRow,
} from './messages.ts';

const MIGRATIONS = [
  `
  CREATE TABLE as_run (
    seq INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    at INTEGER NOT NULL,
    key TEXT,
    json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX as_run_by_stream ON as_run (stream, seq);
  CREATE INDEX as_run_by_age ON as_run (at);
  CREATE UNIQUE INDEX as_run_once ON as_run (stream, key) WHERE key IS NOT NULL;

  CREATE TABLE modes (
    stream TEXT PRIMARY KEY,
    rehearsal INTEGER NOT NULL,
    since INTEGER,
    by_name TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE triggers (
    id TEXT PRIMARY KEY,
    stream TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    json TEXT NOT NULL,
    by_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    last_used_at INTEGER,
    UNIQUE (stream, name)
  ) STRICT, WITHOUT ROWID;
  `,
] as const;

runBatchWorker<ConsoleStoreOp, ConsoleStoreResult, ConsoleStoreQuery, ConsoleStoreAnswer>({
  migrations: MIGRATIONS,
  open: (databases) => ({ apply: writer(databases), answer: reader(databases) }),
});

function writer({ write: db }: StoreDatabases): (op: ConsoleStoreOp) => ConsoleStoreResult {
  const insertRow = db.prepare(
    'INSERT OR IGNORE INTO as_run (seq, stream, at, key, json) VALUES (?, ?, ?, ?, ?)',
  );
  const putMode = db.prepare(
    'INSERT OR REPLACE INTO modes (stream, rehearsal, since, by_name) VALUES (?, ?, ?, ?)',
  );
  const countTriggers = db.prepare('SELECT count(*) AS n FROM triggers WHERE NOT (stream = ? AND name = ?)');
  const dropTrigger = db.prepare('DELETE FROM triggers WHERE stream = ? AND name = ?');
  const insertTrigger = db.prepare(
    `INSERT INTO triggers (id, stream, name, secret_hash, json, by_name, created_at, uses, last_used_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const noteUse = db.prepare('UPDATE triggers SET uses = ?, last_used_at = ? WHERE id = ?');
  const deleteRows = db.prepare(`
    DELETE FROM as_run WHERE seq IN (
      SELECT seq FROM as_run
        WHERE at < ?1 OR seq <= (SELECT coalesce(max(seq), 0) - ?2 FROM as_run)
        ORDER BY seq LIMIT ?3)`);

  return (op) => {
    switch (op.kind) {
      case 'rows':
        for (const { stream, row, key } of op.rows) {
          insertRow.run(row.seq, stream, row.at, key, JSON.stringify(row));
        }
        return { kind: 'done' };
      case 'mode': {
        const { stream, rehearsal, since, by } = op.mode;
        putMode.run(stream, rehearsal ? 1 : 0, since, by);
        return { kind: 'done' };
      }
      case 'put-trigger': {
        const t = op.trigger;
        if ((countTriggers.get(t.stream, t.name) as { n: number }).n >= op.limit) {
          throw new FramecueError(
            'ERR_REQUEST_INVALID',
            `There are ${op.limit} triggers: delete one first.`,
            {
              details: { limit: op.limit },
            },
          );
        }
        dropTrigger.run(t.stream, t.name);
        insertTrigger.run(
          ...[t.id, t.stream, t.name, t.secretHash, t.json, t.by, t.createdAt, t.uses, t.lastUsedAt],
        );
        return { kind: 'done' };
      }
      case 'drop-trigger':
        return { kind: 'dropped', known: dropTrigger.run(op.stream, op.name).changes > 0 };
      case 'used':
        noteUse.run(op.uses, op.at, op.id);
        return { kind: 'done' };
      case 'compact': {
        const { changes } = deleteRows.run(op.olderThan, op.keepRows, op.limit);
        return { kind: 'compacted', deleted: Number(changes) };
      }
      default:
        op satisfies never;
        throw new FramecueError('ERR_INTERNAL', ERRORS.ERR_INTERNAL.text);
    }
  };
}

function reader({ read: db }: StoreDatabases): (query: ConsoleStoreQuery) => ConsoleStoreAnswer {
  const lastSeq = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM as_run');
  const modes = db.prepare('SELECT stream, rehearsal, since, by_name AS "by" FROM modes');
  const triggers = db.prepare(
    `SELECT id, stream, name, secret_hash AS secretHash, json, by_name AS "by", created_at AS createdAt, uses,
       last_used_at AS lastUsedAt FROM triggers ORDER BY stream, name`,
  );
  const recent = db.prepare('SELECT stream, json FROM as_run ORDER BY seq DESC LIMIT ?');
  const rowsAfter = db.prepare(
    'SELECT seq, json FROM as_run WHERE stream = ? AND seq > ? AND at >= ? AND at < ? ORDER BY seq LIMIT ?',
  );
  const newestRows = db.prepare(
    'SELECT seq, json FROM as_run WHERE stream = ? AND at >= ? AND at < ? ORDER BY seq DESC LIMIT ?',
  );

  return (query) => {
    switch (query.kind) {
      case 'state':
        return {
          kind: 'state',
          lastSeq: (lastSeq.get() as { seq: number }).seq,
          modes: (modes.all() as unknown as (Omit<StoredMode, 'rehearsal'> & { rehearsal: number })[]).map(
            (mode) => ({ ...mode, rehearsal: mode.rehearsal === 1 }),
          ),
          triggers: triggers.all() as unknown as TriggerRow[],
          recent: (recent.all(query.recent) as { stream: string; json: string }[]).reverse(),
        };
      case 'rows': {
        const { stream, from, to, after, limit } = query.wanted;
        const rows =
          after === null
            ? newestRows.all(stream, from, to, limit).reverse()
            : rowsAfter.all(stream, after, from, to, limit);
        return { kind: 'rows', rows: rows as { seq: number; json: string }[] };
      }
      default:
        query satisfies never;
        throw new FramecueError('ERR_INTERNAL', ERRORS.ERR_INTERNAL.text);
    }
  };
}
