import type { Clock } from '../../packet/clock.ts';

export interface RecentCalls {
  readonly done: number;
  readonly declined: number;
  readonly failed: number;
}

const WINDOW_S = 60;

/** How the calls of the last minute ended, to the second. */
export class Recent {
  readonly #clock: Clock;
  readonly #seconds = new Map<number, { done: number; declined: number; failed: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(outcome: keyof RecentCalls): void {
    const now = this.#now();
    const second = this.#seconds.get(now) ?? { done: 0, declined: 0, failed: 0 };
    second[outcome]++;
    this.#seconds.set(now, second);
    this.#forget(now);
  }

  get lastMinute(): RecentCalls {
    this.#forget(this.#now());
    const sum = { done: 0, declined: 0, failed: 0 };
    for (const { done, declined, failed } of this.#seconds.values()) {
      sum.done += done;
      sum.declined += declined;
      sum.failed += failed;
    }
    return sum;
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicUs() / 1e6);
  }

  #forget(now: number): void {
    for (const second of this.#seconds.keys()) {
      if (second > now - WINDOW_S) return;
      this.#seconds.delete(second);
    }
  }
}
