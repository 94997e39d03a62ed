import { type Microseconds, type Milliseconds, ms, type UnixMicroseconds, unixUs } from '../packet/time.ts';
import { errorAt, lineThrough, type OffsetLine, type OffsetPoint, offsetAt } from './capture-clock-line.ts';
import type { CaptureReading, CaptureReport, CaptureState, CaptureTarget } from './capture-clock-report.ts';
import { Transit, type TransitState } from './capture-clock-transit.ts';

export {
  CAPTURE_STATES,
  type CaptureReading,
  type CaptureReport,
  type CaptureState,
  type CaptureTarget,
} from './capture-clock-report.ts';

const LOCK_READINGS = 4;
const LOCK_SPAN_MS = 3_000;
const POINT_MS = 1_000;
const POINTS = 64;
const WINDOW_MS = 180_000;
/** Further from the line than this is no jitter. */
const STEP_US = 40_000;
const STEP_READINGS = 3;
const STEP_SPAN_MS = 1_000;
/** Clocks that are kept by NTP agree within it; a picture taken later than that after its arrival proves a wrong one. */
const NTP_US = 20_000;
const ABSURD_US = 3_600_000_000;
const SILENT_US = 10_000_000;
const SILENT_READINGS = 4;
/** Moved so far: a picture or more. Or moving so fast that it soon will have. */
const MOVED_US = 50_000;
const DRIFT_PPM = 200;

/** `capture - PTS` of a reading, microseconds. */
interface Offset {
  readonly reading: CaptureReading;
  readonly offset: number;
}

/** Readings since the last that fitted the line. Those of the newest run fit each other. */
interface Misfits {
  readonly first: Offset;
  readonly count: number;
  /** The newest of the run. */
  readonly recent: readonly Offset[];
  /** The farthest of them all from the line, microseconds. */
  readonly farthest: number;
}

/** Plain data, for a replay that begins in the middle. */
export interface CaptureClockState {
  readonly points: readonly OffsetPoint[];
  readonly misfits: Misfits | null;
  readonly transit: TransitState;
  readonly last: CaptureReading | null;
  readonly gapUs: number;
  readonly insideUs: number;
  readonly relocking: boolean;
  readonly readings: number;
  readonly discarded: number;
  readonly steps: number;
  readonly lastStep: CaptureReport['lastStep'];
}

/**
 * Ties one epoch's timeline to the wall clock in front of the camera, from the capture times that a publisher sends
 * with some of its pictures (OBS BPM on keyframes, MISB ST 0604 on any). Pure; bounded memory.
 *
 * A publisher's clock is taken as it is: whether it shows the right time cannot be told from here. OBS reads the wall
 * clock once, when it starts, and counts from there, so later corrections never show; hence the drift against arrival.
 */
export class CaptureClock {
  #points: OffsetPoint[] = [];
  #line: OffsetLine | null = null;
  #transit = new Transit();
  #misfits: Misfits | null = null;
  #last: CaptureReading | null = null;
  #gapUs = 0;
  #insideUs = 0;
  #relocking = false;
  #readings = 0;
  #discarded = 0;
  #steps = 0;
  #lastStep: CaptureReport['lastStep'] = null;

