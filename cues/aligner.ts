/**
 * The rehearsal aligner: how long a person takes from a picture to the key. The same moment is marked several times
 * against the picture; what comes back is offered to the console, which may take it off the PTS at a press.
 * Milliseconds on the stream's output timeline.
 */
export interface AlignerMark {
  /** PTS on screen when the key went down. */
  readonly pressedPts: number;
  /** PTS of the picture that was meant. */
  readonly picturePts: number;
}

export interface AlignerReport {
  readonly person: string;
  readonly marks: number;
  /** Of press less picture; null without marks. */
  readonly medianMs: number | null;
  /** Half of the span of the middle 80 % of the marks. */
  readonly spreadMs: number | null;
  /** What to take off; null: too few marks, or too far apart. */
  readonly offeredMs: number | null;
  /** Why nothing is offered. */
  readonly why: 'too-few' | 'too-scattered' | null;
}

export const LEAST_MARKS = 5;
export const MAX_MARKS = 50;
/** A mark further off than this is a slip of the hand, not a delay. */
export const MAX_PRESS_MS = 5_000;
/** Someone who scatters more than this is no better with an offset. */
const MOST_SPREAD_MS = 250;

export const isMarkPlausible = ({ pressedPts, picturePts }: AlignerMark): boolean =>
  Math.abs(pressedPts - picturePts) <= MAX_PRESS_MS;

export function alignerReport(person: string, marks: readonly AlignerMark[]): AlignerReport {
  const delays = marks.map(({ pressedPts, picturePts }) => pressedPts - picturePts).sort((a, b) => a - b);
  if (delays.length === 0) {
    return { person, marks: 0, medianMs: null, spreadMs: null, offeredMs: null, why: 'too-few' };
  }
  const medianMs = quantile(delays, 0.5);
  const spreadMs = (quantile(delays, 0.9) - quantile(delays, 0.1)) / 2;
  const why = delays.length < LEAST_MARKS ? 'too-few' : spreadMs > MOST_SPREAD_MS ? 'too-scattered' : null;
  const offeredMs = why === null ? Math.round(medianMs) : null;
  return { person, marks: delays.length, medianMs, spreadMs, offeredMs, why };
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (at - below);
}
