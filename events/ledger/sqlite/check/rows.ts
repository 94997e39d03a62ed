import type { DatabaseSync } from 'node:sqlite';
import type { ChainedTable } from '../blocks.ts';
import { type EntryRow, entryFields } from '../journal.ts';
import { submissionFields } from '../submit-op.ts';
import { interactionFields, stepFields } from '../writes.ts';

/** A row of the chain with what its leaf commits to. */
export interface ChainedRow {
  readonly seq: number;
  readonly salt: string | null;
  readonly leaf: string | null;
  readonly viewer: string | null;
  /** There is nothing personal beside `viewer`. */
  readonly isBare: boolean;
  readonly fields: readonly (string | number | null)[];
}

export type ReadRows = (table: ChainedTable, after: number, to: number) => Iterable<ChainedRow>;

interface Common {
  readonly seq: number;
  readonly salt: string | null;
  readonly leaf: string | null;
  readonly viewer: string | null;
}

type AnswerRow = Parameters<typeof submissionFields>[0] & { readonly arrived_us: number };

const WITHOUT_VIEWER = { salt: null, viewer: null, isBare: true };

export function prepareRows(db: DatabaseSync): ReadRows {
  const interactions = db.prepare(
    'SELECT seq, leaf, id, record FROM interactions WHERE seq > ? AND seq <= ? ORDER BY seq',
  );
  // A row whose interaction is gone must show, too.
  const transitions = db.prepare(`
    SELECT t.seq, t.leaf, coalesce(i.id, '') AS interaction, t.kind, t.step
    FROM transitions t LEFT JOIN interactions i ON i.seq = t.interaction
    WHERE t.seq > ? AND t.seq <= ? ORDER BY t.seq`);
  const submissions = db.prepare(`
    SELECT s.seq, s.salt, s.leaf, coalesce(i.id, '') AS interaction, s.viewer, s.id, s.answer, s.bucket, s.status,
      s.arrived_us, s.claims
    FROM submissions s LEFT JOIN interactions i ON i.seq = s.interaction
    WHERE s.seq > ? AND s.seq <= ? ORDER BY s.seq`);
  const journal = db.prepare(
    'SELECT seq, salt, leaf, kind, at_us, viewer, body FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq',
  );
  return function* (table, after, to) {
    switch (table) {
      case 'interactions':
        for (const row of interactions.iterate(after, to) as Iterable<unknown>) {
          const { seq, leaf, ...rest } = row as Common & Parameters<typeof interactionFields>[0];
          yield { ...WITHOUT_VIEWER, seq, leaf, fields: interactionFields(rest) };
        }
        return;
      case 'transitions':
        for (const row of transitions.iterate(after, to) as Iterable<unknown>) {
          const { seq, leaf, ...rest } = row as Common & Parameters<typeof stepFields>[0];
          yield { ...WITHOUT_VIEWER, seq, leaf, fields: stepFields(rest) };
        }
        return;
      case 'submissions':
        for (const row of submissions.iterate(after, to) as Iterable<unknown>) {
          const { seq, salt, leaf, ...rest } = row as Common & AnswerRow;
          const fields = submissionFields({ ...rest, arrivedAtUs: rest.arrived_us });
          const isBare = rest.answer === '{}' && rest.claims === '{}';
          yield { seq, salt, leaf, viewer: rest.viewer, isBare, fields };
        }
        return;
      case 'journal':
        for (const row of journal.iterate(after, to) as Iterable<unknown>) {
          const { seq, salt, leaf, ...rest } = row as Common & EntryRow;
          yield { seq, salt, leaf, viewer: rest.viewer, isBare: true, fields: entryFields(rest) };
        }
    }
  };
}
