import { type Milliseconds, type UnixMicroseconds, unixUs } from '../../packet/time.ts';
import type { InteractionFacts } from '../ledger/facts.ts';

/**
 * SCHEDULED -> ACTIVE -> LOCKED -> RESOLVED | CANCELED.
 *
 * The state is a function of what is on the ledger and of the clock; no timer has to run for it to be right, so
 * a crash loses no lock. Times are Unix microseconds.
 *
 * LOCKED has two parts. A viewer who is 8 s behind sees the lock 8 s later, and their answer of before is honest.
 * So until `settlesAt` (the lock plus the cap on how far behind a viewer may be) answers are still taken from those
 * who had not seen the lock, and the counts still move; from then on they are settled.
 */
export type LifeCycle =
  | { readonly state: 'SCHEDULED' }
  | {
      readonly state: 'ACTIVE';
      readonly openedAt: UnixMicroseconds;
      readonly locksAt: UnixMicroseconds | null;
    }
  | {
      readonly state: 'LOCKED';
      readonly openedAt: UnixMicroseconds;
      readonly lockedAt: UnixMicroseconds;
      readonly settlesAt: UnixMicroseconds;
    }
  | {
      readonly state: 'RESOLVED';
      readonly openedAt: UnixMicroseconds | null;
      readonly lockedAt: UnixMicroseconds | null;
      readonly resolvedAt: UnixMicroseconds;
    }
  | {
      readonly state: 'CANCELED';
      readonly openedAt: UnixMicroseconds | null;
      readonly lockedAt: UnixMicroseconds | null;
      readonly canceledAt: UnixMicroseconds;
    };

export type InteractionState = LifeCycle['state'];

/** How far behind the stream a viewer may be and still answer in full. */
export interface SpreadCap {
  readonly spreadMs: Milliseconds;
}

const plusMs = (at: UnixMicroseconds, span: Milliseconds): UnixMicroseconds => unixUs(at + span * 1000);

/** The window's own end; null where it has none, or is not open. */
export const windowEndOf = ({ opened }: InteractionFacts): UnixMicroseconds | null =>
  opened === null || opened.durationMs === null ? null : plusMs(opened.moment.fireAtUs, opened.durationMs);

/** The earlier of the lock cue and the window's own end; null while neither is known. May be ahead of now. */
export function lockMomentOf(facts: InteractionFacts): UnixMicroseconds | null {
  const byCue = facts.locked?.moment.fireAtUs ?? null;
  const byItself = windowEndOf(facts);
  if (byCue === null || byItself === null) return byCue ?? byItself;
  return unixUs(Math.min(byCue, byItself));
}

/** From then on no answer is taken, whatever it claims. Null while no lock is in sight. */
export function settleMomentOf(facts: InteractionFacts, cap: SpreadCap): UnixMicroseconds | null {
  const lock = lockMomentOf(facts);
  return lock === null ? null : plusMs(lock, cap.spreadMs);
}

export function lifeCycleOf(facts: InteractionFacts, now: UnixMicroseconds, cap: SpreadCap): LifeCycle {
  const openedAt = facts.opened?.moment.fireAtUs ?? null;
  const lock = lockMomentOf(facts);
  const endedAt = facts.canceled?.atUs ?? facts.revealed?.moment.fireAtUs ?? null;
  if (endedAt !== null) {
    const lockedAt = lock !== null && lock <= endedAt ? lock : null;
    return facts.canceled !== null
      ? { state: 'CANCELED', openedAt, lockedAt, canceledAt: endedAt }
      : { state: 'RESOLVED', openedAt, lockedAt, resolvedAt: endedAt };
  }
  // Landed, but its picture is still on its way through the injector: not open for anybody yet.
  if (openedAt === null || now < openedAt) return { state: 'SCHEDULED' };
  if (lock === null || now < lock) return { state: 'ACTIVE', openedAt, locksAt: lock };
  return { state: 'LOCKED', openedAt, lockedAt: lock, settlesAt: plusMs(lock, cap.spreadMs) };
}
