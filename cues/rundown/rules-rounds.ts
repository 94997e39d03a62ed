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
    } else if (
      item.alignAt === undefined &&
      item.alignInMs === undefined &&
      !context.isBroken(one, 'alignAt', 'alignInMs')
    ) {
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
  const span = spanBetween(times.startOf(closing), opensAt);
  if (span === null || span > 0) return;
  const { item } = closing;
  const problem = `It runs ${-span} ms before "${opening.item.id}" opens: ${later(item.after !== undefined, -span + 1)}.`;
  tell(closing, fieldOfTime(closing), 'lock-before-open', problem);
}

/** No reveal before its lock and the capped spread: a viewer who is that far behind still sees the question. */
function checkReveal(context: RuleContext, round: Round, reveal: PlacedItem): void {
  const { times, facts, isBroken, tell } = context;
  const { opening } = round;
  const startsAt = times.startOf(reveal);
  // What ends the round, and when, may be in what could not be read.
  if (context.hidesClosings) return;
  const lock = round.closing.find(({ item }) => item.type === 'interaction.lock');
  const { durationMs } = opening.item;
  if (lock === undefined && durationMs === undefined) {
    if (isBroken(opening, 'durationMs')) return;
    const problem = `"${opening.item.id}" is never locked: give it durationMs, or an item of type interaction.lock before this one.`;
    tell(reveal, 'ref', 'reveal-unlocked', problem);
    return;
  }
  if (startsAt === null || round.opensAt === null) return;
  if (isBroken(opening, 'durationMs') && spanBetween(startsAt, round.opensAt) !== null) return;
  const ends: (PlannedTime | null)[] = [];
  if (lock !== undefined) {
    const locksAt = times.startOf(lock);
    if (locksAt === null) return;
    ends.push(locksAt);
  }
  if (durationMs !== undefined) {
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
export function checkApart(context: RuleContext, rounds: readonly Round[]): void {
  const { facts, isBroken, tell } = context;
  if (context.hidesClosings) return;
  for (const [at, round] of rounds.entries()) {
    const { item } = round.opening;
    let prize: string | null = null;
    let audience: string | null = null;
    // The nearest one before it is told; the others are likely the same mistake.
    for (const other of rounds.slice(0, at).reverse()) {
      if (!isKnown(context, other) || !isKnown(context, round)) continue;
      const bothGive = item.prize === true && other.opening.item.prize === true;
      if (bothGive) prize ??= togetherBy(other, round, 0, facts.done);
      const isEitherUnknown = isBroken(round.opening, 'audience') || isBroken(other.opening, 'audience');
      if (!isEitherUnknown && isPrivate(item) !== isPrivate(other.opening.item)) {
        audience ??= togetherBy(other, round, facts.spreadCapMs, facts.done);
      }
    }
    if (prize !== null) tell(round.opening, fieldOfTime(round.opening), 'prize-overlap', prize);
    if (audience !== null) tell(round.opening, 'audience', 'audience-apart', audience);
  }
}

/** When it opens and what closes it could be read. */
const isKnown = ({ isBroken, times }: RuleContext, { opening, opensAt, closing }: Round): boolean =>
  opensAt !== null && !isBroken(opening, 'durationMs') && closing.every((one) => times.startOf(one) !== null);

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
