import {
  type Microseconds,
  type UnixMicroseconds,
  type UnixMilliseconds,
  unixUs,
  unixUsToMs,
  us,
} from './time.ts';

/**
 * The only way to read time. The monotonic clock rules inside; the wall clock is read through here alone,
 * so that a step of it can be seen in one place.
 */
export interface Clock {
  /** Never goes back; its zero means nothing. */
  monotonicUs(): Microseconds;
  unixUs(): UnixMicroseconds;
  unixMs(): UnixMilliseconds;
}

export const systemClock: Clock = {
  monotonicUs: () => us(Math.round(performance.now() * 1000)),
  // timeOrigin is fixed at start: reading Date keeps us with NTP, performance adds the digits below a millisecond.
  unixUs: () => unixUs(unixMicros()),
  unixMs: () => unixUsToMs(unixUs(unixMicros())),
};

let originUs = (performance.timeOrigin ?? Date.now() - performance.now()) * 1000;
const STEP_US = 20_000;

function unixMicros(): number {
  const fine = originUs + performance.now() * 1000;
  const coarse = Date.now() * 1000;
  // Date has whole milliseconds; a larger difference is drift or a step of the system's clock: follow it.
  if (fine < coarse - STEP_US || fine > coarse + STEP_US) {
    originUs = coarse - performance.now() * 1000;
    return Math.round(coarse);
  }
  return Math.round(fine);
}

/** A clock that moves only when told to; for tests and for replay on a recorded clock. */
export class ManualClock implements Clock {
  #monotonic: number;
  #unix: number;

  constructor(unixStartUs = 1_700_000_000_000_000, monotonicStartUs = 0) {
    this.#unix = unixStartUs;
    this.#monotonic = monotonicStartUs;
  }

  monotonicUs = (): Microseconds => us(this.#monotonic);
  unixUs = (): UnixMicroseconds => unixUs(this.#unix);
  unixMs = (): UnixMilliseconds => unixUsToMs(unixUs(this.#unix));

  advanceMs(span: number): void {
    this.#monotonic += span * 1000;
    this.#unix += span * 1000;
  }

  /** A step of the wall clock alone, as an NTP correction makes it. */
  stepWallMs(span: number): void {
    this.#unix += span * 1000;
  }
}
