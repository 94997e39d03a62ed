import { EpochAnchor, type EpochAnchorState } from '../cues/anchor.ts';
import { PresentationOrder, type PresentationOrderState } from '../cues/next-frame.ts';
import type { Clock } from '../packet/clock.ts';
import type { AvcFramePacket } from '../packet/packet.ts';
import type { Microseconds, Milliseconds } from '../packet/time.ts';
import type { FrameMoment } from './cue-entry.ts';
import { FrameRate, type FrameRateState, WARM_UP } from './frame-rate.ts';

/** See `StreamInjector.state`. */
export interface EpochData {
  readonly id: string;
  readonly frame: number;
  readonly nextPts: Milliseconds | null;
  readonly order: PresentationOrderState;
  readonly anchor: EpochAnchorState;
  /** Not there in states of before it was kept. */
  readonly arrivals?: EpochAnchorState;
  readonly rate: FrameRateState;
}

/** What one unbroken timeline has shown so far: its pictures' order, rate, and place on the wall clock. */
export class EpochState {
  readonly id: string;
  /** By when pictures pass the injector. */
  readonly anchor: EpochAnchor;
  /**
   * By when keyframes came, which may be before they pass. They are what slates are read from and what OBS times:
   * the largest pictures come late by their size, and so does the latency that is measured on them.
   */
  readonly arrivals: EpochAnchor;
  readonly #order = new PresentationOrder();
  readonly #rate = new FrameRate();
  #frame = 0;
  #nextPts: Milliseconds | null = null;

  constructor(id: string, clock: Clock) {
    this.id = id;
    this.anchor = new EpochAnchor(clock);
    this.arrivals = new EpochAnchor(clock);
  }

  /** Access units so far, in decode order. */
  get frame(): number {
    return this.#frame;
  }

  /** The first picture in presentation order that had not passed when the last access unit came; null before one. */
  get nextPts(): Milliseconds | null {
    return this.#nextPts;
  }

  /**
   * Call once for every picture, in decode order, before it passes.
   * @param arrivedUs when it came, where it has waited since
   */
  arrive({ dts, isKeyframe }: AvcFramePacket, pts: Milliseconds, arrivedUs?: Microseconds): FrameMoment {
    this.anchor.observe(dts, pts);
    if (isKeyframe) this.arrivals.observe(dts, pts, arrivedUs);
    this.#rate.observe(dts);
    const next = this.#order.arrive({ dts, pts, isKeyframe });
    this.#frame++;
    this.#nextPts = next.pts;
    const { frameMs, roughFrameMs } = this.#rate;
    const isYoung = frameMs === null && this.#frame < WARM_UP;
    const latestPts = this.#order.latestPassed ?? pts;
    return { pts, isKeyframe, next, latestPts, frameMs, roughFrameMs, isYoung };
  }

  get state(): EpochData {
    const { state: order } = this.#order;
    const { state: rate } = this.#rate;
    const { id } = this;
    const anchors = { anchor: this.anchor.state, arrivals: this.arrivals.state };
    return { id, frame: this.#frame, nextPts: this.#nextPts, order, rate, ...anchors };
  }

  resume({ frame, nextPts, order, anchor, rate, arrivals }: EpochData): void {
    this.#frame = frame;
    this.#nextPts = nextPts;
    this.#order.resume(order);
    this.anchor.resume(anchor);
    if (arrivals !== undefined) this.arrivals.resume(arrivals);
    this.#rate.resume(rate);
  }
}
