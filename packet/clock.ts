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
/** Date has whole milliseconds; a larger difference is drift or a step of the system's clock: it is followed. */
const APART_US = 5000;
/** Both clocks were read within this: the process was not put aside in between. */
const TOGETHER_MS = 0.5;

function unixMicros(): number {
  const fine = originUs + performance.now() * 1000;
  return isApart(fine) ? followed(fine) : Math.round(fine);
}

const isApart = (fine: number): boolean => Math.abs(Date.now() * 1000 + 500 - fine) > APART_US;

/** Read anew: a process that was put aside between the two readings sees a step that was none. */
function followed(before: number): number {
  for (let i = 0; i < 3; i++) {
    const from = performance.now();
    const wallUs = Date.now() * 1000 + 500;
    const to = performance.now();
    if (to - from > TOGETHER_MS) continue;
    const monotonicUs = ((from + to) / 2) * 1000;
    if (Math.abs(wallUs - (originUs + monotonicUs)) > APART_US) originUs = wallUs - monotonicUs;
    return Math.round(originUs + to * 1000);
  }
  return Math.round(before);
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
