import { PAGE_CLOCK_ERROR_MS } from '../../../cues/slate/code.ts';
import type { Clock } from '../../../packet/clock.ts';
import type { ReceivedKeyframe } from '../live-stream.ts';
import { type LatencyEstimate, LatencyEstimator } from './estimate.ts';
import { type Unreadable, unreadableOf } from './reasons.ts';
import type { SlateReader } from './slate-thread.ts';

/** Settings of a screen that shows the slate. Milliseconds. */
export interface ScreenLatency {
  /** From drawing to light. */
  readonly screenLatencyMs: number;
  readonly screenErrorMs: number;
}

/** What browsers and panels take where nobody has measured: two displays at 60 Hz to the panel, 5 to 25 ms in it. */
export const USUAL_SCREEN: ScreenLatency = { screenLatencyMs: 40, screenErrorMs: 25 };

export interface SlateStatus extends ScreenLatency {
  readonly state: 'off' | 'searching' | 'reading' | 'unreadable';
  readonly latencyMs: number | null;
  /** Half of the span that holds 90 % of the readings. */
  readonly spreadMs: number | null;
  /** How far off `latencyMs` can be, with what the screen and the page's clock may be off. */
  readonly errorMs: number | null;
  readonly driftPpm: number | null;
  /** 0 to 1. */
  readonly confidence: number;
  readonly readings: number;
  /** Pictures that were looked at since it was switched on. */
  readonly pictures: number;
  readonly unreadable: Unreadable | null;
  /** Unix milliseconds; of the newest reading. */
  readonly lastAt: number | null;
  /** What the page in front of the camera must show; null while off. */
  readonly session: number | null;
  /** Unix milliseconds: it stops by itself. */
  readonly until: number | null;
}

export interface SlateMeasureOptions {
  readonly clock: Clock;
  readonly reader: SlateReader;
  readonly onChange: () => void;
  readonly randomSession: () => number;
}

/** Decoding is the dear part: not more often than this. */
const EVERY_MS = 900;
/** While none is found. */
const SEARCH_EVERY_MS = 2_000;
export const RUN_MS = 15 * 60_000;
/** So long after the last reading it is said why there is none. */
const LOST_MS = 8_000;
/** The way from a lens to here, with all that a production may hold back. */
const LEAST_LATENCY_MS = -100;
const MOST_LATENCY_MS = 60_000;

/** Measures one stream's way from the lens to here, by a clock slate in its pictures. Off until it is switched on. */
export class SlateMeasure {
  readonly #options: SlateMeasureOptions;
  #screen: ScreenLatency;
  #session: number | null = null;
  #untilUs = 0;
  #estimator = new LatencyEstimator();
  #nextUs = 0;
  #pictures = 0;
  #lastAt: number | null = null;
  #unreadable: Unreadable | null = null;
  #run = 0;
  /** A picture of this stream is at the reader. */
  #isBusy = false;

  constructor(options: SlateMeasureOptions, screen: ScreenLatency = USUAL_SCREEN) {
    this.#options = options;
    this.#screen = screen;
  }

  get isOn(): boolean {
    return this.#session !== null && this.#options.clock.monotonicUs() < this.#untilUs;
  }

  get screen(): ScreenLatency {
    return this.#screen;
  }

  set screen(screen: ScreenLatency) {
    this.#screen = screen;
  }

  /** Begins anew; on again while it is on, it runs on, and longer. @param session of a slate that others share */
  start(session?: number): void {
    const wasOn = this.isOn;
    this.#untilUs = this.#options.clock.monotonicUs() + RUN_MS * 1000;
    if (wasOn && (session === undefined || session === this.#session)) return;
    this.#session = session ?? this.#options.randomSession();
    this.#estimator = new LatencyEstimator();
    this.#pictures = 0;
    this.#lastAt = null;
    this.#unreadable = null;
    this.#nextUs = 0;
    this.#run++;
  }

  stop(): void {
    this.#session = null;
    this.#unreadable = null;
    this.#run++;
  }

  /** Within a frame: it only decides whether this picture is looked at. */
  readonly onKeyframe = (frame: ReceivedKeyframe): void => {
    if (this.#isBusy || !this.isOn) return;
    const nowUs = this.#options.clock.monotonicUs();
    if (nowUs < this.#nextUs) return;
    const { record, data, arrivedAt } = frame;
    const reading = this.#options.reader.read({ record, data, arrivedAt });
    // Too many streams wait for the reader: the next keyframe is as good.
    if (reading === null) return;
    this.#nextUs = nowUs + (this.#lastAt === null ? SEARCH_EVERY_MS : EVERY_MS) * 1000;
    this.#pictures++;
    this.#isBusy = true;
    const run = this.#run;
    void reading.then((outcome) => {
      this.#isBusy = false;
      if (run !== this.#run) return;
      if (!outcome.ok) this.#missed(outcome.reason);
      else if (outcome.session !== this.#session) this.#missed('stale-session');
      else this.#read(frame, arrivedAt - outcome.drawnAt, outcome.errorMs);
      this.#options.onChange();
    });
  };

  status(): SlateStatus {
    const { screenLatencyMs, screenErrorMs } = this.#screen;
    const nowMs = this.#options.clock.unixMs();
    const estimate = this.estimate();
    const known = {
      latencyMs: rounded(estimate?.latencyMs),
      spreadMs: rounded(estimate?.spreadMs),
      errorMs: rounded(estimate?.errorMs),
      driftPpm: rounded(estimate?.driftPpm),
      confidence: Math.round((estimate?.confidence ?? 0) * 100) / 100,
      readings: estimate?.readings ?? 0,
      pictures: this.#pictures,
      lastAt: this.#lastAt,
      ...{ screenLatencyMs, screenErrorMs },
    };
    if (!this.isOn) return { ...known, state: 'off', unreadable: null, session: null, until: null };
    const leftMs = (this.#untilUs - this.#options.clock.monotonicUs()) / 1000;
    const on = { ...known, session: this.#session, until: Math.round(nowMs + leftMs) };
    const isReading = this.#lastAt !== null && nowMs - this.#lastAt < LOST_MS;
    if (isReading) return { ...on, state: 'reading', unreadable: this.#unreadable };
    const isSearching = this.#unreadable === null || this.#unreadable.code === 'no-slate';
    return { ...on, state: isSearching ? 'searching' : 'unreadable', unreadable: this.#unreadable };
  }

  /** From the lens: the screen's own latency taken off, its error and the page's clock's added; null before the first reading. */
  estimate(): LatencyEstimate | null {
    const estimate = this.#estimator.estimate();
    if (estimate === null) return null;
    const { screenLatencyMs, screenErrorMs } = this.#screen;
    return {
      ...estimate,
      latencyMs: estimate.latencyMs - screenLatencyMs,
      errorMs: estimate.errorMs + screenErrorMs + PAGE_CLOCK_ERROR_MS,
    };
  }

  #read({ arrivedUs, arrivedAt }: ReceivedKeyframe, latencyMs: number, errorMs: number): void {
    if (latencyMs < LEAST_LATENCY_MS || latencyMs > MOST_LATENCY_MS) {
      this.#missed('implausible');
      return;
    }
    this.#estimator.add({ atMs: arrivedUs / 1000, latencyMs, errorMs });
    this.#lastAt = arrivedAt;
    this.#unreadable = null;
  }

  #missed(code: Unreadable['code']): void {
    this.#estimator.missed();
    this.#unreadable = unreadableOf(code);
  }
}

const rounded = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : Math.round(value * 10) / 10;
