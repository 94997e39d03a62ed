import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../../../../cues/wire/index.ts';
import { unixUs } from '../../../../packet/time.ts';
import type { Claims, RefusalCode } from '../../facts.ts';
import type { ViewerData } from '../../viewers.ts';
import { tablesOfViewers } from './tables.ts';

interface AnswerRow {
  readonly id: string;
  readonly interaction: string;
  readonly answer: string;
  readonly status: 'accepted' | 'held';
  readonly verdict: 'accepted' | 'refused' | null;
  readonly code: RefusalCode | null;
  readonly arrived_us: number;
  readonly claims: string;
}

interface EntryRow {
  readonly seq: number;
  readonly kind: string;
  readonly at_us: number;
  readonly body: string;
}

/** In the order in which it came to be. */
export function prepareViewerData(
  db: DatabaseSync,
  schema: 'main' | 'live' = 'main',
): (given: { readonly viewer: string }) => ViewerData {
  // From interactions on: answers are found by interaction and viewer, an index by viewer alone would cost each answer.
  const answers = db.prepare(`
    SELECT s.id, i.id AS interaction, s.answer, s.status, j.verdict, j.code, s.arrived_us, s.claims
    FROM interactions i CROSS JOIN submissions s ON s.interaction = i.seq AND s.viewer = ?
    LEFT JOIN judgements j ON j.submission = s.seq ORDER BY s.seq`);
  const entries = db.prepare('SELECT seq, kind, at_us, body FROM journal WHERE viewer = ? ORDER BY seq');
  const tables = tablesOfViewers(db, schema).map((table) => ({
    table,
    rows: db.prepare(`SELECT * FROM ${table} WHERE viewer = ?`),
  }));
  return ({ viewer }) => ({
    viewer,
    answers: (answers.all(viewer) as unknown as AnswerRow[]).map((row) => ({
      id: row.id,
      interaction: row.interaction,
      answer: JSON.parse(row.answer) as JsonObject,
      status: row.verdict ?? row.status,
      code: row.code,
      arrivedAtUs: unixUs(row.arrived_us),
      claims: JSON.parse(row.claims) as Claims,
    })),
    entries: (entries.all(viewer) as unknown as EntryRow[]).map((row) => ({
      seq: row.seq,
      kind: row.kind,
      atUs: unixUs(row.at_us),
      body: JSON.parse(row.body) as JsonObject,
    })),
    tables: Object.fromEntries(
      tables.map(({ table, rows }) => [
        table,
        (rows.all(viewer) as Record<string, string | number | null>[]).map((row) => ({ ...row })),
      ]),
    ),
  });
}
