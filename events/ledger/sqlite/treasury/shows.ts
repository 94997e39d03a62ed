import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../../packet/time.ts';
import type {
  Before,
  BoxesOfShow,
  Measure,
  MeasureName,
  MeasureTerms,
  MeasureWhen,
  ShowRules,
} from '../../measures.ts';

/** What is known of shows' boxes and measures, on either connection. */
export interface ShowReads {
  rules(show: string): ShowRules;
  boxesOf(show: string): BoxesOfShow;
  shows(): readonly string[];
  measures(show: string): readonly Measure[];
  measure(of: MeasureName): Measure | null;
  /** Of all shows: a few names at most, the first ones. */
  showsOf(measure: string): readonly string[];
  /** Those that are to be applied by themselves now. */
  dueMeasures(): readonly MeasureName[];
}

interface MeasureRow {
  readonly id: string;
  readonly show: string;
  readonly terms: string;
  readonly state: Measure['state'];
  readonly applied_us: number | null;
  readonly before: string | null;
}

/** Of a distribution; whoever has more boxes than its end is counted there. */
const LEVELS = 200;
const DEFAULTS: ShowRules = { dropPpm: 0, threshold: 0 };

export function prepareShowReads(db: DatabaseSync): ShowReads {
  const ruled = db.prepare('SELECT drop_ppm AS dropPpm, threshold FROM prize_shows WHERE show = ?');
  const sums = db.prepare(`
    SELECT coalesce(sum(n * viewers), 0) AS boxes, coalesce(sum(viewers), 0) AS viewers,
      coalesce(sum(viewers) FILTER (WHERE n >= ?2), 0) AS high
    FROM box_levels WHERE show = ?1`);
  const levels = db.prepare('SELECT n, viewers FROM box_levels WHERE show = ? ORDER BY n LIMIT ?');
  const all = db.prepare(
    'SELECT show FROM prize_shows UNION SELECT show FROM box_levels UNION SELECT show FROM measures ORDER BY show LIMIT 100',
  );
  const byShow = db.prepare('SELECT * FROM measures WHERE show = ? ORDER BY place');
  const byName = db.prepare('SELECT * FROM measures WHERE show = ? AND id = ?');
  const ofId = db.prepare('SELECT show FROM measures WHERE id = ? ORDER BY show LIMIT 10');
  const waiting = db.prepare(`
    SELECT * FROM measures WHERE state = 'prepared' AND json_extract(terms, '$.auto') = 1 ORDER BY show, place`);
  const free = db.prepare('SELECT free_pieces AS pieces, free_amount AS amountMinor FROM pools WHERE id = ?');

  const rules = (show: string): ShowRules => {
    const found = ruled.get(show) as unknown as ShowRules | undefined;
    return found === undefined ? DEFAULTS : { ...found };
  };
  const countOf = (show: string, from: number) =>
    sums.get(show, from) as { boxes: number; viewers: number; high: number };

  const isDue = (show: string, when: MeasureWhen): boolean => {
    if ('boxesOver' in when) return countOf(show, 0).boxes > when.boxesOver;
    if ('shareOver' in when) {
      const { viewers, high } = countOf(show, when.shareOver.boxes);
      return high * 1_000_000 > when.shareOver.ppm * viewers;
    }
    if ('poolBelow' in when) {
      const left = free.get(when.poolBelow.pool) as { pieces: number } | undefined;
      return left !== undefined && left.pieces < when.poolBelow.pieces;
    }
    const left = free.get(when.budgetBelow.pool) as { amountMinor: number } | undefined;
    return left !== undefined && left.amountMinor < when.budgetBelow.amountMinor;
  };
  const measureOf = (row: MeasureRow): Measure => {
    const terms = JSON.parse(row.terms) as MeasureTerms;
    return {
      ...terms,
      ...{ show: row.show, state: row.state },
      appliedAtUs: row.applied_us === null ? null : unixUs(row.applied_us),
      before: row.before === null ? null : (JSON.parse(row.before) as Before),
      due: terms.when === null ? null : row.state === 'prepared' && isDue(row.show, terms.when),
    };
  };

  return {
    rules,
    boxesOf(show) {
      const { dropPpm, threshold } = rules(show);
      const { boxes, viewers, high } = countOf(show, threshold);
      const found = levels.all(show, LEVELS) as { n: number; viewers: number }[];
      const shown = found.reduce((sum, level) => sum + level.viewers, 0);
      return {
        ...{ show, dropPpm, threshold, boxes, viewers, high },
        levels: found.map((level, at) => ({
          n: level.n,
          viewers: level.viewers + (at === found.length - 1 ? viewers - shown : 0),
        })),
      };
    },
    shows: () => (all.all() as { show: string }[]).map(({ show }) => show),
    measures: (show) => (byShow.all(show) as unknown as MeasureRow[]).map(measureOf),
    measure({ show, measure }) {
      const row = byName.get(show, measure) as MeasureRow | undefined;
      return row === undefined ? null : measureOf(row);
    },
    showsOf: (measure) => (ofId.all(measure) as { show: string }[]).map(({ show }) => show),
    dueMeasures: () =>
      (waiting.all() as unknown as MeasureRow[])
        .map(measureOf)
        .filter(({ due }) => due === true)
        .map(({ show, id: measure }) => ({ show, measure })),
  };
}
