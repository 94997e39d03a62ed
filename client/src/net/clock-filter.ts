/** What one exchange says: between which bounds the server's Unix microseconds less the local monotonic ones lie. */
export interface ClockReading {
  readonly loUs: number;
  readonly hiUs: number;
  /** Monotonic microseconds at which that holds. */
  readonly atUs: number;
  /** `cached`: an answer of unknown age within a second; its middle says nothing by itself. */
  readonly kind: 'exchange' | 'cached';
  /** How often the server has seen its own clock step; null where it does not say. */
  readonly steps: number | null;
}

/** Microseconds. */
export interface ClockEstimate {
  readonly offsetUs: number;
  /** Hard: the offset is no farther away than this. */
  readonly errorUs: number;
  /** Likely: how far off it usually is, were all ways as long as their ways back. */
  readonly deviationUs: number;
}

/** How far two oscillators may part: 100 ppm is beyond what PCs, phones and a slewed server do. */
export const MOST_DRIFT = 100e-6;
/** What they usually do, as the deviation of what is believed before anything is measured. */
const USUAL_DRIFT = 30e-6;
/** How fast a drift itself wanders (temperature): old readings count for less by it. */
const WANDER = 1e-6;
const MAX_READINGS = 64;
const MAX_AGE_US = 30 * 60e6;
/** A reading that took longer than the quickest by E is off by some 0.3 E: its two ways differ by E at most. */
const PER_EXCESS = 0.3;
const LEAST_DEVIATION_US = 300;
/** The quickest of all is not known: those that have come are farther from it the more they differ. */
const SOFT = 0.5;

/**
 * One filter for all ways of asking. The *bound* is hard: every reading confines the offset, and its confines widen by
 * the most that clocks can part; where all of them overlap is where the offset is. The *estimate* inside it is the
 * line of offset and drift through the readings, each trusted by how much longer than the quickest it took (RFC 5905,
 * section 10, takes the quickest alone; a line keeps what the others say of the drift).
 */
export class ClockFilter {
  #readings: ClockReading[] = [];

  get size(): number {
    return this.#readings.length;
  }

  clear(): void {
    this.#readings = [];
  }

  /** Older readings that cannot be true together with this one were true before a step of the server's clock. */
  add(reading: ClockReading): void {
    this.#readings = this.#readings.filter(
      (old) =>
        (old.steps ?? reading.steps) === (reading.steps ?? old.steps) &&
        reading.atUs - old.atUs <= MAX_AGE_US &&
        loAt(old, reading.atUs) <= reading.hiUs &&
        hiAt(old, reading.atUs) >= reading.loUs,
    );
    this.#readings.push(reading);
    if (this.#readings.length > MAX_READINGS) this.#readings.shift();
  }

  /** Null where nothing is known. Microseconds. */
  at(nowUs: number): ClockEstimate | null {
    let lo = Number.NEGATIVE_INFINITY;
    let hi = Number.POSITIVE_INFINITY;
    for (const reading of this.#readings) {
      lo = Math.max(lo, loAt(reading, nowUs));
      hi = Math.min(hi, hiAt(reading, nowUs));
    }
    if (lo > hi || this.#readings.length === 0) return null;
    const middle = (lo + hi) / 2;
    const line = this.#lineAt(nowUs) ?? { offsetUs: middle, deviationUs: (hi - lo) / 2 };
    const offsetUs = Math.min(hi, Math.max(lo, line.offsetUs));
    return { offsetUs, errorUs: Math.max(hi - offsetUs, offsetUs - lo), deviationUs: line.deviationUs };
  }

  /** Weighted least squares of offset and drift, with what is usual as one more observation of the drift. */
  #lineAt(nowUs: number): { readonly offsetUs: number; readonly deviationUs: number } | null {
    const exchanges = this.#readings.filter(isExchange);
    if (exchanges.length === 0) return null;
    const widths = exchanges.map(widthOf).sort((a, b) => a - b);
    const leastUs = widths[0]!;
    const softUs = SOFT * (widths[widths.length >> 2]! - leastUs);
    // Offsets are Unix microseconds: what is summed is the distance from one of them, so that no digits are lost.
    const base = middleOf(exchanges[0]!);
    let [w, wx, wxx, wy, wxy] = [0, 0, 1 / USUAL_DRIFT ** 2, 0, 0];
    for (const reading of exchanges) {
      const x = reading.atUs - nowUs;
      const y = middleOf(reading) - base;
      const deviation =
        LEAST_DEVIATION_US + PER_EXCESS * (widthOf(reading) - leastUs + softUs) + WANDER * Math.abs(x);
      const weight = 1 / deviation ** 2;
      w += weight;
      wx += weight * x;
      wxx += weight * x * x;
      wy += weight * y;
      wxy += weight * x * y;
    }
    const determinant = w * wxx - wx * wx;
    return {
      offsetUs: base + (wy * wxx - wx * wxy) / determinant,
      deviationUs: Math.sqrt(wxx / determinant),
    };
  }
}

const isExchange = ({ kind }: ClockReading): boolean => kind === 'exchange';
const widthOf = ({ loUs, hiUs }: ClockReading): number => hiUs - loUs;
const middleOf = ({ loUs, hiUs }: ClockReading): number => (loUs + hiUs) / 2;
const loAt = (reading: ClockReading, nowUs: number): number =>
  reading.loUs - MOST_DRIFT * Math.abs(nowUs - reading.atUs);
const hiAt = (reading: ClockReading, nowUs: number): number =>
  reading.hiUs + MOST_DRIFT * Math.abs(nowUs - reading.atUs);
