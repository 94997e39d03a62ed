import { isPrivate } from './document.ts';
import { type PlacedItem, type PlannedTime, type Round, spanBetween } from './plan-times.ts';
import type { RuleContext } from './rule-context.ts';

/** Within each round: closed after it opens, revealed no earlier than the last answer can count. */
export function checkRounds(context: RuleContext, rounds: readonly Round[]): void {
  for (const round of rounds) {
    for (const closing of round.closing) {
      checkAfterOpening(context, round, closing);
      if (closing.item.type === 'interaction.reveal') checkReveal(context, round, closing);
    }
  }
  for (const one of context.placed) {
    const { item } = one;
    if (item.speedPaid !== true) continue;
    if (item.type !== 'interaction.open') {
      context.tell(one, 'speedPaid', 'speed-type', 'Set speedPaid on the item of type interaction.open.');
    } else if (item.alignAt === undefined && item.alignInMs === undefined) {
      const problem =
        'Who pays for speed opens for all at a common moment: give alignInMs (or alignAt), or draw among the correct.';
      context.tell(one, 'speedPaid', 'speed-unaligned', problem);
    }
  }
}

function checkAfterOpening(
  { times, tell }: RuleContext,
  { opening, opensAt }: Round,
  closing: PlacedItem,
): void {
  const span = spanBetween(times.startOf(closing.item), opensAt);
  if (span === null || span > 0) return;
  const { item } = closing;
  const problem = `It runs ${-span} ms before "${opening.item.id}" opens: ${later(item.after !== undefined, -span + 1)}.`;
  tell(closing, fieldOfTime(closing), 'lock-before-open', problem);
}

/** No reveal before its lock and the capped spread: a viewer who is that far behind still sees the question. */
function checkReveal(context: RuleContext, round: Round, reveal: PlacedItem): void {
  const { times, facts, tell } = context;
  const { opening } = round;
  const lock = round.closing.find(({ item }) => item.type === 'interaction.lock');
  const { durationMs } = opening.item;
  if (lock === undefined && durationMs === undefined) {
    const problem = `"${opening.item.id}" is never locked: give it durationMs, or an item of type interaction.lock before this one.`;
    tell(reveal, 'ref', 'reveal-unlocked', problem);
    return;
  }
  const startsAt = times.startOf(reveal.item);
  const ends: (PlannedTime | null)[] = [];
  if (lock !== undefined) ends.push(times.startOf(lock.item));
  if (durationMs !== undefined && round.opensAt !== null) {
    ends.push({ root: round.opensAt.root, ms: round.opensAt.ms + durationMs });
  }
  const spans = ends.map((end) => spanBetween(startsAt, end)).filter((span) => span !== null);
  if (spans.length > 0) {
    // The first end is the one that counts: the largest span.
    const span = Math.max(...spans);
    if (span >= facts.spreadCapMs) return;
    const problem = `It runs ${told(span)} the round is locked, and viewers may be ${facts.spreadCapMs} ms behind: ${later(reveal.item.after !== undefined, facts.spreadCapMs - span)}.`;
    tell(reveal, fieldOfTime(reveal), 'reveal-early', problem);
    return;
  }
  if (lock === undefined || lock.index < reveal.index) return;
  const problem = `Its lock "${lock.item.id}" stands behind it: move the lock before it.`;
  tell(reveal, 'ref', 'reveal-early', problem);
}

/** Rounds that may not be open together. */
export function checkApart({ facts, tell }: RuleContext, rounds: readonly Round[]): void {
  for (const [at, round] of rounds.entries()) {
    const { item } = round.opening;
    let prize: string | null = null;
    let audience: string | null = null;
    // The nearest one before it is told; the others are likely the same mistake.
    for (const other of rounds.slice(0, at).reverse()) {
      const bothGive = item.prize === true && other.opening.item.prize === true;
      if (bothGive) prize ??= togetherBy(other, round, 0, facts.done);
      if (isPrivate(item) !== isPrivate(other.opening.item)) {
        audience ??= togetherBy(other, round, facts.spreadCapMs, facts.done);
      }
    }
    if (prize !== null) tell(round.opening, fieldOfTime(round.opening), 'prize-overlap', prize);
    if (audience !== null) tell(round.opening, 'audience', 'audience-apart', audience);
  }
}

/**
 * Why two rounds may be open together; null: they are not. Where their times cannot be compared, the order of the
 * rundown tells: the second one stands behind an item that closes the first, or the first ends by itself and the
 * server holds the second back until then.
 * @param a stands before `b` in the order
 */
function togetherBy(a: Round, b: Round, gapMs: number, done: ReadonlySet<string>): string | null {
  if (done.has(a.opening.item.id) && done.has(b.opening.item.id)) return null;
  const span = spanBetween(b.opensAt, a.opensAt);
  const [first, second] = span === null || span >= 0 ? [a, b] : [b, a];
  const name = first.opening.item.id;
  const between = spanBetween(second.opensAt, first.endsAt);
  const apart = gapMs === 0 ? '' : ` and ${gapMs} ms more have passed`;
  if (between !== null) {
    if (between >= gapMs) return null;
    const other = second === b ? '' : ` "${second.opening.item.id}"`;
    return `The round of "${name}" is locked ${between < 0 ? `${-between} ms after` : `${between} ms before`} it opens${other}: open the second one once the first is locked${apart}.`;
  }
  const isLockedBefore = first.closing.some(({ index }) => index < second.opening.index);
  if (isLockedBefore || first.opening.item.durationMs !== undefined) return null;
  return first.closing.length === 0
    ? `The round of "${name}" is never locked: give it durationMs, or an item that locks it before "${second.opening.item.id}".`
    : `The round of "${name}" is locked behind it in the order: move "${first.closing[0]!.item.id}" before "${second.opening.item.id}".`;
}

const fieldOfTime = ({ item }: PlacedItem): string | null =>
  item.after !== undefined ? 'after' : item.at !== undefined ? 'at' : null;

const later = (isAfter: boolean, ms: number): string =>
  isAfter ? `add at least ${ms} to after.ms` : `let it run at least ${ms} ms later`;

const told = (ms: number): string => (ms < 0 ? `${-ms} ms before` : `${ms} ms after`);
