import type { DatabaseSync } from 'node:sqlite';
import type { UnixMicroseconds } from '../../../../packet/time.ts';
import type { CommandIn, CommandOut } from '../../commands.ts';
import type { Before, Measure, MeasureTerms, ShowRules } from '../../measures.ts';
import type { By, Refused } from '../../treasury.ts';
import { acted } from '../acted.ts';
import type { Journal } from '../journal.ts';
import type { TreasuryParts } from './core.ts';
import { refused } from './refused.ts';
import { prepareShowReads } from './shows.ts';

/** The rules of a show's boxes, and what was prepared to change them: by itself or by hand, and back. */
export function measureCommands(db: DatabaseSync, journal: Journal, treasury: TreasuryParts) {
  const { append, poolOrNull } = treasury;
  const shows = prepareShowReads(db);
  const lastAnswer = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM submissions');
  const ruledFrom = db.prepare('SELECT from_answer FROM prize_shows WHERE show = ? AND drop_ppm > 0');

  const rule = (show: string, rules: ShowRules, atUs: UnixMicroseconds): void => {
    // A rate that takes the place of another goes on from where that one is.
    const before = ruledFrom.get(show) as { from_answer: number } | undefined;
    const fromAnswer = before?.from_answer ?? (lastAnswer.get() as { seq: number }).seq;
    append('show.ruled', { show, ...rules, fromAnswer }, atUs);
  };
  const did = (by: By, what: string, target: string, details: object, atUs: UnixMicroseconds): void => {
    if (by !== null) acted(journal, { by, what, target, details, atUs });
  };
  const withMeasure = <Outcome>(
    { show, measure: id }: { readonly show: string | null; readonly measure: string },
    run: (measure: Measure) => Outcome,
  ): Outcome | Refused => {
    const of = show === null ? shows.showsOf(id) : [show];
    if (of.length > 1) return refused('ERR_MEASURE_OF_SHOWS', { measure: id, shows: of });
    const measure = of.length === 0 ? null : shows.measure({ show: of[0]!, measure: id });
    return measure === null ? refused('ERR_MEASURE_UNKNOWN', { measure: id }) : run(measure);
  };
  const done = ({ show, id }: Measure) =>
    ({ kind: 'done', measure: shows.measure({ show, measure: id })! }) as const;

  /** @returns how it was before; null: there is no such pool */
  const put = ({ id, show, do: change }: Measure, atUs: UnixMicroseconds): Before | null => {
    const rules = shows.rules(show);
    if ('dropPpm' in change) {
      rule(show, { ...rules, dropPpm: change.dropPpm }, atUs);
      return { dropPpm: rules.dropPpm };
    }
    if ('threshold' in change) {
      rule(show, { ...rules, threshold: change.threshold }, atUs);
      return { threshold: rules.threshold };
    }
    const pool = poolOrNull(change.closePool);
    if (pool === null) return null;
    if (pool.state === 'open') append('pool.closed', { pool: pool.id, why: whyOf(show, id) }, atUs);
    return { pool: pool.id, state: pool.state };
  };

  /** Whether what it changed is still as it has put it: only then can it be put back. */
  const holds = ({ id, show, do: change, before }: Measure): boolean => {
    const rules = shows.rules(show);
    if ('dropPpm' in change) return rules.dropPpm === change.dropPpm;
    if ('threshold' in change) return rules.threshold === change.threshold;
    if (before === null || !('pool' in before) || before.state === 'closed') return true;
    const pool = poolOrNull(before.pool);
    // The short one is of before, when one show alone could have this id.
    return pool?.state === 'closed' && [whyOf(show, id), `measure:${id}`].includes(pool.closedWhy ?? '');
  };

  const putBack = ({ show, before }: Measure, atUs: UnixMicroseconds): void => {
    if (before === null) return;
    if (!('pool' in before)) rule(show, { ...shows.rules(show), ...before }, atUs);
    else if (before.state === 'open') append('pool.reopened', { pool: before.pool }, atUs);
  };

  return {
    'show.rule'({ show, rules, by, atUs, ...given }: CommandIn<'show.rule'>): CommandOut<'show.rule'> {
      const measures = given.measures.map(inOrder);
      const present = shows.measures(show);
      const wanted = new Map(measures.map((terms) => [terms.id, terms]));
      const busy = present.find(
        (measure) =>
          measure.state === 'applied' &&
          holds(measure) &&
          JSON.stringify(wanted.get(measure.id)) !== JSON.stringify(inOrder(measure)),
      );
      if (busy !== undefined) {
        return refused(
          'ERR_MEASURE_STATE',
          { measure: busy.id },
          'It is applied: revert it before it is changed.',
        );
      }
      const held = shows.rules(show);
      const isNew = rules.dropPpm !== held.dropPpm || rules.threshold !== held.threshold;
      if (isNew) rule(show, rules, atUs);
      append('measures.prepared', { show, measures }, atUs);
      did(by, 'show.rule', show, { ...rules, measures: measures.map(({ id }) => id) }, atUs);
      return { kind: 'done', rules: shows.rules(show), measures: shows.measures(show) };
    },

    'measure.apply': ({ by, atUs, ...named }: CommandIn<'measure.apply'>) =>
      withMeasure<CommandOut<'measure.apply'>>(named, (measure) => {
        const { show, id } = measure;
        if (measure.state === 'applied') return { kind: 'already', measure };
        if (by === null && (!measure.auto || measure.due !== true || measure.state !== 'prepared')) {
          return { kind: 'not-due', measure };
        }
        const before = put(measure, atUs);
        if (before === null) return refused('ERR_POOL_UNKNOWN', { measure: id });
        append('measure.applied', { show, measure: id, before }, atUs);
        did(by, 'measure.apply', id, { show, before }, atUs);
        return done(measure);
      }),

    'measure.revert': ({ by, atUs, ...named }: CommandIn<'measure.revert'>) =>
      withMeasure<CommandOut<'measure.revert'>>(named, (measure) => {
        const { show, id } = measure;
        if (measure.state !== 'applied') return { kind: 'already', measure };
        if (!holds(measure)) {
          return refused(
            'ERR_MEASURE_STATE',
            { measure: id },
            'What it changed has been changed again since.',
          );
        }
        putBack(measure, atUs);
        append('measure.reverted', { show, measure: id }, atUs);
        did(by, 'measure.revert', id, { show, before: measure.before }, atUs);
        return done(measure);
      }),
  };
}

/** The same measure is the same text. */
const inOrder = ({ id, title, when, do: change, auto }: MeasureTerms): MeasureTerms => ({
  ...{ id, title, when, do: change, auto },
});

const whyOf = (show: string, measure: string): string => `measure:${show}:${measure}`;
