import type { Milliseconds } from '../packet/time.ts';

/** Pictures before the mean is worth anything: rounding to whole milliseconds weighs less the longer it runs. */
export const WARM_UP = 25;
/** A distance this many times the mean is a gap, not a rate. */
const GAP = 1.75;

export interface FrameRateState {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** The mean distance between pictures, from DTS. Gaps start the measurement anew. */
export class FrameRate {
  #first = 0;
  #last = 0;
  #count = 0;

  observe(dts: Milliseconds): void {
    const step = dts - this.#last;
    const mean = this.#mean();
    if (this.#count === 0 || step <= 0 || (mean !== null && step > mean * GAP)) {
      this.#first = dts;
      this.#count = 1;
    } else {
      this.#count++;
    }
    this.#last = dts;
  }

  /** What it has learnt; `resume` on another one goes on from there. */
  get state(): FrameRateState {
    return { first: this.#first, last: this.#last, count: this.#count };
  }

  resume(state: FrameRateState): void {
    this.#first = state.first;
    this.#last = state.last;
    this.#count = state.count;
  }

  /** Milliseconds, fractional; null until measured. */
  get frameMs(): number | null {
    return this.#count < WARM_UP ? null : this.#mean();
  }

  /** The same from however few pictures: off by a rounding with two. */
  get roughFrameMs(): number | null {
    return this.#mean();
  }

  #mean(): number | null {
    return this.#count < 2 ? null : (this.#last - this.#first) / (this.#count - 1);
  }
}
