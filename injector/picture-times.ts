import type { EpochAnchor } from '../cues/anchor.ts';
import { LatencyTimes } from '../cues/latency-times.ts';
import type { ProductionLatency } from '../cues/production-latency.ts';
import type { Milliseconds, UnixMicroseconds } from '../packet/time.ts';
import type { CaptureTimes, TakenPicture } from './cue-entry.ts';
import type { ClockCheck } from './encoder-clock/clock-check.ts';
import type { EncoderClock, EncoderClockSettings } from './encoder-clock/encoder-clock.ts';

/**
 * When the pictures of a stream were taken: by the publisher's clock where that is believed, else by arrival and the
 * production latency where that is known.
 */
export class PictureTimes implements CaptureTimes {
  readonly #encoder: EncoderClock;
  readonly #at: EncoderClockSettings['at'];
  #arrivals: EpochAnchor | null = null;
  #latency: ProductionLatency | null = null;
  #byLatency: LatencyTimes | null = null;

  constructor(encoder: EncoderClock, at: EncoderClockSettings['at']) {
    this.#encoder = encoder;
    this.#at = at;
  }

  /** @param arrivals of the epoch at hand */
  set arrivals(arrivals: EpochAnchor) {
    if (arrivals === this.#arrivals) return;
    this.#arrivals = arrivals;
    this.#renew();
  }

  get latency(): ProductionLatency | null {
    return this.#latency;
  }

  set latency(latency: ProductionLatency | null) {
    this.#latency = latency;
    this.#renew();
  }

  get check(): ClockCheck | null {
    return this.#encoder.check;
  }

  pictureAt(wall: UnixMicroseconds): TakenPicture | null {
    const taken = this.#encoder.pictureAt(wall);
    if (taken !== null) return { by: 'capture', ...taken };
    const target = this.#at === 'arrival' ? null : (this.#byLatency?.pictureAt(wall) ?? null);
    if (target === null) return null;
    const otherwiseMs = this.#latency!.ms + this.#encoder.lagUs / 1000;
    return this.#at === 'capture' || target.errorMs < otherwiseMs ? { by: 'latency', ...target } : null;
  }

  /** By what the wall-clock moment of a cue is turned into a picture now. */
  timingAt(wall: UnixMicroseconds): 'capture' | 'latency' | 'stamp' {
    return this.pictureAt(wall)?.by ?? 'stamp';
  }

  captureOf(pts: Milliseconds, by: TakenPicture['by']): UnixMicroseconds | null {
    return by === 'capture' ? this.#encoder.captureOf(pts) : (this.#byLatency?.captureOf(pts) ?? null);
  }

  #renew(): void {
    const known = this.#latency !== null && this.#arrivals !== null;
    this.#byLatency = known ? new LatencyTimes(this.#latency!, this.#arrivals!) : null;
    this.#encoder.reference = this.#byLatency;
  }
}
