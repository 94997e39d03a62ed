import { formatCount, plural } from '../shared/format.ts';
import type { Draw, Outbox, Treasury } from './report.ts';
import { DRAW_PROBLEMS, doWords, formatAge } from './words.ts';

/** Something that does not go on by itself, or will not for long. */
export interface Need {
  readonly key: string;
  /** `now`: somebody has to act. `soon`: somebody has to look. */
  readonly level: 'now' | 'soon';
  readonly text: string;
  readonly advice: string;
  /** Where on the page it is. */
  readonly href: string;
}

/** What waits longer than this is not only a slow answer. */
const LAG_SOON_MS = 60_000;
const LOW_SHARE = 0.1;

/** The most urgent first. */
export function needsOf(treasury: Treasury | null, outbox: Outbox | null): readonly Need[] {
  const needs: Need[] = [...needsOfOutbox(outbox), ...needsOfTreasury(treasury)];
  return needs.sort((a, b) => Number(a.level === 'soon') - Number(b.level === 'soon'));
}

function needsOfOutbox(outbox: Outbox | null): Need[] {
  if (outbox === null) return [];
  const needs: Need[] = [];
  const add = (key: string, level: Need['level'], text: string, advice: string, href = '#outbox') =>
    needs.push({ key, level, text, advice, href });
  const waiting = outbox.lanes.reduce((sum, { queued }) => sum + queued, 0);
  if (!outbox.sending && waiting > 0) {
    add(
      'sending',
      'now',
      `${plural(waiting, 'item')} cannot be sent.`,
      'No address of the reward platform is set, or the server is stopping (FRAMECUE_REWARDS_URL).',
    );
  }
  if (outbox.breaker === 'open') {
    add(
      'breaker',
      'now',
      'The reward platform cannot be reached.',
      'All pools wait for one probe. Nothing is lost.',
    );
  }
  for (const { lane, dead, breaker, lagMs } of outbox.lanes) {
    if (dead > 0) {
      add(
        `dead ${lane}`,
        'now',
        `${plural(dead, 'dead letter')} of ${lane}.`,
        'Nobody tries any more. Find out why, then send them again.',
        '#dead',
      );
    }
    if (breaker === 'open' && outbox.breaker !== 'open') {
      add(
        `breaker ${lane}`,
        'now',
        `${lane} is held back: the reward platform fails for it.`,
        'It is probed by itself.',
      );
    } else if (lagMs !== null && lagMs > LAG_SOON_MS) {
      add(
        `lag ${lane}`,
        'soon',
        `${lane} is ${formatAge(lagMs)} behind.`,
        'Look whether the reward platform is slow.',
      );
    }
  }
  return needs;
}

function needsOfTreasury(treasury: Treasury | null): Need[] {
  if (treasury === null) return [];
  const needs: Need[] = [];
  for (const { id, title, state, closesAt, balances } of treasury.pools) {
    const href = `#pool-${id}`;
    const whole = balances.funded.pieces + balances.sweptIn.pieces;
    const { pieces } = balances.free;
    const isOver = state !== 'open' || (closesAt !== null && closesAt <= treasury.at);
    if (isOver) {
      if (pieces > 0) {
        const text = `${title} is over, with ${plural(pieces, 'piece')} left.`;
        needs.push({ key: `left ${id}`, level: 'soon', text, advice: 'Sweep it by its rule.', href });
      }
    } else if (whole > 0 && pieces === 0) {
      // After a draw of all of it this is as planned.
      const text = `${title} has nothing left.`;
      needs.push({ key: `empty ${id}`, level: 'soon', text, advice: 'Fund it, or close it.', href });
    } else if (whole > 0 && pieces <= whole * LOW_SHARE) {
      const text = `${title} has ${formatCount(pieces)} of ${formatCount(whole)} left.`;
      needs.push({ key: `low ${id}`, level: 'soon', text, advice: 'Fund it, or take a measure.', href });
    }
  }
  needs.push(...needsOfDraws(treasury.draws));
  const closed = new Set(treasury.pools.filter(({ state }) => state === 'closed').map(({ id }) => id));
  for (const { show, measures } of treasury.shows) {
    for (const { id, title, state, due, auto, do: does } of measures) {
      if (state !== 'prepared' || due !== true || auto) continue;
      // Somebody has closed the pool by hand already.
      if (typeof does.closePool === 'string' && closed.has(does.closePool)) continue;
      const text = `${title} is due.`;
      needs.push({
        key: `measure ${show} ${id}`,
        level: 'now',
        text,
        advice: `Apply it: ${doWords(does)}.`,
        href: `#show-${show}`,
      });
    }
  }
  return needs;
}

/** Draws that get no further, and winners whom no pool had a piece for. */
function needsOfDraws(draws: readonly Draw[]): readonly Need[] {
  return draws.flatMap(({ interaction, title, state, problem, short, shadow, next }): readonly Need[] => {
    const [href, advice] = [`#draw-${interaction}`, next ?? ''];
    if (problem !== null) {
      const text = `The draw ${title} is stuck: ${(DRAW_PROBLEMS[problem.code] ?? problem.code).toLowerCase()}.`;
      return [{ key: `draw ${interaction}`, level: 'now', text, advice, href }];
    }
    if (short === 0 || shadow || (state !== 'drawn' && state !== 'revealed')) return [];
    const text = `${plural(short, 'winner')} of ${title} without a right.`;
    return [{ key: `short ${interaction}`, level: 'now', text, advice, href }];
  });
}
