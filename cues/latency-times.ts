import { type Milliseconds, ms, type UnixMicroseconds, unixUs } from '../packet/time.ts';
import type { EpochAnchor } from './anchor.ts';
import type { ProductionLatency } from './production-latency.ts';

/** Of one picture's time: PTS with its fractions, and how far off it can be. */
export interface LatencyTarget {
  readonly pts: Milliseconds;
  readonly errorMs: number;
}

/**
 * When pictures were taken, by when they came and by how long they had been on their way. Good to the latency's own
 * error, and to how far arrival strays: the anchor is a mean, which is never farther from the middle than the mean
 * deviation is.
 */
export class LatencyTimes {
  readonly latency: ProductionLatency;
  readonly #arrivals: EpochAnchor;

  /** @param arrivals the epoch's anchor by arrival at ingest */
  constructor(latency: ProductionLatency, arrivals: EpochAnchor) {
    this.latency = latency;
    this.#arrivals = arrivals;
  }

  /** False before the epoch's first picture. */
  get known(): boolean {
    return this.#arrivals.known;
  }

  get errorMs(): number {
    return this.latency.errorMs + this.#arrivals.deviationUs / 1000;
  }

  /** The picture that was, or will be, taken then; null before the first picture. */
  pictureAt(wall: UnixMicroseconds): LatencyTarget | null {
    if (!this.known) return null;
    const pts = ms(this.#arrivals.ptsAt(unixUs(wall + this.latency.ms * 1000)));
    return { pts, errorMs: this.errorMs };
  }

  captureOf(pts: Milliseconds): UnixMicroseconds | null {
    return this.known ? unixUs(this.#arrivals.wallOf(pts) - this.latency.ms * 1000) : null;
  }
}
