import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../packet/time.ts';
import { prepareEntry } from './journal.ts';
import { leafOf, type NewSalt } from './leaf.ts';
import { submissionFields } from './submit-op.ts';
import { interactionFields, stepFields } from './writes.ts';

const AT_ONCE = 10_000;

interface Given {
  readonly salt: string | null;
  readonly leaf: string;
}

interface OldRow {
  readonly seq: number;
}

interface OldSubmission extends OldRow {
  readonly id: string;
  readonly interaction: string;
  readonly viewer: string;
  readonly answer: string;
  readonly bucket: string;
  readonly status: 'accepted' | 'held';
  readonly arrived_us: number;
  readonly claims: string;
}

/**
 * A ledger that is older than its chain: its rows get their leaves, its judgements their entries in the journal, and
 * `seal` its first block, which covers all of it. Once, and again from where it stopped where it was broken off.
 */
export function giveLeaves(db: DatabaseSync, newSalt: NewSalt, seal: () => void): void {
  if (db.prepare('SELECT 1 FROM blocks LIMIT 1').get() !== undefined) return;
  giveTo<OldRow & { id: string; record: string }>(
    db,
    'interactions',
    'SELECT seq, id, record FROM interactions WHERE seq > ? AND leaf IS NULL ORDER BY seq LIMIT ?',
    (row) => ({ salt: null, leaf: leafOf(null, interactionFields(row)) }),
  );
  giveTo<OldRow & { interaction: string; kind: string; step: string }>(
    db,
    'transitions',
    `SELECT t.seq, i.id AS interaction, t.kind, t.step
     FROM transitions t JOIN interactions i ON i.seq = t.interaction
     WHERE t.seq > ? AND t.leaf IS NULL ORDER BY t.seq LIMIT ?`,
    (row) => ({ salt: null, leaf: leafOf(null, stepFields(row)) }),
  );
  giveTo<OldSubmission>(
    db,
    'submissions',
    `SELECT s.seq, s.id, i.id AS interaction, s.viewer, s.answer, s.bucket, s.status, s.arrived_us, s.claims
     FROM submissions s JOIN interactions i ON i.seq = s.interaction
     WHERE s.seq > ? AND s.leaf IS NULL ORDER BY s.seq LIMIT ?`,
    (row) => {
      const salt = newSalt();
      return { salt, leaf: leafOf(salt, submissionFields({ ...row, arrivedAtUs: row.arrived_us })) };
    },
  );
  inTransaction(db, () => {
    writeDownJudgements(db, newSalt);
    seal();
  });
}

function giveTo<Row extends OldRow>(
  db: DatabaseSync,
  table: 'interactions' | 'transitions' | 'submissions',
  select: string,
  of: (row: Row) => Given,
): void {
  const next = db.prepare(select);
  const give =
    table === 'submissions'
      ? db.prepare('UPDATE submissions SET salt = ?, leaf = ? WHERE seq = ?')
      : db.prepare(`UPDATE ${table} SET leaf = ?2 WHERE seq = ?3 AND ?1 IS NULL`);
  for (let at = 0; ; ) {
    const rows = next.all(at, AT_ONCE) as unknown as Row[];
    if (rows.length === 0) return;
    inTransaction(db, () => {
      for (const row of rows) {
        const { salt, leaf } = of(row);
        give.run(salt, leaf, row.seq);
      }
    });
    at = rows.at(-1)!.seq;
  }
}

/** They stand in their table already; from now on they follow from the journal. */
function writeDownJudgements(db: DatabaseSync, newSalt: NewSalt): void {
  const write = prepareEntry(db, newSalt);
  const all = db.prepare(`
    SELECT s.id AS submission, j.verdict, j.code, j.judged_us
    FROM judgements j JOIN submissions s ON s.seq = j.submission ORDER BY j.judged_us, j.submission`);
  for (const row of all.iterate() as Iterable<Record<string, unknown>>) {
    const { judged_us: at, ...body } = row;
    write({ kind: 'answer.judged', atUs: unixUs(Number(at)), viewer: null, body });
  }
}

function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
