import { EpochAnchor } from '../../cues/anchor.ts';
import type { Clock } from '../../packet/clock.ts';
import { type Milliseconds, type UnixMilliseconds, unixMs } from '../../packet/time.ts';

/** How far a date may be moved towards the truth, as a share of its segment's length. */
const SLEW = 0.02;
/** Farther off than this is a step of the clock or a stall, not drift. */
const JUMP_MS = 2_000;

/**
 * Dates for EXT-X-PROGRAM-DATE-TIME. Adding up durations alone would follow the encoder's clock, after days far
 * into the future; the arrival of each segment alone would shake with the network. So each date is the one before
 * plus its segment's length, moved a little towards the epoch's anchor.
 */
export class ProgramClock {
  readonly #clock: Clock;
  #anchor: EpochAnchor;
  /** The end of the segment before; null at the very beginning. */
  #next: number | null = null;
  #isNewEpoch = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#anchor = new EpochAnchor(clock);
  }

  startEpoch(): void {
    this.#anchor = new EpochAnchor(this.#clock);
    this.#isNewEpoch = true;
  }

  /** A frame passes now. */
  observe(dts: Milliseconds, pts: Milliseconds): void {
    this.#anchor.observe(dts, pts);
  }

  /** The date of the next segment in order, by the PTS of its first picture, some frame of which was observed. */
  dateOf(startPts: Milliseconds, durationMs: Milliseconds): UnixMilliseconds {
    const truth = this.#anchor.wallOf(startPts) / 1000;
    let date = truth;
    if (this.#next !== null && Math.abs(truth - this.#next) <= JUMP_MS) {
      const most = durationMs * SLEW;
      // Another epoch begins when it does, but not before the last one ended.
      date = this.#isNewEpoch
        ? Math.max(truth, this.#next)
        : this.#next + Math.min(most, Math.max(-most, truth - this.#next));
    }
    this.#isNewEpoch = false;
    this.#next = date + durationMs;
    return unixMs(date);
  }
}
