import type { Edit } from './edit.ts';

interface Placed extends Edit {
  /** Bytes of the output that are written by who copies the box; false: by who writes another box. */
  readonly isMedia: boolean;
}

/** Edits by their place in a file, and how far everything behind them moves. */
export class Shifts {
  readonly #edits: Placed[] = [];
  #sums: number[] = [];
  #sorted = true;

  add(edit: Edit, isMedia: boolean): void {
    this.#sorted &&= edit.at >= (this.#edits.at(-1)?.at ?? 0);
    this.#edits.push({ ...edit, isMedia });
  }

  /** To be called when edits have been added, before anything is asked. */
  settle(): void {
    if (!this.#sorted) {
      this.#edits.sort((a, b) => a.at - b.at);
      this.#sums = [];
    }
    this.#sorted = true;
    let sum = this.#sums.at(-1) ?? 0;
    for (let i = this.#sums.length; i < this.#edits.length; i++) {
      const { insert, remove } = this.#edits[i]!;
      sum += insert.length - remove;
      this.#sums.push(sum);
    }
  }

  /** Where the byte at `offset` of the input stands in the output. An insertion right at it belongs to it. */
  shifted(offset: number): number {
    const count = this.#countBelow(offset);
    return offset + (count === 0 ? 0 : this.#sums[count - 1]!);
  }

  editsBetween(from: number, end: number): Edit[] {
    return this.#edits.slice(this.#countBelow(from), this.#countBelow(end)).filter(({ isMedia }) => isMedia);
  }

  growthBetween(from: number, end: number): number {
    if (!this.#sorted || this.#sums.length !== this.#edits.length) this.settle();
    return this.editsBetween(from, end).reduce((sum, { insert, remove }) => sum + insert.length - remove, 0);
  }

  /** Edits before `offset`. */
  #countBelow(offset: number): number {
    let low = 0;
    let high = this.#edits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { at } = this.#edits[middle]!;
      if (at < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
