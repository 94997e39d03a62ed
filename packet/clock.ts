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

/** How long a step ahead has to stand before it counts, milliseconds of the monotonic clock. */
export const CONFIRM_MS = 5_000;
/** Readings within this are one. */
const READING_MS = 250;

/**
 * The wall clock for what is done once and cannot be taken back. A step back counts at once, a step ahead only after it has
 * stood for some seconds: what is done too late was late, what is done too early can be mended by nobody. Whoever uses it
 * reads it again and again; what was read before the last pause of that is remembered, however long the pause.
 */
export class CautiousWall {
  readonly #clock: Clock;
  /** Wall less monotonic, oldest first: those of the last seconds, and one of before. */
  readonly #readings: { readonly atUs: number; readonly offsetUs: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.unixUs();
  }

  unixUs = (): UnixMicroseconds => {
    const atUs = this.#clock.monotonicUs();
    const offsetUs = this.#clock.unixUs() - atUs;
    const last = this.#readings.at(-1);
    if (last !== undefined && atUs - last.atUs < READING_MS * 1000) {
      this.#readings[this.#readings.length - 1] = { ...last, offsetUs: Math.min(last.offsetUs, offsetUs) };
    } else {
      this.#readings.push({ atUs, offsetUs });
    }
    const from = atUs - CONFIRM_MS * 1000;
    while (this.#readings.length > 1 && this.#readings[1]!.atUs <= from) this.#readings.shift();
    return unixUs(atUs + Math.min(...this.#readings.map((reading) => reading.offsetUs)));
  };
}
