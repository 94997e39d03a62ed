/**
 * Sums of several columns over the last stretch of time, in a ring of equal slots. Adding costs the same
 * however much is in it, and allocates nothing. The oldest slot leaves as a whole, so the stretch is up to one
 * slot shorter than `windowUs`.
 */
export class WindowedSums {
  readonly #slotUs: number;
  readonly #slots: number;
  readonly #columns: number;
  readonly #values: Float64Array;
  readonly #totals: Float64Array;
  /** Number of the newest slot since the clock's zero. */
  #newest = -1;

  constructor(columns: number, windowUs: number, slots: number) {
    this.#columns = columns;
    this.#slots = slots;
    this.#slotUs = windowUs / slots;
    this.#values = new Float64Array(columns * slots);
    this.#totals = new Float64Array(columns);
  }

  add(nowUs: number, column: number, value: number): void {
    this.#advance(nowUs);
    const index = (this.#newest % this.#slots) * this.#columns + column;
    this.#values[index]! += value;
    this.#totals[column]! += value;
  }

  sum(nowUs: number, column: number): number {
    this.#advance(nowUs);
    return this.#totals[column]!;
  }

  #advance(nowUs: number): void {
    const slot = Math.floor(nowUs / this.#slotUs);
    if (slot <= this.#newest) return;
    const first = Math.max(0, this.#newest + 1, slot - this.#slots + 1);
    this.#newest = slot;
    for (let leaving = first; leaving <= slot; leaving++) {
      const at = (leaving % this.#slots) * this.#columns;
      for (let column = 0; column < this.#columns; column++) {
        this.#totals[column]! -= this.#values[at + column]!;
        this.#values[at + column] = 0;
      }
    }
  }
}

/** The distance from the least to the greatest of the values seen over the last stretch of time. */
export class WindowedRange {
  readonly #slotUs: number;
  readonly #least: Float64Array;
  readonly #greatest: Float64Array;
  readonly #slotOf: Float64Array;

  constructor(windowUs: number, slots: number) {
    this.#slotUs = windowUs / slots;
    this.#least = new Float64Array(slots);
    this.#greatest = new Float64Array(slots);
    this.#slotOf = new Float64Array(slots).fill(-1);
  }

  add(nowUs: number, value: number): void {
    const slot = Math.floor(nowUs / this.#slotUs);
    const at = slot % this.#slotOf.length;
    const isNew = this.#slotOf[at] !== slot;
    this.#slotOf[at] = slot;
    this.#least[at] = isNew ? value : Math.min(this.#least[at]!, value);
    this.#greatest[at] = isNew ? value : Math.max(this.#greatest[at]!, value);
  }

  clear(): void {
    this.#slotOf.fill(-1);
  }

  /** 0 where nothing was seen. */
  range(nowUs: number): number {
    const oldest = Math.floor(nowUs / this.#slotUs) - this.#slotOf.length + 1;
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < this.#slotOf.length; at++) {
      if (this.#slotOf[at]! < Math.max(0, oldest)) continue;
      least = Math.min(least, this.#least[at]!);
      greatest = Math.max(greatest, this.#greatest[at]!);
    }
    return greatest >= least ? greatest - least : 0;
  }
}
