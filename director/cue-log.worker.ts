import { ERRORS, FramecueError } from '../packet/errors.ts';
import { runBatchWorker } from '../service/sqlite/batch-worker.ts';
import type { StoreDatabases } from '../service/sqlite/open-store.ts';
import {
  type CueLogAnswer,
  type CueLogOp,
  type CueLogQuery,
  type CueLogResult,
  KEY_LIFE_MS,
  type KeyRow,
  type LogRow,
} from './cue-log-messages.ts';

const MIGRATIONS = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('epoch', lower(hex(randomblob(8)))), ('floor', '0'), ('running', '0');

  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    cue_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    json TEXT NOT NULL
  ) STRICT;

  -- The newest entry of each cue.
  CREATE TABLE cues (
    id TEXT PRIMARY KEY,
    stream TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    live INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cues_by_stream ON cues (stream, first_seq);
  CREATE INDEX cues_by_last_seq ON cues (last_seq);
  CREATE INDEX live_cues ON cues (last_seq) WHERE live = 1;

  CREATE TABLE keys (
    token TEXT NOT NULL,
    key TEXT NOT NULL,
    hash TEXT NOT NULL,
    cue_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (token, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_by_age ON keys (at);
  CREATE INDEX keys_by_cue ON keys (cue_id);

  CREATE TABLE stamping_off (stream TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  'CREATE INDEX entries_by_cue ON entries (cue_id, seq)',
] as const;

const ROW = 'e.seq, e.at, e.cue_id AS id, e.stream, e.json';
const NEWEST = 'FROM cues c JOIN entries e ON e.seq = c.last_seq';

runBatchWorker<CueLogOp, CueLogResult, CueLogQuery, CueLogAnswer>({
  migrations: MIGRATIONS,
  open: (databases) => ({ apply: writer(databases), answer: reader(databases) }),
});

function writer({ write: db }: StoreDatabases): (op: CueLogOp) => CueLogResult {
  const isKnown = db.prepare('SELECT 1 FROM cues WHERE id = ?');
  const insertEntry = db.prepare('INSERT INTO entries (at, cue_id, stream, json) VALUES (?, ?, ?, ?)');
  const insertCue = db.prepare(
    'INSERT INTO cues (id, stream, first_seq, last_seq, live) VALUES (?1, ?2, ?3, ?3, ?4)',
  );
  const updateCue = db.prepare('UPDATE cues SET last_seq = ?, live = ? WHERE id = ?');
  const insertKey = db.prepare('INSERT INTO keys (token, key, hash, cue_id, at) VALUES (?, ?, ?, ?, ?)');
  const dropKey = db.prepare('DELETE FROM keys WHERE token = ? AND key = ? AND at < ?');
  const hasKey = db.prepare('SELECT 1 FROM keys WHERE token = ? AND key = ?');
  const dropKeyOf = db.prepare('DELETE FROM keys WHERE cue_id = ?');
  const stampingOff = db.prepare('INSERT OR IGNORE INTO stamping_off VALUES (?)');
  const stampingOn = db.prepare('DELETE FROM stamping_off WHERE stream = ?');
  const getMeta = db.prepare('SELECT value FROM meta WHERE name = ?');
  const setMeta = db.prepare('UPDATE meta SET value = ? WHERE name = ?');
  const lastSeq = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM entries');
  const youngestOld = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM entries WHERE at < ?');
  const deleteEntries = db.prepare(`
    DELETE FROM entries WHERE seq IN (
      SELECT seq FROM entries WHERE seq > ?1 AND seq <= ?2
        AND seq NOT IN (SELECT last_seq FROM cues WHERE live = 1)
      ORDER BY seq LIMIT ?3)
    RETURNING seq`);
  const deleteCues = db.prepare('DELETE FROM cues WHERE live = 0 AND last_seq <= ?');
  // What was skipped as the newest entry of a live cue goes once the cue is over.
  const deleteLeftovers = db.prepare(`
    DELETE FROM entries WHERE seq <= ?1 AND seq NOT IN (SELECT last_seq FROM cues WHERE live = 1)`);
  const deleteKeys = db.prepare('DELETE FROM keys WHERE at < ?');

  const append = (at: number, cue: { id: string; stream: string; json: string }): number =>
    Number(insertEntry.run(at, cue.id, cue.stream, cue.json).lastInsertRowid);

  const meta = (name: string): string => (getMeta.get(name) as { value: string }).value;

  /** Entries up to `floor` are no longer complete. */
  const compact = (op: CueLogOp & { kind: 'compact' }): CueLogResult => {
    const floor = Number(meta('floor'));
    const newest = (lastSeq.get() as { seq: number }).seq;
    const tooOld = (youngestOld.get(op.olderThan) as { seq: number }).seq;
    const cutoff = Math.max(tooOld, newest - op.keepEntries);
    deleteKeys.run(op.keysOlderThan);
    if (cutoff <= floor) {
      deleteLeftovers.run(floor);
      return { kind: 'compacted', deleted: 0 };
    }
    const deleted = deleteEntries.all(floor, cutoff, op.limit) as { seq: number }[];
    const reached = deleted.length < op.limit ? cutoff : Math.max(...deleted.map((row) => row.seq));
    deleteCues.run(reached);
    setMeta.run(String(reached), 'floor');
    return { kind: 'compacted', deleted: deleted.length };
  };

  return (op) => {
    switch (op.kind) {
      case 'accept': {
        if (isKnown.get(op.cue.id) !== undefined) {
          throw new FramecueError('ERR_CUE_EXISTS', undefined, { details: { id: op.cue.id } });
        }
        const seq = append(op.at, op.cue);
        insertCue.run(op.cue.id, op.cue.stream, seq, op.cue.live ? 1 : 0);
        if (op.key !== null) {
          const { token, key, hash, cueId, at } = op.key;
          dropKey.run(token, key, at - KEY_LIFE_MS);
          if (hasKey.get(token, key) !== undefined) throw new FramecueError('ERR_IDEMPOTENCY_CONFLICT');
          insertKey.run(token, key, hash, cueId, at);
        }
        return { kind: 'entries', seqs: [seq] };
      }
      case 'updates': {
        const seqs = op.updates.map(({ at, cue, forgetKey }) => {
          const seq = append(at, cue);
          updateCue.run(seq, cue.live ? 1 : 0, cue.id);
          if (forgetKey) dropKeyOf.run(cue.id);
          return seq;
        });
        return { kind: 'entries', seqs };
      }
      case 'stamping':
        (op.on ? stampingOn : stampingOff).run(op.stream);
        return { kind: 'done' };
      case 'start': {
        const cleanStop = meta('running') === '0';
        setMeta.run('1', 'running');
        return { kind: 'started', cleanStop };
      }
      case 'clean-stop':
        setMeta.run('0', 'running');
        return { kind: 'done' };
      case 'compact':
        return compact(op);
      default:
        op satisfies never;
        throw new FramecueError('ERR_INTERNAL', ERRORS.ERR_INTERNAL.text);
    }
  };
}

function reader({ read: db }: StoreDatabases): (query: CueLogQuery) => CueLogAnswer {
  const getMeta = db.prepare('SELECT value FROM meta WHERE name = ?');
  const lastSeq = db.prepare(
    "SELECT coalesce(max(seq), 0) AS seq FROM sqlite_sequence WHERE name = 'entries'",
  );
  const newestAt = db.prepare('SELECT at FROM entries ORDER BY seq DESC LIMIT 1');
  const liveCues = db.prepare(`SELECT ${ROW} ${NEWEST} WHERE c.live = 1 ORDER BY c.first_seq`);
  const recentCues = db.prepare(`SELECT ${ROW} ${NEWEST} WHERE c.live = 0 ORDER BY c.last_seq DESC LIMIT ?`);
  const newestKeys = db.prepare(
    'SELECT token, key, hash, cue_id AS cueId, at FROM keys ORDER BY at DESC LIMIT ?',
  );
  const stampingOff = db.prepare('SELECT stream FROM stamping_off');
  const entriesAfter = db.prepare(`SELECT ${ROW} FROM entries e WHERE e.seq > ? ORDER BY e.seq LIMIT ?`);
  const firstSeq = db.prepare('SELECT first_seq AS seq FROM cues WHERE id = ? AND stream = ?');
  const cuesBefore = db.prepare(
    `SELECT ${ROW} ${NEWEST} WHERE c.stream = ? AND c.first_seq < ? ORDER BY c.first_seq DESC LIMIT ?`,
  );
  const historyOf = db.prepare(`SELECT ${ROW} FROM entries e WHERE e.cue_id = ? ORDER BY e.seq LIMIT ?`);
  const cueById = db.prepare(`SELECT ${ROW} ${NEWEST} WHERE c.id = ?`);

  const rowsOf = (rows: readonly unknown[]): LogRow[] => rows as LogRow[];
  const meta = (name: string): string => (getMeta.get(name) as { value: string }).value;
  const newestSeq = (): number => (lastSeq.get() as { seq: number }).seq;
  const current = (recent: number): LogRow[] =>
    rowsOf([...liveCues.all(), ...recentCues.all(recent).reverse()]);

  return (query) => {
    switch (query.kind) {
      case 'state':
        return {
          kind: 'state',
          epoch: meta('epoch'),
          lastSeq: newestSeq(),
          lastAt: (newestAt.get() as { at: number } | undefined)?.at ?? null,
          rows: current(query.recent),
          keys: newestKeys.all(query.keys) as unknown as KeyRow[],
          stampingOff: (stampingOff.all() as { stream: string }[]).map((row) => row.stream),
        };
      case 'after': {
        const floor = Number(meta('floor'));
        if (query.seq < floor) return { kind: 'too-old', floor };
        return { kind: 'rows', rows: rowsOf(entriesAfter.all(query.seq, query.limit)) };
      }
      case 'snapshot': {
        const rows = current(query.recent);
        const wanted = query.stream === null ? rows : rows.filter((row) => row.stream === query.stream);
        return { kind: 'snapshot', seq: newestSeq(), rows: wanted };
      }
      case 'list': {
        let before = Number.MAX_SAFE_INTEGER;
        if (query.before !== null) {
          const found = firstSeq.get(query.before, query.stream) as { seq: number } | undefined;
          if (found === undefined) return { kind: 'unknown' };
          before = found.seq;
        }
        return { kind: 'rows', rows: rowsOf(cuesBefore.all(query.stream, before, query.limit)) };
      }
      case 'find':
        return { kind: 'rows', rows: rowsOf(cueById.all(query.id)) };
      case 'history':
        return { kind: 'rows', rows: rowsOf(historyOf.all(query.id, query.limit)) };
      default:
        query satisfies never;
        throw new FramecueError('ERR_INTERNAL', ERRORS.ERR_INTERNAL.text);
    }
  };
}
