import type { DatabaseSync } from 'node:sqlite';
import { leafOf, type NewSalt } from './leaf.ts';
import { submissionFields } from './writes.ts';

const AT_ONCE = 10_000;

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly interaction: string;
  readonly viewer: string;
  readonly answer: string;
  readonly bucket: string;
  readonly status: 'accepted' | 'held';
  readonly arrived_us: number;
  readonly claims: string;
}

/** Answers of a ledger that is older than its chain get their leaves, once; the first block then covers them. */
export function giveLeaves(db: DatabaseSync, newSalt: NewSalt): void {
  if (db.prepare('SELECT 1 FROM blocks LIMIT 1').get() !== undefined) return;
  const next = db.prepare(`
    SELECT s.seq, s.id, i.id AS interaction, s.viewer, s.answer, s.bucket, s.status, s.arrived_us, s.claims
    FROM submissions s JOIN interactions i ON i.seq = s.interaction
    WHERE s.seq > ? AND s.leaf IS NULL ORDER BY s.seq LIMIT ?`);
  const give = db.prepare('UPDATE submissions SET salt = ?, leaf = ? WHERE seq = ?');
  let at = 0;
  for (;;) {
    const rows = next.all(at, AT_ONCE) as unknown as Row[];
    if (rows.length === 0) return;
    db.exec('BEGIN IMMEDIATE');
    for (const row of rows) {
      const salt = newSalt();
      const leaf = leafOf(salt, submissionFields({ ...row, arrivedAtUs: row.arrived_us }));
      give.run(salt, leaf, row.seq);
    }
    db.exec('COMMIT');
    at = rows.at(-1)!.seq;
  }
}