  get state(): CaptureClockState {
    return {
      points: [...this.#points],
      misfits: this.#misfits,
      transit: this.#transit.state,
      last: this.#last,
      gapUs: this.#gapUs,
      insideUs: this.#insideUs,
      relocking: this.#relocking,
      readings: this.#readings,
      discarded: this.#discarded,
      steps: this.#steps,
      lastStep: this.#lastStep,
    };
  }

  /** Goes on where another was. */
  resume(state: CaptureClockState): void {
    this.#points = [...state.points];
    this.#line = state.points.length === 0 ? null : lineThrough(state.points);
    this.#misfits = state.misfits;
    this.#transit.resume(state.transit);
    this.#last = state.last;
    this.#gapUs = state.gapUs;
    this.#insideUs = state.insideUs;
    this.#relocking = state.relocking;
    this.#readings = state.readings;
    this.#discarded = state.discarded;
    this.#steps = state.steps;
    this.#lastStep = state.lastStep;
  }

  observe(reading: CaptureReading): void {
    this.#readings++;
    if (this.#last !== null) this.#gapUs = reading.arrivedUs - this.#last.arrivedUs;
    this.#last = reading;
    const offset = reading.captureUs + reading.resolutionUs / 2 - reading.pts * 1000;
    const line = this.#line;
    const off = line === null ? 0 : Math.abs(offset - offsetAt(line, reading.pts));
    if (line === null || off <= toleranceOf(line, reading.pts)) {
      this.#discarded += this.#misfits?.count ?? 0;
      this.#misfits = null;
      this.#take(reading, offset);
      return;
    }
    this.#misfits = this.#withMisfit({ reading, offset }, off);
    if (!this.#isKnown) this.#beginAnew(false);
    else if (isStep(this.#misfits)) this.#beginAnew(true);
  }

  /** Of the newest reading; null before one. */
  get lastPts(): Milliseconds | null {
    return this.#last?.pts ?? null;
  }

  /** The last step of the publisher's clock; another object for each. */
  get lastStep(): CaptureReport['lastStep'] {
    return this.#lastStep;
  }

  /** @param now our monotonic clock */
  stateAt(now: Microseconds): CaptureState {
    if (this.#last === null || this.#line === null) return 'absent';
    const silentUs = Math.max(SILENT_US, SILENT_READINGS * this.#gapUs);
    if (now - this.#last.arrivedUs > silentUs) return 'absent';
    const least = this.#leastUs()!;
    if (least > ABSURD_US || least + this.#errorUs(this.#last.pts) + NTP_US < 0) return 'absurd';
    if (!this.#isKnown) return this.#relocking ? 'stepped' : 'locking';
    if (!this.#last.locked) return 'locking';
    return this.#isDrifting() ? 'drifting' : 'locked';
  }

  /** The wall clock at which a picture was taken, by the publisher's clock; null before the first reading. */
  captureOf(pts: Milliseconds): UnixMicroseconds | null {
    return this.#line === null ? null : unixUs(Math.round(pts * 1000 + offsetAt(this.#line, pts)));
  }

  /** How far off {@link captureOf} can be by the publisher's own clock, milliseconds; null while that is not known. */
  errorMsOf(pts: Milliseconds): number | null {
    return this.#isKnown ? this.#errorUs(pts) / 1000 : null;
  }

  /** The picture that was, or will be, taken at `wall`; null while that is not known, or the clock is absurd. */
  pictureAt(wall: UnixMicroseconds, now: Microseconds): CaptureTarget | null {
    const line = this.#line;
    const state = this.stateAt(now);
    if (line === null || !this.#isKnown || state === 'absent' || state === 'absurd') return null;
    // capture = pts * 1000 + offset + slope * (pts - centre), solved for pts
    const pts = ms((wall - line.offset + line.slope * line.centre) / (1000 + line.slope));
    const wrongUs = this.#aheadUs() + Math.abs(this.#transit.movedUs);
    return {
      pts,
      errorMs: (this.#errorUs(pts) + wrongUs) / 1000,
      arrivalErrorMs: Math.abs(this.#leastUs()!) / 1000,
    };
  }

  reportAt(now: Microseconds): CaptureReport {
    const state = this.stateAt(now);
    const least = this.#leastUs();
    return {
      state,
      readings: this.#readings,
      discarded: this.#discarded,
      steps: this.#steps,
      lastStep: this.#lastStep,
      errorMs: this.#last === null || state === 'absent' ? null : this.errorMsOf(this.#last.pts),
      captureToArrivalMs:
        least === null || state === 'absent'
          ? null
          : { last: (this.#transit.last! + wallLessMonotonic(this.#last!)) / 1000, least: least / 1000 },
      aheadAtLeastMs: this.#aheadUs() / 1000,
      behindAtMostMs: this.#isKnown ? Math.max(0, least! - this.#insideUs + this.#doubtfulUs) / 1000 : null,
      drift: this.#transit.drift,
      movedMs: this.#transit.movedUs / 1000,
    };
  }

  get #isKnown(): boolean {
    const { length } = this.#points;
    return length >= LOCK_READINGS && this.#points[length - 1]!.pts - this.#points[0]!.pts >= LOCK_SPAN_MS;
  }

  /** A reading that does not fit is either wrong or the first after a step: until that is settled, it counts. */
  #errorUs(pts: number): number {
    const line = this.#line!;
    const error = errorAt(line, pts);
    // The misfits are known no better than the line is.
    return this.#misfits === null ? error : 2 * error + this.#misfits.farthest;
  }

  #leastUs(): number | null {
    const { least } = this.#transit;
    return least === null ? null : least + wallLessMonotonic(this.#last!);
  }

  /** Nothing arrives before it was taken, nor before the publisher was done with it. */
  #aheadUs(): number {
    const least = this.#leastUs();
    return this.#isKnown ? Math.max(0, this.#insideUs - least! - this.#doubtfulUs) : 0;
  }

  get #doubtfulUs(): number {
    return this.#errorUs(this.#last!.pts);
  }

  #isDrifting(): boolean {
    const { drift, movedUs } = this.#transit;
    if (drift === null) return false;
    const isFast = Math.abs(drift.ppm) > DRIFT_PPM && Math.abs(drift.ppm) > drift.errorPpm;
    return isFast || Math.abs(movedUs) > MOVED_US;
  }

  #take(reading: CaptureReading, offset: number): void {
    this.#insideUs = reading.insideUs;
    this.#transit.observe(reading.arrivedUs, reading.arrivedUs - reading.captureUs);
    const newest = this.#points.at(-1);
    if (newest !== undefined && reading.pts - newest.pts < POINT_MS) {
      const wider = {
        pts: newest.pts,
        least: Math.min(newest.least, offset),
        most: Math.max(newest.most, offset),
      };
      if (wider.least === newest.least && wider.most === newest.most) return;
      this.#points[this.#points.length - 1] = wider;
    } else {
      this.#points.push({ pts: reading.pts, least: offset, most: offset });
      const isTooMuch = (): boolean =>
        this.#points.length > POINTS ||
        (this.#points.length > LOCK_READINGS && reading.pts - this.#points[0]!.pts > WINDOW_MS);
      while (isTooMuch()) this.#points.shift();
    }
    if (this.#isKnown) this.#relocking = false;
    this.#line = lineThrough(this.#points);
  }

  #withMisfit(misfit: Offset, off: number): Misfits {
    const before = this.#misfits;
    const farthest = Math.max(before?.farthest ?? 0, off);
    if (before !== null && Math.abs(misfit.offset - before.first.offset) <= STEP_US) {
      const recent = [...before.recent, misfit].slice(-STEP_READINGS);
      return { first: before.first, count: before.count + 1, recent, farthest };
    }
    this.#discarded += before?.count ?? 0;
    return { first: misfit, count: 1, recent: [misfit], farthest };
  }

  #beginAnew(hasStepped: boolean): void {
    const kept = this.#misfits!.recent;
    const { reading, offset } = kept.at(-1)!;
    if (hasStepped) {
      this.#steps++;
      const byMs = (offset - offsetAt(this.#line!, reading.pts)) / 1000;
      this.#lastStep = { byMs, at: reading.arrivedAt };
      this.#relocking = true;
    }
    this.#points = [];
    this.#transit = new Transit();
    this.#misfits = null;
    for (const { reading: again, offset: its } of kept) this.#take(again, its);
  }
}

/** Enough readings, over long enough: not a moment's mistake. */
const isStep = ({ first, count, recent }: Misfits): boolean =>
  count >= STEP_READINGS && recent.at(-1)!.reading.pts - first.reading.pts >= STEP_SPAN_MS;

const wallLessMonotonic = ({ arrivedAt, arrivedUs }: CaptureReading): number => arrivedAt - arrivedUs;

const toleranceOf = (line: OffsetLine, pts: number): number =>
  Math.max(STEP_US, 2 * line.spread + errorAt(line, pts));
