import type { Clock } from '../packet/clock.ts';
import { type Microseconds, type Milliseconds, ms, type UnixMicroseconds, unixUs } from '../packet/time.ts';

/** How fast the anchor follows: slow enough for network jitter, fast enough for an encoder clock that drifts. */
const TIME_CONSTANT_US = 10_000_000;
/** Farther off than this is no jitter: the timeline stalled, and the anchor starts anew. */
const JUMP_US = 2_000_000;

export interface EpochAnchorState {
  readonly offsetUs: number | null;
  readonly compositionOffset: number;
  readonly lastUs: number;
  readonly samples: number;
  /** Mean distance of the samples. Not there in states of before it was kept. */
  readonly deviationUs?: number;
}

/**
 * The tie between one epoch's timeline and time: when does a picture pass the injector? Kept on the monotonic
 * clock and turned into wall clock when asked, so that a step of the wall clock moves no cue.
 *
 * A picture counts as passed when the access unit at `dts = pts - D` passes: from then on it can be shown.
 */
export class EpochAnchor {
  readonly #clock: Clock;
  #offsetUs: number | null = null;
  #compositionOffset = 0;
  #lastUs = 0;
  #samples = 0;
  #deviationUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What it has learnt; `resume` on another one goes on from there. */
  get state(): EpochAnchorState {
    return {
      offsetUs: this.#offsetUs,
      compositionOffset: this.#compositionOffset,
      lastUs: this.#lastUs,
      samples: this.#samples,
      deviationUs: this.#deviationUs,
    };
  }

  resume(state: EpochAnchorState): void {
    this.#offsetUs = state.offsetUs;
    this.#compositionOffset = state.compositionOffset;
    this.#lastUs = state.lastUs;
    this.#samples = state.samples;
    this.#deviationUs = state.deviationUs ?? 0;
  }

  get known(): boolean {
    return this.#offsetUs !== null;
  }

  /** How far single access units are from it in the mean, microseconds. */
  get deviationUs(): number {
    return this.#deviationUs;
  }

  /** One access unit passes, now or when it is said. The first of an epoch gives D. */
  observe(dts: Milliseconds, pts: Milliseconds, nowUs: Microseconds = this.#clock.monotonicUs()): void {
    const sampleUs = nowUs - dts * 1000;
    if (this.#offsetUs === null || Math.abs(sampleUs - this.#offsetUs) > JUMP_US) {
      if (this.#offsetUs === null) this.#compositionOffset = pts - dts;
      this.#offsetUs = sampleUs;
      this.#samples = 1;
      this.#deviationUs = 0;
    } else {
      this.#samples++;
      const elapsed = Math.max(0, nowUs - this.#lastUs);
      // A plain mean at first, an exponential one once it would be the slower of the two.
      const weight = Math.max(1 / this.#samples, elapsed / (TIME_CONSTANT_US + elapsed));
      const off = sampleUs - this.#offsetUs;
      this.#offsetUs += off * Math.min(1, weight);
      this.#deviationUs += (Math.abs(off) - this.#deviationUs) * Math.min(1, weight);
    }
    this.#lastUs = nowUs;
  }

  /** The wall clock at which the picture with this PTS passes the injector, as far as known now. */
  wallOf(pts: Milliseconds): UnixMicroseconds {
    return unixUs(
      Math.round(this.#offset() + (pts - this.#compositionOffset) * 1000 + this.#wallLessMonotonic()),
    );
  }

  /** The PTS that passes the injector at this wall clock; fractions of a millisecond kept. */
  ptsAt(wall: UnixMicroseconds): Milliseconds {
    return ms((wall - this.#wallLessMonotonic() - this.#offset()) / 1000 + this.#compositionOffset);
  }

  #offset(): number {
    if (this.#offsetUs === null) throw new Error('no access unit of this epoch has passed yet');
    return this.#offsetUs;
  }

  #wallLessMonotonic(): number {
    return this.#clock.unixUs() - this.#clock.monotonicUs();
  }
}
