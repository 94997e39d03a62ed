import type { DatabaseSync } from 'node:sqlite';
import type { JournalEntry } from '../../journal.ts';
import type { Before, MeasureTerms, ShowRules } from '../../measures.ts';
import type { Reducer } from '../journal.ts';

/** Without `show`: an entry from the time when one show alone could have a measure of an id. */
interface OfMeasure {
  readonly show?: string;
  readonly measure: string;
}

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
  readonly 'measure.applied': OfMeasure & { readonly before: Before };
  readonly 'measure.reverted': OfMeasure;
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
  const remove = db.prepare('DELETE FROM measures WHERE show = ? AND id = ?');
  // The same one again stays as it stands.
  const prepare = db.prepare(`
    INSERT INTO measures (show, id, place, terms) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET place = ?3, terms = ?4,
      state = CASE WHEN terms = ?4 THEN state ELSE 'prepared' END,
      before = CASE WHEN terms = ?4 THEN before END,
      applied_us = CASE WHEN terms = ?4 THEN applied_us END`);
  const apply = db.prepare(`
    UPDATE measures SET state = 'applied', before = ?3, applied_us = ?4
    WHERE id = ?2 AND (?1 IS NULL OR show = ?1)`);
  const revert = db.prepare(
    `UPDATE measures SET state = 'reverted' WHERE id = ?2 AND (?1 IS NULL OR show = ?1)`,
  );
  return {
    'measures.prepared': ({ body }: Entry<'measures.prepared'>) => {
      const kept = new Set(body.measures.map(({ id }) => id));
      for (const { id } of ofShow.all(body.show) as { id: string }[])
        if (!kept.has(id)) remove.run(body.show, id);
      for (const [place, terms] of body.measures.entries()) {
        prepare.run(body.show, terms.id, place, JSON.stringify(terms));
      }
    },
    'measure.applied': ({ atUs, body }: Entry<'measure.applied'>) => {
      apply.run(body.show ?? null, body.measure, JSON.stringify(body.before), atUs);
    },
    'measure.reverted': ({ body }: Entry<'measure.reverted'>) => {
      revert.run(body.show ?? null, body.measure);
    },
  };
}
