/** A jump ahead of more than this leaves out pictures; RTMP encoders do not go below one picture a second. */
const HOLE_MS = 1_500;
/** A step back of more than this is another timeline: reordering takes far less. */
const BACK_MS = 5_000;
const MAX_RANGES = 16;

interface Range {
  from: number;
  to: number;
}

/** What of an output's timeline has been read. PTS in milliseconds, in decode order. */
export class Coverage {
  #ranges: Range[] = [];
  /** After a break the next picture may follow on what was read, or lie behind a hole. */
  #broken = true;

  /** The last picture in presentation order; null before one. */
  get lastPts(): number | null {
    return this.#ranges.at(-1)?.to ?? null;
  }

  /** Reading was interrupted. */
  break(): void {
    this.#broken = true;
  }

  /** @returns false where another timeline begins: all that was known of times is void. */
  picture(pts: number): boolean {
    const current = this.#ranges.at(-1);
    if (current === undefined) return this.#begin(pts);
    if (pts < current.from - BACK_MS || (pts < current.to - BACK_MS && !this.#covered(pts))) {
      this.#ranges = [];
      this.#begin(pts);
      return false;
    }
    // A GOP that is sent again on joining meets what was read before the break.
    const follows = this.#broken ? pts <= current.to : pts <= current.to + HOLE_MS;
    if (!follows) return this.#begin(pts);
    this.#broken = false;
    current.from = Math.min(current.from, pts);
    current.to = Math.max(current.to, pts);
    return true;
  }

  /** The picture at this PTS was read, or would have been. */
  covers(pts: number, toleranceMs: number): boolean {
    return this.#ranges.some(({ from, to }) => from - toleranceMs <= pts && pts <= to + toleranceMs);
  }

  #covered(pts: number): boolean {
    return this.covers(pts, 0);
  }

  #begin(pts: number): true {
    this.#ranges.push({ from: pts, to: pts });
    if (this.#ranges.length > MAX_RANGES) this.#ranges.shift();
    this.#broken = false;
    return true;
  }
}
