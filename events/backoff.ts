/** Longer waits after each failure, spread so that many clients of one server do not come back together. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** @param random 0 to 1. */
  constructor(firstMs: number, longestMs: number, random: () => number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait now: half of the span for certain, the rest by chance. */
  next(): number {
    const span = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#failures++, 30));
    return span / 2 + (span / 2) * this.#random();
  }
}
