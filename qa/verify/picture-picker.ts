import type { AccessUnitItem } from '../sources/source.ts';
import type { ExpectedCue } from './expectations.ts';

/** Whole milliseconds on both sides. */
const ROUNDING_MS = 2;
/** A picture so long after the moment is not the cue's: its own was not read. */
const FAR_MS = 1_000;

interface Waiting {
  /** The least PTS so far that is not before the cue's. */
  best: number | null;
}

/**
 * The picture of each expected cue: the first at or after its moment in the order of presentation, while access units
 * come in the order of decoding, where a later picture stands before the B-frames that refer to it.
 */
export class PicturePicker {
  readonly #waiting: Map<ExpectedCue, Waiting>;

  constructor(expected: readonly ExpectedCue[]) {
    this.#waiting = new Map(expected.map((cue) => [cue, { best: null }]));
  }

  /** @param placeOf where the cue's picture is in the source's own time, as far as it is known by now. */
  take({ pts }: AccessUnitItem, placeOf: (cue: ExpectedCue) => number | null): void {
    if (pts === null) return;
    for (const [cue, waiting] of this.#waiting) {
      const at = placeOf(cue);
      if (at === null || pts < at - ROUNDING_MS || pts > at + FAR_MS) continue;
      waiting.best = Math.min(waiting.best ?? pts, pts);
    }
  }

  /** PTS of pictures that nothing from `next` on comes before: no picture is shown before its DTS. */
  settled({ dts, isKeyframe }: AccessUnitItem): number[] {
    return this.#give((best) => isKeyframe || (dts !== null && dts >= best));
  }

  /** Where the source ends. */
  rest(): number[] {
    return this.#give(() => true);
  }

  #give(isSettled: (best: number) => boolean): number[] {
    const given: number[] = [];
    for (const [cue, { best }] of this.#waiting) {
      if (best === null || !isSettled(best)) continue;
      given.push(best);
      this.#waiting.delete(cue);
    }
    return given;
  }
}
