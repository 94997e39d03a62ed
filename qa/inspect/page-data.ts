import type { InspectedUnit } from './unit-reader.ts';

/** What the page plots of each access unit; bounded, so that a day's recording still makes a page. */
export interface PlotPoint {
  readonly index: number;
  /** Seconds on the timeline, or the index where there are no times. */
  readonly x: number;
  readonly bytes: number;
  readonly isKeyframe: boolean;
  readonly seiBytes: number;
  readonly lint: readonly string[];
}

/** 20 hours at 60 pictures a second are 4.3 million: more is thinned by dropping every second one. */
const MAX_POINTS = 200_000;

export class PageData {
  readonly #points: PlotPoint[] = [];
  #every = 1;
  #seen = 0;
  #hasTimes = false;

  get points(): readonly PlotPoint[] {
    return this.#points;
  }

  /** Each point stands for so many access units. */
  get every(): number {
    return this.#every;
  }

  get hasTimes(): boolean {
    return this.#hasTimes;
  }

  add(unit: InspectedUnit): void {
    this.#hasTimes ||= unit.dts !== null;
    const isKept = this.#seen++ % this.#every === 0 || unit.lint.length > 0;
    if (!isKept) return;
    this.#points.push({
      index: unit.index,
      x: unit.dts === null ? unit.index : unit.dts / 1000,
      bytes: unit.bytes,
      isKeyframe: unit.isKeyframe,
      seiBytes: unit.sei.reduce((sum, { payload }) => sum + payload.length, 0),
      lint: unit.lint.map(({ code }) => code),
    });
    if (this.#points.length > MAX_POINTS) this.#thin();
  }

  #thin(): void {
    this.#every *= 2;
    const kept = this.#points.filter(
      ({ lint, isKeyframe }, i) => i % 2 === 0 || lint.length > 0 || isKeyframe,
    );
    // Findings alone may be more than the limit: then they are thinned as well.
    const list = kept.length > MAX_POINTS * 0.75 ? kept.filter((_, i) => i % 2 === 0) : kept;
    this.#points.length = 0;
    for (const point of list) this.#points.push(point);
  }
}
