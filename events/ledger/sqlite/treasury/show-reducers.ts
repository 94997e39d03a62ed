import type { DatabaseSync } from 'node:sqlite';
import type { JournalEntry } from '../../journal.ts';
import type { Before, MeasureTerms, ShowRules } from '../../measures.ts';
import type { Reducer } from '../journal.ts';

/** Bodies of the journal's entries about boxes, their rules, and measures. */
export interface ShowEntries {
  /** `fromAnswer`: answers up to this one drop nothing. */
  readonly 'show.ruled': ShowRules & { readonly show: string; readonly fromAnswer: number };
  /** The viewer is the entry's. */
  readonly 'box.dropped': { readonly show: string; readonly count: number; readonly cause: string };
  /** Answers whose turn has come: all up to `upTo`, but for those that were held. */
  readonly 'boxes.dealt': {
    readonly upTo: number;
    readonly held: readonly number[];
    readonly judged: readonly number[];
  };
  readonly 'measures.prepared': { readonly show: string; readonly measures: readonly MeasureTerms[] };
  readonly 'measure.applied': { readonly measure: string; readonly before: Before };
  readonly 'measure.reverted': { readonly measure: string };
}

type Entry<Kind extends keyof ShowEntries> = JournalEntry<Kind, ShowEntries[Kind]>;

export function showReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  return { ...boxReducers(db), ...measureReducers(db) };
}

function boxReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const anyRate = db.prepare('SELECT 1 FROM prize_shows WHERE drop_ppm > 0');
  const rule = db.prepare(`
    INSERT INTO prize_shows (show, drop_ppm, threshold, from_answer) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET drop_ppm = excluded.drop_ppm, threshold = excluded.threshold,
      from_answer = excluded.from_answer`);
  const moveTo = db.prepare(`
    INSERT INTO box_cursor (one, answer) VALUES (1, ?)
    ON CONFLICT DO UPDATE SET answer = max(answer, excluded.answer)`);
  const wait = db.prepare('INSERT INTO box_waiting (answer) VALUES (?) ON CONFLICT DO NOTHING');
  const judged = db.prepare('DELETE FROM box_waiting WHERE answer = ?');
  const drop = db.prepare('INSERT INTO box_drops (seq, show, cause, viewer, n) VALUES (?, ?, ?, ?, ?)');
  const give = db.prepare(`
    INSERT INTO boxes (show, viewer, n) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n RETURNING n`);
  const leave = db.prepare('UPDATE box_levels SET viewers = viewers - 1 WHERE show = ? AND n = ?');
  const clear = db.prepare('DELETE FROM box_levels WHERE show = ? AND n = ? AND viewers = 0');
  const enter = db.prepare(`
    INSERT INTO box_levels (show, n, viewers) VALUES (?, ?, 1)
    ON CONFLICT DO UPDATE SET viewers = viewers + 1`);
  return {
    'show.ruled': ({ body }: Entry<'show.ruled'>) => {
      // Nobody has looked at answers while none could drop a box.
      if (anyRate.get() === undefined) moveTo.run(body.fromAnswer);
      rule.run(body.show, body.dropPpm, body.threshold, body.fromAnswer);
    },
    'boxes.dealt': ({ body }: Entry<'boxes.dealt'>) => {
      moveTo.run(body.upTo);
      for (const answer of body.held) wait.run(answer);
      for (const answer of body.judged) judged.run(answer);
    },
    'box.dropped': ({ seq, viewer, body }: Entry<'box.dropped'>) => {
      const { show, count, cause } = body;
      drop.run(seq, show, cause, viewer!, count);
      const { n } = give.get(show, viewer!, count) as { n: number };
      if (n > count) {
        leave.run(show, n - count);
        clear.run(show, n - count);
      }
      enter.run(show, n);
    },
  };
}

function measureReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const ofShow = db.prepare('SELECT id FROM measures WHERE show = ?');
  const remove = db.prepare('DELETE FROM measures WHERE id = ?');
  // The same one again stays as it stands.
  const prepare = db.prepare(`
    INSERT INTO measures (id, show, place, terms) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET place = ?3, terms = ?4,
      state = CASE WHEN terms = ?4 THEN state ELSE 'prepared' END,
      before = CASE WHEN terms = ?4 THEN before END,
      applied_us = CASE WHEN terms = ?4 THEN applied_us END`);
  const apply = db.prepare(
    `UPDATE measures SET state = 'applied', before = ?2, applied_us = ?3 WHERE id = ?1`,
  );
  const revert = db.prepare(`UPDATE measures SET state = 'reverted' WHERE id = ?`);
  return {
    'measures.prepared': ({ body }: Entry<'measures.prepared'>) => {
      const kept = new Set(body.measures.map(({ id }) => id));
      for (const { id } of ofShow.all(body.show) as { id: string }[]) if (!kept.has(id)) remove.run(id);
      for (const [place, terms] of body.measures.entries()) {
        prepare.run(terms.id, body.show, place, JSON.stringify(terms));
      }
    },
    'measure.applied': ({ atUs, body }: Entry<'measure.applied'>) => {
      apply.run(body.measure, JSON.stringify(body.before), atUs);
    },
    'measure.reverted': ({ body }: Entry<'measure.reverted'>) => {
      revert.run(body.measure);
    },
  };
}
