import { HISTORY_MS, JOIN_MS } from './history.ts';

/** A measured value, or null where there was none. `at` in milliseconds. */
export interface Point {
  readonly at: number;
  readonly value: number | null;
}

/** The drawing's own units; it is stretched to its place. */
export const SPARK = { width: 240, height: 48 } as const;

export interface Spark {
  /** SVG paths: the line, and the area below it. Empty strings where there is nothing to draw. */
  readonly line: string;
  readonly area: string;
  /** Y of the reference value; null without one. */
  readonly reference: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

/**
 * A line over the last two minutes, from zero up, with its newest point at the right edge. It breaks where
 * nothing was measured.
 * @param reference a value that the line should keep to, always in the picture
 */
export function sparkOf(points: readonly Point[], reference: number | null = null): Spark {
  const now = points.at(-1)?.at ?? 0;
  const values = points.flatMap(({ value }) => value ?? []);
  const most = values.length === 0 ? null : Math.max(...values);
  const least = values.length === 0 ? null : Math.min(...values);
  const top = roundTop(Math.max(most ?? 0, reference ?? 0));
  const y = (value: number): number => round(SPARK.height * (1 - value / top));
  const x = (at: number): number => round(SPARK.width * (1 - (now - at) / HISTORY_MS));
  const runs = runsOf(points).map((run) => run.map(({ at, value }) => [x(at), y(value)] as const));
  return {
    line: runs.map(lineOf).join(''),
    area: runs.map(areaOf).join(''),
    reference: reference === null ? null : y(reference),
    least,
    most,
  };
}

type Measured = Point & { readonly value: number };
type Place = readonly [x: number, y: number];

function runsOf(points: readonly Point[]): Measured[][] {
  const runs: Measured[][] = [];
  let last: Point | null = null;
  for (const point of points) {
    if (point.value !== null) {
      const joins = last !== null && last.value !== null && point.at - last.at <= JOIN_MS;
      const measured: Measured = { at: point.at, value: point.value };
      if (joins) runs.at(-1)!.push(measured);
      else runs.push([measured]);
    }
    last = point;
  }
  return runs;
}

/** A point by itself is a line without length: round caps make it a dot. */
const lineOf = (run: readonly Place[]): string =>
  `M${[...run, ...(run.length === 1 ? run : [])].map(([x, y]) => `${x} ${y}`).join('L')}`;

const areaOf = (run: readonly Place[]): string =>
  `M${run[0]![0]} ${SPARK.height}L${run.map(([x, y]) => `${x} ${y}`).join('L')}L${run.at(-1)![0]} ${SPARK.height}Z`;

const round = (value: number): number => Math.round(value * 10) / 10;

const STEPS = [1, 1.5, 2, 3, 4, 6, 8, 10] as const;

/** A little more than `most`, at least 1, and rarely another: an axis that jumps hides what the line does. */
export function roundTop(most: number): number {
  const wanted = Math.max(1, most * 1.1);
  const unit = 10 ** Math.floor(Math.log10(wanted));
  return unit * (STEPS.find((step) => step * unit >= wanted) ?? 10);
}
