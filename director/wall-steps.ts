import type { Clock } from '../packet/clock.ts';

/** Less is what clocks that are kept in step do all day: nothing here is told to that by wall clock. */
const STEP_MS = 1_000;

/** Sees the wall clock being set, beside the monotonic one. Slow corrections are followed without a word. */
export class WallSteps {
  readonly #clock: Clock;
  #differenceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#differenceMs = this.#now();
  }

  /** By how much it has been set since it was last looked at, milliseconds; 0: it has not been. */
  look(): number {
    const now = this.#now();
    const by = Math.round(now - this.#differenceMs);
    this.#differenceMs = now;
    return Math.abs(by) < STEP_MS ? 0 : by;
  }

  #now(): number {
    return (this.#clock.unixUs() - this.#clock.monotonicUs()) / 1000;
  }
}
