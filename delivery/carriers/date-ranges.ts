import {
  type CarriedStamp,
  carrierIdOf,
  DATERANGE_CUE_CLASS,
  DATERANGE_EPOCH_CLASS,
  DATERANGE_PTS,
  DATERANGE_TEXT,
  toHexSequence,
} from '../../cues/wire/index.ts';

/** A segment as dates need it. Milliseconds. */
export interface DatedSegment {
  /** Its media sequence number. */
  readonly number: number;
  /** PTS of the picture that its date belongs to. */
  readonly startPts: number;
  readonly durationMs: number;
  /** Unix milliseconds, as its EXT-X-PROGRAM-DATE-TIME. */
  readonly date: number;
}

interface DateRange {
  /** The whole tag: written once, for the values of one ID never change. */
  readonly line: string;
  /** The newest segment with a copy of it, or with its moment. */
  lastSegment: number;
}

interface Waiting {
  readonly carried: CarriedStamp;
  lastSegment: number;
}

/** Tags in one playlist; each is some 2 KB. */
const MAX_LISTED = 64;
/** Ranges whose values are remembered, listed or not. */
const MAX_RANGES = 256;
const MAX_WAITING = 64;
const MAX_SEGMENTS = 32;

/**
 * The EXT-X-DATERANGE tags of a stream (RFC 8216, 4.3.2.7): one for each cue that can be opened, one for each epoch.
 *
 * A cue is written when it has landed and its key may be known, not when it is announced: the values of one ID never
 * change, so the first writing must say all. It is dated by the segment that its moment lies in. It stays as long as a
 * segment of the window carries a copy of it: the injector puts an open cue on every keyframe, so whoever joins late
 * finds it.
 */
export class DateRanges {
  readonly #ranges = new Map<string, DateRange>();
  readonly #waiting = new Map<string, Waiting>();
  /** Newest last. */
  #segments: DatedSegment[] = [];

  /** The next segment, and the stamps that it carries. */
  add(segment: DatedSegment, stamps: readonly CarriedStamp[]): void {
    this.#segments.push(segment);
    if (this.#segments.length > MAX_SEGMENTS) this.#segments.shift();
    for (const carried of stamps) {
      if (!carried.isOpen) continue;
      const id = carrierIdOf(carried.stamp);
      const known = this.#ranges.get(id) ?? this.#waiting.get(id);
      if (known !== undefined) known.lastSegment = segment.number;
      else if (this.#waiting.size < MAX_WAITING) {
        this.#waiting.set(id, { carried, lastSegment: segment.number });
      }
    }
    const endPts = segment.startPts + segment.durationMs;
    for (const [id, { carried, lastSegment }] of this.#waiting) {
      // With B-frames a cue can land in the segment before its picture's.
      if (carried.eventPts >= endPts && lastSegment >= segment.number - 1) continue;
      this.#waiting.delete(id);
      this.#ranges.set(id, {
        line: lineOf(id, carried, this.#dateOf(carried.eventPts)),
        lastSegment: segment.number,
      });
      this.#forget();
    }
  }

  /** @param firstNumber media sequence number of the first segment listed */
  lines(firstNumber: number): readonly string[] {
    const listed: string[] = [];
    for (const { line, lastSegment } of this.#ranges.values())
      if (lastSegment >= firstNumber) listed.push(line);
    return listed.slice(-MAX_LISTED);
  }

  /** By the segment that it lies in: dates are moved a little from one segment to the next. */
  #dateOf(pts: number): number {
    const segment = this.#segments.findLast(({ startPts }) => startPts <= pts) ?? this.#segments[0]!;
    return Math.floor(segment.date) + Math.round(pts - segment.startPts);
  }

  #forget(): void {
    while (this.#ranges.size > MAX_RANGES) {
      let oldest: string | null = null;
      let lastSegment = Number.POSITIVE_INFINITY;
      for (const [id, range] of this.#ranges) {
        if (range.lastSegment < lastSegment) [oldest, lastSegment] = [id, range.lastSegment];
      }
      this.#ranges.delete(oldest!);
    }
  }
}

function lineOf(id: string, { stamp, text, eventPts }: CarriedStamp, date: number): string {
  const isEpoch = stamp.kind === 'clock';
  const durationMs = isEpoch ? undefined : stamp.body.durationMs;
  const attributes = [
    `ID="${id}"`,
    `CLASS="${isEpoch ? DATERANGE_EPOCH_CLASS : DATERANGE_CUE_CLASS}"`,
    `START-DATE="${new Date(date).toISOString()}"`,
    // A lock can end it sooner, so this is no DURATION.
    ...(durationMs === undefined ? [] : [`PLANNED-DURATION=${durationMs / 1000}`]),
    ...(isEpoch ? ['END-ON-NEXT=YES'] : []),
    // Signed numbers are none of an attribute's types: before the timeline's zero the text alone tells it.
    ...(eventPts < 0 ? [] : [`${DATERANGE_PTS}=${eventPts}`]),
    `${DATERANGE_TEXT}=${toHexSequence(text)}`,
  ];
  return `#EXT-X-DATERANGE:${attributes.join(',')}`;
}
