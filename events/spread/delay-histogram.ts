/** Below this bins are equally wide, above it each is wider than the one before by the same share. */
const LINEAR_TO_MS = 1_000;
const LINEAR_BIN_MS = 5;
const GROWTH = 1.01;
const LINEAR_BINS = LINEAR_TO_MS / LINEAR_BIN_MS;
const LOG_GROWTH = Math.log(GROWTH);

/** No delay is longer: who is further behind watches a recording. */
export const DELAY_MAX_MS = 120_000;
const BINS = LINEAR_BINS + Math.ceil(Math.log(DELAY_MAX_MS / LINEAR_TO_MS) / LOG_GROWTH) + 1;

/**
 * Counts delays in fixed bins: 5 ms wide up to a second, then 1 % wide. A quantile is off by half a bin at most, and
 * memory does not grow with the number of viewers.
 */
export class DelayHistogram {
  readonly #bins = new Uint32Array(BINS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param delayMs 0 to {@link DELAY_MAX_MS}; what is outside counts as its nearest. */
  add(delayMs: number): void {
    this.#bins[binOf(delayMs)]!++;
    this.#count++;
  }

  /** The delay that the share `q` of viewers do not exceed (nearest rank), in the middle of its bin; null when empty. */
  quantile(q: number): number | null {
    const bin = this.#binAt(q);
    return bin === null ? null : (lowerOf(bin) + lowerOf(bin + 1)) / 2;
  }

  /** The same, at the upper edge of its bin: no viewer of that share is beyond it. */
  upper(q: number): number | null {
    const bin = this.#binAt(q);
    return bin === null ? null : lowerOf(bin + 1);
  }

  #binAt(q: number): number | null {
    if (this.#count === 0) return null;
    // A rank of 99.00000000001 is the 99th.
    const rank = Math.min(this.#count, Math.max(1, Math.ceil(q * this.#count - 1e-9)));
    let passed = 0;
    for (let bin = 0; bin < BINS; bin++) {
      passed += this.#bins[bin]!;
      if (passed >= rank) return bin;
    }
    return BINS - 1;
  }
}

function binOf(delayMs: number): number {
  if (!(delayMs > 0)) return 0;
  if (delayMs < LINEAR_TO_MS) return Math.floor(delayMs / LINEAR_BIN_MS);
  return Math.min(BINS - 1, LINEAR_BINS + Math.floor(Math.log(delayMs / LINEAR_TO_MS) / LOG_GROWTH));
}

const lowerOf = (bin: number): number =>
  bin <= LINEAR_BINS ? bin * LINEAR_BIN_MS : LINEAR_TO_MS * GROWTH ** (bin - LINEAR_BINS);
