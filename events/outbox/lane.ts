import type { Clock } from '../../packet/clock.ts';
import { RateAllowance } from '../gateway/rate-allowance.ts';
import type { OutboxItem } from '../ledger/outbox.ts';
import type { CallOutcome } from './answer.ts';
import { Breaker, type BreakerLimits, type BreakerState, Slots } from './breaker.ts';
import { Recent } from './recent.ts';

export interface LaneLimits {
  /** Calls at a time. */
  readonly concurrency: number;
  /** Calls a second. */
  readonly perSecond: number;
  readonly breaker: BreakerLimits;
}

/** `refused` is about one item, `abandoned` is our own doing; the rest says that the downstream is not well. */
const isLaneFailure = (outcome: CallOutcome): boolean =>
  outcome.kind === 'failed' && outcome.code !== 'refused';

/** Nothing goes to this address at all, for whichever lane. */
export const isUnreachable = (outcome: CallOutcome): boolean =>
  outcome.kind === 'failed' && (outcome.code === 'dns' || outcome.code === 'connect');

/**
 * The bulkhead of one pool: its own calls at a time, rate and breaker, so that what is stuck here takes nothing from
 * the others.
 */
export class Lane {
  readonly name: string;
  readonly breaker: Breaker<CallOutcome>;
  /** Read from the ledger, and not sent yet. */
  waiting: readonly OutboxItem[] = [];
  /** Ids whose call is under way, or whose outcome is not written down yet. */
  readonly inFlight = new Set<string>();
  readonly recent: Recent;
  /** Being filled from the ledger. */
  filling = false;
  readonly #slots: Slots;
  readonly #rate: RateAllowance;
  readonly #clock: Clock;
  #pausedUntilUs = 0;

  constructor(
    name: string,
    options: {
      readonly limits: LaneLimits;
      readonly clock: Clock;
      readonly random: () => number;
      readonly onBreaker: (state: BreakerState) => void;
    },
  ) {
    const { limits, clock, random, onBreaker } = options;
    this.name = name;
    this.#clock = clock;
    this.recent = new Recent(clock);
    this.#slots = new Slots(limits.concurrency);
    this.#rate = new RateAllowance(Math.max(1, limits.perSecond), limits.perSecond, clock.monotonicUs());
    this.breaker = new Breaker({
      clock,
      random,
      limits: limits.breaker,
      isFailure: isLaneFailure,
      onChange: onBreaker,
    });
  }

  /** The downstream has asked this lane to wait. */
  pause(spanMs: number): void {
    this.#pausedUntilUs = Math.max(this.#pausedUntilUs, this.#clock.monotonicUs() + spanMs * 1000);
  }

  get pausedMs(): number {
    return Math.max(0, (this.#pausedUntilUs - this.#clock.monotonicUs()) / 1000);
  }

  /** But for the rate. */
  get isFree(): boolean {
    return this.#slots.free > 0 && this.pausedMs === 0 && this.breaker.mayTry();
  }

  /** Nothing here needs to be remembered. */
  get isIdle(): boolean {
    const { done, declined, failed } = this.recent.lastMinute;
    const quiet = done + declined + failed === 0 && this.pausedMs === 0 && this.breaker.state === 'closed';
    return quiet && this.inFlight.size === 0 && !this.filling;
  }

  /** Takes one call from the allowance. */
  takeRate(): boolean {
    return this.#rate.take(this.#clock.monotonicUs());
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#slots.run(task);
  }
}
