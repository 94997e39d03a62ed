/** Numbers of pictures of a stream that repeats itself after `total` of them. */
export class Loop {
  readonly #total: number;

  constructor(total: number) {
    this.#total = total;
  }

  /** Frames from one number to another, by the nearer way over the loop's seam; negative: before. */
  distance(from: number, to: number): number {
    const ahead = this.#ahead(from, to);
    return ahead > this.#total / 2 ? ahead - this.#total : ahead;
  }

  /** The same in the direction of their PTS: a browser that was given no time can be more than half a loop behind. */
  since(from: number, to: number, ptsMs: number): number {
    const ahead = this.#ahead(from, to);
    return ahead > 0 && ptsMs < 0 ? ahead - this.#total : ahead;
  }

  /** The same, nearest to what is said of it otherwise; null: nothing is. */
  near(from: number, to: number, said: number | null): number {
    if (said === null) return this.distance(from, to);
    return said + this.distance(from + said, to);
  }

  #ahead(from: number, to: number): number {
    return (((to - from) % this.#total) + this.#total) % this.#total;
  }
}
