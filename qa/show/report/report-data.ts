import { type Comparison, compareRuns } from '../compare-runs.ts';
import type { RunLine } from '../run-lines.ts';
import { nameOf } from '../software.ts';
import { diffUnits, type UnitDiff } from './unit-diff.ts';

/** One of the two runs that a report is about. */
export interface Subject {
  /** For people: `the recorded run`, `0.2.0 (1a2b3c4)`. */
  readonly title: string;
  readonly lines: () => Iterable<RunLine>;
  /** What it gave out, where that was kept: then a report can show bytes. */
  readonly flv: string | null;
}

/** What a report is made of; `report.json` is this. */
export interface ReportData {
  readonly version: 1;
  readonly show: string;
  readonly stream: string;
  readonly madeAt: string;
  readonly titles: { readonly a: string; readonly b: string };
  readonly comparison: Comparison;
  readonly plot: Plot;
  /** Of the first access unit that differs. */
  readonly firstDifference: (UnitDiff & { readonly epoch: number; readonly frame: number }) | null;
  /** Sentences about what a reader has to know: gaps, a torn end. */
  readonly notes: readonly string[];
}

/** Numbers for each stretch of stream time. */
export interface Plot {
  /** Seconds of PTS since the first access unit, at the start of each stretch. */
  readonly seconds: readonly number[];
  readonly unitsA: readonly number[];
  readonly unitsB: readonly number[];
  readonly differing: readonly number[];
  readonly landings: readonly {
    readonly id: string;
    readonly rev: number;
    readonly a: number | null;
    readonly b: number | null;
    readonly same: boolean;
  }[];
  /** Where epochs begin. */
  readonly epochs: readonly number[];
}

const MAX_BINS = 1_000;

/** Compares two runs and gathers all that a report shows. Reads each run three times, holds neither. */
export function reportOn(
  a: Subject,
  b: Subject,
  about: { readonly madeAt: Date; readonly notes: readonly string[] },
): ReportData {
  const span = spanOf(a.lines(), b.lines());
  const bins = new Bins(span.first, span.last);
  const count = (side: 'a' | 'b', lines: Iterable<RunLine>) =>
    bins.watch(lines, side, (line) => (line.kind === 'unit' ? line.pts : null));
  const comparison = compareRuns(
    () => count('a', a.lines()),
    () => count('b', b.lines()),
    (difference) => {
      const line = difference.a ?? difference.b;
      if (line !== null) bins.differ(line.kind === 'unit' ? line.pts : line.dts);
    },
  );
  const landings = comparison.cues.map(({ id, rev, a: one, b: two, same }) => ({
    ...{ id, rev, same },
    a: one.landing === null ? null : bins.secondsOf(one.landing.pts),
    b: two.landing === null ? null : bins.secondsOf(two.landing.pts),
  }));
  const first = comparison.differences.find(
    (each) => each.kind === 'unit' && each.a !== null && each.b !== null,
  );
  return {
    version: 1,
    show: comparison.a.show,
    stream: comparison.a.stream,
    madeAt: about.madeAt.toISOString(),
    titles: {
      a: `${a.title}: ${nameOf(comparison.a.software)}`,
      b: `${b.title}: ${nameOf(comparison.b.software)}`,
    },
    comparison,
    plot: { ...bins.plot, landings, epochs: span.epochs.map((pts) => bins.secondsOf(pts)) },
    firstDifference:
      first?.kind === 'unit' && a.flv !== null && b.flv !== null
        ? withPlace(
            diffUnits({ flv: a.flv, at: first.a!.at }, { flv: b.flv, at: first.b!.at }),
            first.epoch,
            first.frame,
          )
        : null,
    notes: about.notes,
  };
}

const withPlace = (diff: UnitDiff | null, epoch: number, frame: number) =>
  diff === null ? null : { ...diff, epoch, frame };

function spanOf(
  a: Iterable<RunLine>,
  b: Iterable<RunLine>,
): { first: number; last: number; epochs: number[] } {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const epochs: number[] = [];
  let epoch = -1;
  for (const [isA, lines] of [
    [true, a],
    [false, b],
  ] as const) {
    for (const line of lines) {
      if (line.kind !== 'unit') continue;
      first = Math.min(first, line.pts);
      last = Math.max(last, line.pts);
      if (isA && line.epoch !== epoch && epochs.length < MAX_BINS) epochs.push(line.pts);
      if (isA) epoch = line.epoch;
    }
  }
  return last < first ? { first: 0, last: 0, epochs } : { first, last, epochs };
}

/** Counts by stretch of PTS: as many stretches as a screen can show, a second at least. */
class Bins {
  readonly #first: number;
  readonly #width: number;
  readonly #counts: Record<'a' | 'b' | 'differing', number[]>;

  constructor(first: number, last: number) {
    this.#first = first;
    this.#width = Math.max(1000, Math.ceil((last - first + 1) / MAX_BINS / 1000) * 1000);
    const bins = Math.floor((last - first) / this.#width) + 1;
    const zeros = () => new Array<number>(bins).fill(0);
    this.#counts = { a: zeros(), b: zeros(), differing: zeros() };
  }

  get plot(): Omit<Plot, 'landings' | 'epochs'> {
    const { a, b, differing } = this.#counts;
    return { seconds: a.map((_, at) => (at * this.#width) / 1000), unitsA: a, unitsB: b, differing };
  }

  secondsOf(pts: number): number {
    return (pts - this.#first) / 1000;
  }

  /** Once for each side, although a run is read again for its other packets. */
  *watch(
    lines: Iterable<RunLine>,
    side: 'a' | 'b',
    timeOf: (line: RunLine) => number | null,
  ): Generator<RunLine> {
    const counts = new Array<number>(this.#counts[side].length).fill(0);
    this.#counts[side] = counts;
    for (const line of lines) {
      const time = timeOf(line);
      if (time !== null) counts[this.#binOf(time)]!++;
      yield line;
    }
  }

  differ(time: number): void {
    this.#counts.differing[this.#binOf(time)]!++;
  }

  #binOf(time: number): number {
    const bin = Math.floor((time - this.#first) / this.#width);
    return Math.min(this.#counts.differing.length - 1, Math.max(0, bin));
  }
}
