import type { FrameRef } from './findings.ts';

type Timed = FrameRef & { readonly pts: number };

/** All access units of a source by their PTS, in the source's own time; a number each. */
export class FrameIndex {
  /** By place in decode order. */
  readonly #pts: (number | null)[] = [];
  #sorted: readonly Timed[] | null = null;
  #firstPts: number | null = null;

  get length(): number {
    return this.#pts.length;
  }

  /** The least of all; null where there are no times. */
  get firstPts(): number | null {
    return this.#firstPts;
  }

  add(pts: number | null): void {
    this.#pts.push(pts);
    this.#sorted = null;
    if (pts !== null) this.#firstPts = Math.min(this.#firstPts ?? pts, pts);
  }

  /** The one at this PTS, or the nearest within `toleranceMs`. */
  nearest(pts: number, toleranceMs: number): FrameRef | null {
    const sorted = this.#inOrder();
    const at = indexFrom(sorted, pts);
    const near = [sorted[at - 1], sorted[at]].filter((frame) => frame !== undefined);
    const [best] = near.sort((a, b) => Math.abs(a.pts - pts) - Math.abs(b.pts - pts));
    return best !== undefined && Math.abs(best.pts - pts) <= toleranceMs ? best : null;
  }

  /** The first in presentation order at or after a PTS that is not before the first of all. */
  from(pts: number): FrameRef | null {
    if (this.#firstPts === null || pts < this.#firstPts - 5) return null;
    const sorted = this.#inOrder();
    return sorted[indexFrom(sorted, pts)] ?? null;
  }

  #inOrder(): readonly Timed[] {
    this.#sorted ??= this.#pts
      .flatMap((pts, index): Timed[] => (pts === null ? [] : [{ index, pts }]))
      .sort((a, b) => a.pts - b.pts);
    return this.#sorted;
  }
}

function indexFrom(sorted: readonly Timed[], pts: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.pts < pts) low = middle + 1;
    else high = middle;
  }
  return low;
}
