/** Capture less PTS of the readings within about a second: the publisher's clock against its timeline. */
export interface OffsetPoint {
  /** PTS of the first of them, milliseconds. */
  readonly pts: number;
  /** Least and most of `capture - PTS`, microseconds. */
  readonly least: number;
  readonly most: number;
}

/** A straight line through the points, and how far from it the truth can be. */
export interface OffsetLine {
  readonly points: number;
  readonly centre: number;
  /** Of `capture - PTS` at `centre`, microseconds. */
  readonly offset: number;
  /** Microseconds for each millisecond of PTS: the drift of the publisher's clock against its own timeline. */
  readonly slope: number;
  readonly slopeError: number;
  /** The largest distance of any reading, microseconds. */
  readonly spread: number;
}

/** A crystal that is not worth its name; assumed of every publisher until its own drift can be told. */
const WORST_SLOPE = 0.3;
/** Fewer points, or a shorter time, say nothing of a drift: 30 ppm over 15 s are half a millisecond. */
const SLOPE_POINTS = 16;
const SLOPE_SPAN_MS = 15_000;
/** What rounding alone does to a point: OBS writes whole milliseconds, and RTMP carries them. Microseconds. */
const ROUNDING_US = 2_000;
/** How little a few points tell of the jitter: this much, microseconds, shared by their number. */
const FEW_POINTS_US = 40_000;
const FEW_POINTS_FACTOR = 8;

/**
 * Robust: medians throughout (Theil's incomplete method: each point with the one half the window later), so that a
 * quarter of the points may be anything. @param points at least one, by rising PTS
 */
export function lineThrough(points: readonly OffsetPoint[]): OffsetLine {
  const first = points[0]!;
  const span = points.at(-1)!.pts - first.pts;
  const centre = first.pts + span / 2;
  const knowsSlope = points.length >= SLOPE_POINTS && span >= SLOPE_SPAN_MS;
  const slope = knowsSlope ? medianSlope(points) : 0;
  const offset = median(points.map((point) => middleOf(point) - slope * (point.pts - centre)));
  let above = 0;
  let below = 0;
  for (const { pts, least, most } of points) {
    const at = offset + slope * (pts - centre);
    above = Math.max(above, most - at);
    below = Math.max(below, at - least);
  }
  return {
    points: points.length,
    centre,
    offset,
    slope,
    slopeError: knowsSlope ? (2 * (above + below + ROUNDING_US)) / span : WORST_SLOPE,
    spread: Math.max(above, below),
  };
}

/** `capture - PTS` at a PTS, microseconds. */
export const offsetAt = (line: OffsetLine, pts: number): number =>
  line.offset + line.slope * (pts - line.centre);

/** How far off {@link offsetAt} can be, microseconds. */
export const errorAt = (line: OffsetLine, pts: number): number =>
  line.spread * (1 + FEW_POINTS_FACTOR / line.points) +
  FEW_POINTS_US / line.points +
  ROUNDING_US / 2 +
  line.slopeError * Math.abs(pts - line.centre);

const middleOf = ({ least, most }: OffsetPoint): number => (least + most) / 2;

function medianSlope(points: readonly OffsetPoint[]): number {
  const half = Math.floor(points.length / 2);
  const slopes: number[] = [];
  for (let i = 0; i + half < points.length; i++) {
    const from = points[i]!;
    const to = points[i + half]!;
    slopes.push((middleOf(to) - middleOf(from)) / (to.pts - from.pts));
  }
  return median(slopes);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
