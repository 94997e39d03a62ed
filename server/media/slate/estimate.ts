/** One slate that was read. Milliseconds. */
export interface LatencyReading {
  /** When its picture came, on the monotonic clock. */
  readonly atMs: number;
  /** Arrival less the time on the slate. */
  readonly latencyMs: number;
  /** The reader's own bound. */
  readonly errorMs: number;
}

export interface LatencyEstimate {
  readonly latencyMs: number;
  /** Half of the span that holds 90 % of the readings. */
  readonly spreadMs: number;
  /** How far off `latencyMs` can be: spread, and what the reader may be off. */
  readonly errorMs: number;
  /** Of the two clocks and the encoder's pace against each other; null before a minute has been read. */
  readonly driftPpm: number | null;
  /** 0 to 1. */
  readonly confidence: number;
  readonly readings: number;
  /** Left out as far from the others. */
  readonly outliers: number;
}

const MAX_READINGS = 120;
const MAX_AGE_MS = 10 * 60_000;
/** So many in a row far from all before: the production has changed, and the old ones are of the past. */
const CHANGED_READINGS = 4;
const LEAST_OUTLIER_MS = 45;
const DRIFT_SPAN_MS = 60_000;
const DRIFT_READINGS = 10;
const ENOUGH_READINGS = 8;
const MAX_ATTEMPTS = 40;

/** A running estimate of the way from the lens to here; robust against single readings that are far off. */
export class LatencyEstimator {
  #readings: LatencyReading[] = [];
  #strays: LatencyReading[] = [];
  #attempts: boolean[] = [];

  get lastAtMs(): number | null {
    return this.#readings.at(-1)?.atMs ?? null;
  }

  /** A picture in which the slate could not be read. */
  missed(): void {
    this.#attempted(false);
  }

  add(reading: LatencyReading): void {
    this.#attempted(true);
    const kept = this.#readings.filter(({ atMs }) => atMs >= reading.atMs - MAX_AGE_MS);
    const { middle, limit } = centreOf(kept);
    if (kept.length >= CHANGED_READINGS && Math.abs(reading.latencyMs - middle) > limit) {
      this.#strays.push(reading);
      const agree = spanOf(this.#strays.map(({ latencyMs }) => latencyMs)) <= 2 * LEAST_OUTLIER_MS;
      if (this.#strays.length >= CHANGED_READINGS && agree) {
        this.#readings = this.#strays;
        this.#strays = [];
        return;
      }
      this.#strays = this.#strays.slice(1 - CHANGED_READINGS);
    } else {
      this.#strays = [];
    }
    this.#readings = [...kept, reading].slice(-MAX_READINGS);
  }

  /** Null before the first reading. @param addedMs what is known of the screen, taken off. */
  estimate(): LatencyEstimate | null {
    if (this.#readings.length === 0) return null;
    const { middle, limit } = centreOf(this.#readings);
    const good = this.#readings.filter(({ latencyMs }) => Math.abs(latencyMs - middle) <= limit);
    const sorted = good.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
    const latencyMs = median(sorted);
    const spreadMs = (quantile(sorted, 0.95) - quantile(sorted, 0.05)) / 2;
    const readerMs = median(good.map(({ errorMs }) => errorMs).sort((a, b) => a - b));
    const readable = this.#attempts.filter(Boolean).length / this.#attempts.length;
    const confidence =
      Math.min(1, good.length / ENOUGH_READINGS) *
      Math.max(0, 1 - spreadMs / 100) *
      Math.sqrt(readable) *
      (good.length / this.#readings.length);
    return {
      latencyMs,
      spreadMs,
      errorMs: spreadMs + readerMs,
      driftPpm: driftOf(good),
      confidence,
      readings: this.#readings.length,
      outliers: this.#readings.length - good.length,
    };
  }

  #attempted(wasRead: boolean): void {
    this.#attempts = [...this.#attempts, wasRead].slice(-MAX_ATTEMPTS);
  }
}

/** Median, and how far from it a reading may be: three times the median deviation, as if it were a normal one. */
function centreOf(readings: readonly LatencyReading[]): { middle: number; limit: number } {
  if (readings.length === 0) return { middle: 0, limit: Number.POSITIVE_INFINITY };
  const middle = median(readings.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b));
  const deviations = readings.map(({ latencyMs }) => Math.abs(latencyMs - middle)).sort((a, b) => a - b);
  return { middle, limit: Math.max(LEAST_OUTLIER_MS, 3 * 1.4826 * median(deviations)) };
}

/** Median of the slopes between all pairs (Theil and Sen), parts in a million; positive: the way grows longer. */
function driftOf(readings: readonly LatencyReading[]): number | null {
  const first = readings[0];
  const last = readings.at(-1);
  if (first === undefined || last === undefined || readings.length < DRIFT_READINGS) return null;
  if (last.atMs - first.atMs < DRIFT_SPAN_MS) return null;
  const slopes: number[] = [];
  for (let i = 0; i < readings.length; i++) {
    for (let j = i + 1; j < readings.length; j++) {
      const span = readings[j]!.atMs - readings[i]!.atMs;
      // Neighbours say more about how finely a slate is read than about clocks.
      if (span >= DRIFT_SPAN_MS / 4) slopes.push((readings[j]!.latencyMs - readings[i]!.latencyMs) / span);
    }
  }
  return slopes.length === 0 ? null : median(slopes.sort((a, b) => a - b)) * 1e6;
}

const median = (sorted: readonly number[]): number => quantile(sorted, 0.5);

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (at - below);
}

const spanOf = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
