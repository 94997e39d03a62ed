import { formatCount, plural } from '../shared/format.ts';
import { isObject, type JsonObject, numberOf, textOf } from '../shared/json.ts';
import type { Deed } from './report.ts';
import { percentOfPpm } from './words.ts';

/** What people did, as one says it; a kind that this page does not know is shown as it stands in the log. */
const DEEDS: { readonly [what: string]: string | undefined } = {
  'pool.open': 'Opened the pool',
  'pool.fund': 'Funded the pool',
  'pool.close': 'Closed the pool',
  'pool.reopen': 'Opened the pool again',
  'pool.sweep': 'Swept the pool',
  'grant.reverse': 'Took the grant back',
  'boxes.drop': 'Gave boxes in the show',
  'show.rule': 'Set the rules of the show',
  'measure.apply': 'Applied the measure',
  'measure.revert': 'Reverted the measure',
  'draw.randomness': 'Gave the randomness of the draw',
  'draw.rebook': 'Asked again for rights in the draw',
  'outbox.revive': 'Sent the dead letter again',
  'viewer.erase': 'Erased a viewer, now',
};

export const deedWords = (what: string): string => DEEDS[what] ?? what;

const minor = (value: unknown): string => `${formatCount(Number(value))} in minor units`;
const amount = ({ pieces, amountMinor }: JsonObject): string =>
  `${plural(Number(pieces), 'piece')}, ${minor(amountMinor)}`;

/** How a measure found what it changes. */
function beforeWords(before: JsonObject): string {
  if (before.dropPpm !== undefined) return `the drop rate was ${percentOfPpm(Number(before.dropPpm))}`;
  if (before.threshold !== undefined)
    return `the threshold was ${plural(Number(before.threshold), 'box', 'boxes')}`;
  if (before.pool !== undefined) return `pool ${String(before.pool)} was ${String(before.state)}`;
  return JSON.stringify(before);
}

/** The details of a deed in words, or as they stand where they are of a kind that this page does not know. */
export function detailWords({ what, details }: Pick<Deed, 'what' | 'details'>): string {
  const { budget, to, show, before, why, count, cause, earned, measures } = details;
  switch (what) {
    case 'pool.open':
      return isObject(budget) ? `with ${amount(budget)}` : 'with nothing in it';
    case 'pool.fund':
      return `by ${amount(details)}`;
    case 'pool.close':
    case 'grant.reverse':
      return textOf(why) === null ? '' : `why: ${String(why)}`;
    case 'pool.reopen':
    case 'outbox.revive':
      return '';
    case 'pool.sweep':
      return `${amount(details)}, ${textOf(to) === null ? 'returned' : `to pool ${String(to)}`}`;
    case 'boxes.drop':
      return `${plural(Number(count), 'box', 'boxes')}, for ${String(cause)}`;
    case 'show.rule':
      return (
        `drop rate ${percentOfPpm(Number(details.dropPpm))}, threshold ${formatCount(Number(details.threshold))}, ` +
        `measures: ${Array.isArray(measures) && measures.length > 0 ? measures.join(', ') : 'none'}`
      );
    case 'measure.apply':
    case 'measure.revert': {
      const of = textOf(show) === null ? '' : `of show ${String(show)}`;
      return [of, isObject(before) ? beforeWords(before) : ''].filter((part) => part !== '').join('; ');
    }
    case 'draw.rebook':
      return numberOf(earned) === null ? '' : `${plural(Number(earned), 'right')} earned`;
    case 'draw.randomness':
      return 'the round by hand, checked';
    default:
      return Object.entries(details)
        .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', ');
  }
}
