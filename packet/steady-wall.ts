import { type Clock, CONFIRM_MS } from './clock.ts';
import { isClockStep } from './clock-step.ts';
import { type UnixMicroseconds, unixUs } from './time.ts';

/** Wall less monotonic. */
interface Offset {
  readonly us: number;
  /** Monotonic, of the last look that saw it. */
  readonly seenAtUs: number;
}

/**
 * The wall clock for spans that somebody was promised: no step of it, ahead or back, counts before it has stood for some
 * seconds, so that a wrong tick neither ends a span nor makes one. Where `CautiousWall` is late rather than early, this is
 * neither. Whoever keeps one looks several times a second, whether it is needed or not: a step stands from the first look.
 */
export class SteadyWall {
  readonly #clock: Clock;
  #held: Offset;
  /** What a step led to, and since when it has been seen there. */
  #next: (Offset & { readonly sinceUs: number }) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    const seenAtUs = clock.monotonicUs();
    this.#held = { us: clock.unixUs() - seenAtUs, seenAtUs };
  }

  unixUs = (): UnixMicroseconds => {
    const seenAtUs = this.#clock.monotonicUs();
    const now: Offset = { us: this.#clock.unixUs() - seenAtUs, seenAtUs };
    if (isOne(this.#held, now)) {
      this.#held = now;
      this.#next = null;
    } else if (this.#next === null || !isOne(this.#next, now)) {
      this.#next = { ...now, sinceUs: seenAtUs };
    } else if (seenAtUs - this.#next.sinceUs < CONFIRM_MS * 1000) {
      this.#next = { ...now, sinceUs: this.#next.sinceUs };
    } else {
      this.#held = now;
      this.#next = null;
    }
    return unixUs(seenAtUs + this.#held.us);
  };
}

const isOne = (before: Offset, now: Offset): boolean =>
  !isClockStep(now.us - before.us, now.seenAtUs - before.seenAtUs);
