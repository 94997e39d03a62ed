import type { Milliseconds, UnixMicroseconds } from '../../packet/time.ts';
import type { Claims, CueMoment, InteractionFacts, RefusalCode } from '../ledger/facts.ts';
import { settleMomentOf } from './life-cycle.ts';

/** The bounds within which what a viewer says is believed. */
export interface JudgeLimits {
  /** How far behind the stream a viewer may be: answers that arrive later than that after the lock are refused. */
  readonly spreadMs: Milliseconds;
  /** How far the clocks of media and events may be apart. */
  readonly clockErrorMs: Milliseconds;
  /** What a viewer's timer may be late: a frame shown late, an event handled late. */
  readonly toleranceMs: Milliseconds;
}

export interface Attempt {
  readonly arrivedAtUs: UnixMicroseconds;
  readonly claims: Pick<Claims, 'epoch' | 'actedPts' | 'answerMs'>;
}

export type Verdict =
  | { readonly kind: 'in-time' }
  /** `why` is for logs, metrics and the error's details. */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly why: RefusalReason };

export type RefusalReason =
  | 'not-opened'
  | 'before-fire'
  | 'acted-before-open'
  | 'acted-after-lock'
  | 'acted-after-window'
  | 'answer-longer-than-window'
  | 'arrived-after-cap'
  | 'resolved'
  | 'cancelled';

const IN_TIME: Verdict = { kind: 'in-time' };
const refused = (code: RefusalCode, why: RefusalReason): Verdict => ({ kind: 'refused', code, why });

/**
 * Whether an answer is in time, for interactions with a window (DESIGN "Fairness").
 *
 * Arrival alone bounds everybody: not before the fire moment, not after the lock plus the cap. Within that, a viewer
 * who is behind is judged by their own screen: PTS at the action against the PTS of the lock, and the answer's
 * length by their own clock. A claim can only make it stricter; one who claims nothing gains nothing by it but
 * the cap, which is stated.
 */
export function judgeWindow(facts: InteractionFacts, attempt: Attempt, limits: JudgeLimits): Verdict {
  const { opened, locked } = facts;
  const { arrivedAtUs, claims } = attempt;
  if (facts.canceled !== null) return refused('ERR_INTERACTION_CANCELED', 'cancelled');
  if (facts.revealed !== null) return refused('ERR_INTERACTION_LOCKED', 'resolved');
  if (opened === null) return refused('ERR_INTERACTION_NOT_OPEN', 'not-opened');
  if (arrivedAtUs < opened.moment.fireAtUs - limits.clockErrorMs * 1000) {
    return refused('ERR_INTERACTION_NOT_OPEN', 'before-fire');
  }
  const settlesAt = settleMomentOf(facts, limits);
  if (settlesAt !== null && arrivedAtUs >= settlesAt) {
    return refused('ERR_INTERACTION_LOCKED', 'arrived-after-cap');
  }
  if (claims.actedPts !== undefined) {
    const sameEpochAsOpen = claims.epoch === undefined || claims.epoch === opened.moment.epoch;
    if (sameEpochAsOpen && claims.actedPts < opened.moment.pts - limits.toleranceMs) {
      return refused('ERR_INTERACTION_NOT_OPEN', 'acted-before-open');
    }
    if (locked !== null && actedAfterLock(claims.actedPts, claims.epoch, opened.moment, locked.moment)) {
      return refused('ERR_INTERACTION_LOCKED', 'acted-after-lock');
    }
    if (
      sameEpochAsOpen &&
      opened.durationMs !== null &&
      claims.actedPts > opened.moment.pts + opened.durationMs + limits.toleranceMs
    ) {
      return refused('ERR_INTERACTION_LOCKED', 'acted-after-window');
    }
  }
  if (
    claims.answerMs !== undefined &&
    opened.durationMs !== null &&
    claims.answerMs > opened.durationMs + limits.toleranceMs
  ) {
    return refused('ERR_INTERACTION_LOCKED', 'answer-longer-than-window');
  }
  return IN_TIME;
}

/**
 * Whether the picture at the action was the lock's or a later one. PTS are compared within one timeline only: it
 * goes on over epochs, except where the media process itself was started anew.
 */
function actedAfterLock(
  actedPts: number,
  epoch: string | undefined,
  opened: CueMoment,
  locked: CueMoment,
): boolean {
  if (epoch === undefined || epoch === locked.epoch) return actedPts >= locked.pts;
  // Epochs follow each other: who acted in the opening's had not seen a lock of a later one.
  if (epoch === opened.epoch) return false;
  const wentOn = locked.pts >= opened.pts;
  return wentOn && actedPts >= locked.pts;
}
