import {
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
  type IBackoff,
} from 'cockatiel';
import type { Clock } from '../../packet/clock.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerLimits {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** Until the first probe; doubled with each that fails, up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * cockatiel's circuit breaker, asked before anything is taken from the ledger. It may be probed from a moment on that
 * is kept here, on the monotonic clock: cockatiel reads the wall clock, and one that is set back would keep it open.
 */
export class Breaker<Result> {
  readonly #policy: ReturnType<typeof circuitBreaker>;
  readonly #clock: Clock;
  #probeAtUs = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly limits: BreakerLimits;
    /** 0 to 1. */
    readonly random: () => number;
    readonly isFailure: (result: Result) => boolean;
    readonly onChange: (state: BreakerState) => void;
  }) {
    const { clock, limits, random, isFailure, onChange } = options;
    this.#clock = clock;
    const backoff = (opened: number): IBackoff<unknown> => ({
      duration: 0,
      next: () => {
        const span = Math.min(limits.longestMs, limits.firstMs * 2 ** Math.min(opened, 20));
        this.#probeAtUs = clock.monotonicUs() + (span / 2 + (span / 2) * random()) * 1000;
        return backoff(opened + 1);
      },
    });
    this.#policy = circuitBreaker(
      handleWhenResult((result) => isFailure(result as Result)),
      { halfOpenAfter: backoff(0), breaker: new ConsecutiveBreaker(limits.failures) },
    );
    this.#policy.onStateChange(() => onChange(this.state));
  }

  get state(): BreakerState {
    switch (this.#policy.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half-open';
      default:
        return 'open';
    }
  }

  /** True: `execute` will run at once. While half-open one probe is under way, and nothing else. */
  mayTry(): boolean {
    const { state } = this;
    return state === 'closed' || (state === 'open' && this.#clock.monotonicUs() >= this.#probeAtUs);
  }

  /** Until it may be probed; 0 where it may be tried. */
  get waitMs(): number {
    return this.state === 'open' ? Math.max(0, (this.#probeAtUs - this.#clock.monotonicUs()) / 1000) : 0;
  }

  execute(run: () => Promise<Result>): Promise<Result> {
    return this.#policy.execute(run);
  }
}

/** Calls at a time. */
export class Slots {
  readonly #policy: ReturnType<typeof bulkhead>;

  constructor(limit: number) {
    this.#policy = bulkhead(limit, 0);
  }

  get free(): number {
    return this.#policy.executionSlots;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#policy.execute(task);
  }
}
