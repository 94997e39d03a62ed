import type { FrameRef } from './findings.ts';

/** RTMP rounds to whole milliseconds, MPEG-TS to 1/90 ms: the same picture in two containers differs by up to this. */
export const SAME_PICTURE_MS = 3;
/** Frames that are remembered for each offset that is not the usual one. */
const EXAMPLES = 20;
const MAX_OFFSETS = 1_000;

interface Votes {
  count: number;
  readonly examples: { readonly frame: FrameRef; readonly stampedFor: number }[];
}

/** A stamp that says another PTS than its access unit has, once the usual difference is taken off. */
export interface Misplaced {
  readonly frame: FrameRef;
  /** The PTS, in the source's own time, of the access unit that it was written for. */
  readonly writtenFor: number;
}

/**
 * How a source's own time and the stream's output timeline go together in one epoch. Every stamp says the PTS of the
 * access unit it was written for; an output may have moved all of them by one offset, which is what most stamps agree
 * on. The few that do not are on the wrong access unit.
 */
export class TimelineMatch {
  readonly #votes = new Map<number, Votes>();
  #best: number | null = null;

  /** @param stampPts line 1's `pts`. @returns false where it does not agree with most so far. */
  add(frame: FrameRef, stampPts: number): boolean {
    if (frame.pts === null) return true;
    const offset = Math.round(frame.pts - stampPts);
    let votes = this.#votes.get(offset);
    if (votes === undefined) {
      // Another time base altogether: the usual offset has long been found, or there is none.
      if (this.#votes.size >= MAX_OFFSETS) return false;
      votes = { count: 0, examples: [] };
      this.#votes.set(offset, votes);
    }
    votes.count++;
    if (votes.examples.length < EXAMPLES) votes.examples.push({ frame, stampedFor: stampPts });
    if (this.#best === null || votes.count > this.#votes.get(this.#best)!.count) this.#best = offset;
    return Math.abs(offset - this.#best!) <= SAME_PICTURE_MS;
  }

  /** Source time less stream time, milliseconds; null before a stamp that says its PTS. */
  get offset(): number | null {
    return this.#best;
  }

  /** Stamps on the wrong access unit: known for good once everything was read. */
  misplaced(): Misplaced[] {
    const best = this.#best;
    if (best === null) return [];
    return [...this.#votes]
      .filter(([offset]) => Math.abs(offset - best) > SAME_PICTURE_MS)
      .flatMap(([, { examples }]) =>
        examples.map(({ frame, stampedFor }) => ({ frame, writtenFor: stampedFor + best })),
      )
      .sort((a, b) => a.frame.index - b.frame.index);
  }
}
