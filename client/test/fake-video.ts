/** A video element as far as its buffer goes. */
export class FakeVideo extends EventTarget {
  /** Seconds; empty before there is anything. */
  ranges: readonly (readonly [start: number, end: number])[] = [];

  get buffered(): TimeRanges {
    const { ranges } = this;
    return { length: ranges.length, start: (i) => ranges[i]![0], end: (i) => ranges[i]![1] };
  }

  buffer(startMs: number, endMs: number): void {
    this.ranges = [[startMs / 1000, endMs / 1000]];
    this.dispatchEvent(new Event('progress'));
  }

  reload(): void {
    this.ranges = [];
    this.dispatchEvent(new Event('emptied'));
  }
}
