import type { Clock } from './clock.ts';
import { type Microseconds, type UnixMicroseconds, type UnixMilliseconds, unixUsToMs } from './time.ts';

/** Both clocks at one moment. */
export interface ClockReading {
  readonly monotonicUs: Microseconds;
  readonly unixUs: UnixMicroseconds;
}

/**
 * A clock that stands still while something is worked on: all that happens within one `hold` happens at one moment,
 * read at its start. So what comes out depends on what went in and that one reading, and can be had again from both.
 * Between holds it is the clock behind it.
 */
export class HeldClock implements Clock {
  readonly #source: Clock;
  #held: ClockReading | null = null;

  constructor(source: Clock) {
    this.#source = source;
  }

  monotonicUs = (): Microseconds => this.#held?.monotonicUs ?? this.#source.monotonicUs();
  unixUs = (): UnixMicroseconds => this.#held?.unixUs ?? this.#source.unixUs();
  unixMs = (): UnixMilliseconds =>
    this.#held === null ? this.#source.unixMs() : unixUsToMs(this.#held.unixUs);

  /** Runs `work` at one moment; within another hold, at that one's. */
  hold<T>(work: (at: ClockReading) => T): T {
    if (this.#held !== null) return work(this.#held);
    const at = { monotonicUs: this.#source.monotonicUs(), unixUs: this.#source.unixUs() };
    this.#held = at;
    try {
      return work(at);
    } finally {
      this.#held = null;
    }
  }
}
