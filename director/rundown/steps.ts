import type { RundownItem } from '../../cues/rundown/index.ts';
import type { Milliseconds, UnixMilliseconds } from '../../packet/time.ts';
import type { StreamMoment } from '../stream-gate.ts';
import { isOnAir, type Why } from './kept.ts';
import { isAutomatic, type LoadedRundown } from './loaded.ts';
import { dueOf, notBeforeOf, roundInTheWay } from './moments.ts';

/** What is to be done now about an item that runs by itself. */
export type Step =
  | { readonly kind: 'wait' }
  | { readonly kind: 'missed'; readonly why: Why }
  /** Its cue is entered, with this moment. */
  | { readonly kind: 'enter'; readonly moment: EnterMoment };

export type EnterMoment =
  | { readonly at: number }
  | { readonly mediaTime: number }
  | { readonly delayMs: number };

export interface StepFacts {
  readonly now: UnixMilliseconds;
  readonly moment: StreamMoment | null;
  /** When this process began to run rundowns. */
  readonly startedAt: UnixMilliseconds;
  /** When the wall clock was last set forward; null: never. */
  readonly steppedAt: UnixMilliseconds | null;
  readonly announceMs: Milliseconds;
  readonly spreadCapMs: number;
}

/** A cue is entered so long before it is announced: time for the log, and for a stream that is just coming back. */
const LEAD_MS = 1_500;
/** A moment that has passed by less is met by the next picture. */
export const GRACE_MS = 2_000;

const WAIT: Step = { kind: 'wait' };

export function stepOf(run: LoadedRundown, item: RundownItem, facts: StepFacts): Step {
  if (!isAutomatic(item) || run.stateOf(item.id) !== 'pending') return WAIT;
  const gone = goneOf(run, item);
  if (gone !== null) return { kind: 'missed', why: gone };
  // An item whose turn comes only after another one costs nothing until then.
  const waitsFor =
    item.after !== undefined && run.landingOf(item.after.item) === null ? item.after.item : null;
  if (waitsFor !== null && run.stateOf(waitsFor) !== 'uncertain') return WAIT;
  const due = dueOf(run, item);
  if (due === null) return WAIT;
  if (waitsFor !== null) {
    // It can still turn out to have landed, and only then is there a moment.
    return due.at + GRACE_MS < facts.now ? { kind: 'missed', why: uncertain(waitsFor) } : WAIT;
  }
  const early = notBeforeOf(run, item, facts.spreadCapMs);
  const at = early === null || early === 'unlocked' ? due.at : Math.max(due.at, early.at);
  const { moment, now } = facts;
  const { onTimeline } = due;
  const isMoved = at !== due.at;
  const isOnTimeline = !isMoved && onTimeline !== null && moment?.epoch === onTimeline.epoch;
  const leftMs = isOnTimeline ? onTimeline.pts - moment.nextPts : at - now;
  if (leftMs > (item.announceMs ?? facts.announceMs) + LEAD_MS) return WAIT;
  if (leftMs < -GRACE_MS) return { kind: 'missed', why: whyPassed(run, item, at, facts) };
  if (early === 'unlocked' || moment === null) return WAIT;
  const inTheWay = roundInTheWay(run, item, now + Math.max(0, leftMs), facts.spreadCapMs);
  if (inTheWay !== null) {
    run.refusals.set(item.id, roundOpen(inTheWay.round));
    return WAIT;
  }
  if (isOnTimeline) return { kind: 'enter', moment: { mediaTime: Math.max(0, onTimeline.pts) } };
  if (item.at !== undefined && !isMoved) return { kind: 'enter', moment: { at } };
  return { kind: 'enter', moment: { delayMs: Math.max(0, Math.round(at - now)) } };
}

/** Why nothing will come of an item, because of what became of the one that it waits for; null: something can. */
function goneOf(run: LoadedRundown, { after }: RundownItem): Why | null {
  if (after === undefined) return null;
  const state = run.stateOf(after.item);
  if (state === 'pending' || state === 'armed' || state === 'uncertain' || isOnAir(state)) return null;
  if (state === 'ended') return null;
  return { code: 'NOT_BEFORE', text: `The item that it runs after, "${after.item}", is ${state}.` };
}

const uncertain = (item: string): Why => ({
  code: 'NOT_BEFORE',
  text: `Nobody knows whether the item that it runs after, "${item}", has landed.`,
});

const roundOpen = (round: string): Why => ({
  code: 'ROUND_OPEN',
  text: `The round of "${round}" was still open when its moment came.`,
});

function whyPassed(run: LoadedRundown, { id }: RundownItem, at: number, facts: StepFacts): Why {
  const { startedAt, steppedAt, moment } = facts;
  if (at <= startedAt) {
    return { code: 'RESTARTED', text: 'Its moment passed while the server was down or starting.' };
  }
  const refusal = run.refusals.get(id);
  if (refusal !== undefined) return refusal;
  if (moment === null) return { code: 'STREAM_AWAY', text: 'The stream was away when its moment came.' };
  if (notBeforeOf(run, run.item(id)!, facts.spreadCapMs) === 'unlocked') {
    return { code: 'NOT_LOCKED', text: 'Nothing had locked its round when its moment came.' };
  }
  if (steppedAt !== null && steppedAt >= at - GRACE_MS) {
    return { code: 'CLOCK_STEPPED', text: 'The clock was set past its moment.' };
  }
  return { code: 'LATE', text: 'The server could not run it in time.' };
}
