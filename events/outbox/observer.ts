import type { AttemptCode, DeliveryOutcome } from '../ledger/outbox.ts';
import type { BreakerState } from './breaker.ts';

/** What is worth measuring on the way out. Lanes are pools: an operator has named them. */
export interface OutboxObserver {
  /** A call has ended. */
  attempt(lane: string, outcome: DeliveryOutcome | AttemptCode, tookMs: number): void;
  /** An item is done with: from its queuing (or reviving) to its last answer. */
  settled(lane: string, outcome: DeliveryOutcome | 'dead', waitedMs: number): void;
  /** How a lane stands, a few times a second while something waits. */
  lane(lane: string, standing: LaneStanding): void;
  /** Null: the one for all, which opens when the downstream cannot be reached. */
  breaker(lane: string | null, state: BreakerState): void;
  /** The outcome of a call could not be written down yet. */
  unrecorded(calls: number): void;
}

export interface LaneStanding {
  readonly queued: number;
  readonly dead: number;
  /** Age of the oldest item that waits. */
  readonly lagMs: number;
}

const nothing = (): void => undefined;

export const silentOutboxObserver: OutboxObserver = {
  attempt: nothing,
  settled: nothing,
  lane: nothing,
  breaker: nothing,
  unrecorded: nothing,
};
