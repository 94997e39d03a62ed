import { median } from './capture-clock-line.ts';

/** How the time from capture to arrival changes: two clocks that run apart, or a way that grows longer. */
export interface Drift {
  /** Positive: the capture times fall behind arrival. Parts per million of our monotonic clock. */
  readonly ppm: number;
  readonly errorPpm: number;
}

interface Bucket {
  readonly from: number;
  least: number;
}

/** Plain data, for a replay that begins in the middle. */
export interface TransitState {
  readonly buckets: readonly { readonly from: number; readonly least: number }[];
  readonly baseline: number | null;
  readonly last: number;
}

const BUCKET_US = 10_000_000;
const BUCKETS = 60;
/** Over this many the least counts as today's: a minute. */
const RECENT = 6;
/** Before this many a slope would be that of the network's jitter. */
const DRIFT_BUCKETS = 7;
/** Arrival is known no better than that, microseconds: our own process was busy. */
const ARRIVAL_US = 2_000;

/**
 * Arrival less capture, on our monotonic clock. Networks only ever add to it, so what counts is its lower envelope:
 * the least of each ten seconds, kept for ten minutes.
 */
export class Transit {
  #buckets: Bucket[] = [];
  /** The least when the envelope was first known: what drift is counted from. */
  #baseline: number | null = null;
  #last = 0;

  get state(): TransitState {
    const buckets = this.#buckets.map((bucket) => ({ ...bucket }));
    return { buckets, baseline: this.#baseline, last: this.#last };
  }

  resume({ buckets, baseline, last }: TransitState): void {
    this.#buckets = buckets.map((bucket) => ({ ...bucket }));
    this.#baseline = baseline;
    this.#last = last;
  }

  /** @param arrivedUs monotonic @param transitUs arrival less capture; only its differences mean something */
  observe(arrivedUs: number, transitUs: number): void {
    const newest = this.#buckets.at(-1);
    this.#last = transitUs;
    if (newest !== undefined && arrivedUs - newest.from < BUCKET_US) {
      newest.least = Math.min(newest.least, transitUs);
      return;
    }
    this.#buckets.push({ from: arrivedUs, least: transitUs });
    if (this.#buckets.length > BUCKETS) this.#buckets.shift();
    // The bucket at hand is not over yet.
    if (this.#buckets.length > RECENT / 2) this.#baseline ??= leastOf(this.#buckets.slice(0, -1));
  }

  /** Null before the first reading. */
  get last(): number | null {
    return this.#buckets.length === 0 ? null : this.#last;
  }

  /** The least of the last minute. Null before the first reading. */
  get least(): number | null {
    return this.#buckets.length === 0 ? null : leastOf(this.#buckets.slice(-RECENT));
  }

  /** How much the envelope has moved since it was first known, microseconds. */
  get movedUs(): number {
    return this.#baseline === null ? 0 : this.least! - this.#baseline;
  }

  /** Null until a minute has been seen. */
  get drift(): Drift | null {
    const whole = this.#buckets.slice(0, -1);
    if (whole.length < DRIFT_BUCKETS) return null;
    const half = Math.floor(whole.length / 2);
    const slopes: number[] = [];
    for (let i = 0; i + half < whole.length; i++) {
      const from = whole[i]!;
      const to = whole[i + half]!;
      slopes.push((to.least - from.least) / (to.from - from.from));
    }
    const slope = median(slopes);
    const origin = whole[0]!.from;
    const flat = whole.map(({ from, least }) => least - slope * (from - origin));
    const range = Math.max(...flat) - Math.min(...flat) + ARRIVAL_US;
    return { ppm: slope * 1e6, errorPpm: ((2 * range) / (whole.at(-1)!.from - origin)) * 1e6 };
  }
}

const leastOf = (buckets: readonly Bucket[]): number => Math.min(...buckets.map(({ least }) => least));
