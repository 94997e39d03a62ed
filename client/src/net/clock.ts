import type { FramecueClock } from '../types.ts';
import { backoffMs, type Net, pause, request } from './http.ts';

/** One exchange that was good. */
interface Sample {
  /** Server's Unix microseconds less the local monotonic microseconds. */
  readonly offsetUs: number;
  /** Half of the time on the way: the server's moment lies within this of where it is taken to be. */
  readonly errorUs: number;
  /** Monotonic microseconds. */
  readonly atUs: number;
}

export interface ClockOptions {
  readonly url: string;
  readonly onProblem: (code: string) => void;
  /** The clock has become known. */
  readonly onKnown: () => void;
}

const BURST = 4;
const BURST_GAP_MS = 250;
const PERIOD_MS = 30_000;
const MAX_PERIOD_MS = 120_000;
const RETRY_BASE_MS = 1000;
const TIMEOUT_MS = 5000;
const MAX_SAMPLES = 8;
/** How far two oscillators may part: 100 ppm is beyond what PCs and phones do. */
const DRIFT = 100e-6;
/** `performance.now()` is coarsened to 100 us, and read twice. */
const RESOLUTION_US = 200;
/** Monotonic clocks may stand while a device sleeps: the wall clock then jumps against it. */
const SLEPT_MS = 2000;

/**
 * The server's clock by T1..T4 exchanges (RFC 5905, section 8) over HTTP: of the newest samples the one with the
 * least bound rules, and ages by the drift that two clocks may have.
 */
export class ServerClock implements FramecueClock {
  readonly #net: Net;
  readonly #options: ClockOptions;
  readonly #stop = new AbortController();
  #samples: Sample[] = [];
  #wallLessMonotonicMs: number;
  #running = false;
  #wake = new AbortController();

  constructor(net: Net, options: ClockOptions) {
    this.#net = net;
    this.#options = options;
    this.#wallLessMonotonicMs = net.localUnixMs() - net.nowMs();
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  now(): { readonly unixUs: number; readonly errorUs: number } | null {
    const nowUs = this.#net.nowMs() * 1000;
    const best = this.#best(nowUs);
    if (best === null) return null;
    return { unixUs: Math.round(nowUs + best.offsetUs), errorUs: Math.ceil(errorAt(best, nowUs)) };
  }

  /** The page was hidden, or the device may have slept: asks anew where the clocks have parted. */
  check(): void {
    if (!this.#slept()) return;
    this.#samples = [];
    this.#wake.abort();
  }

  destroy(): void {
    this.#stop.abort();
    this.#wake.abort();
  }

  #slept(): boolean {
    const difference = this.#net.localUnixMs() - this.#net.nowMs();
    const slept = Math.abs(difference - this.#wallLessMonotonicMs) > SLEPT_MS;
    // A step of the wall clock looks the same, and costs one more exchange.
    if (slept) this.#wallLessMonotonicMs = difference;
    return slept;
  }

  #best(nowUs: number): Sample | null {
    let best: Sample | null = null;
    for (const sample of this.#samples) {
      if (best === null || errorAt(sample, nowUs) < errorAt(best, nowUs)) best = sample;
    }
    return best;
  }

  async #run(): Promise<void> {
    let failures = 0;
    let good = 0;
    while (!this.#stop.signal.aborted) {
      if (this.#slept()) {
        this.#samples = [];
        good = 0;
      }
      const done = await this.#exchange();
      if (this.#stop.signal.aborted) return;
      failures = done ? 0 : failures + 1;
      if (done) good++;
      const waitMs = done
        ? good < BURST
          ? BURST_GAP_MS
          : Math.min(MAX_PERIOD_MS, PERIOD_MS * 2 ** Math.floor((good - BURST) / 4)) *
            (0.8 + 0.4 * this.#net.random())
        : backoffMs(this.#net, failures, RETRY_BASE_MS, MAX_PERIOD_MS);
      this.#wake = new AbortController();
      await pause(this.#net, waitMs, this.#wake.signal);
    }
  }

  async #exchange(): Promise<boolean> {
    const sentUs = this.#net.nowMs() * 1000;
    const t1 = Math.round(this.#net.localUnixMs() * 1000);
    const outcome = await request(this.#net, `${this.#options.url}?t1=${t1}`, {
      timeoutMs: TIMEOUT_MS,
      signal: this.#stop.signal,
    });
    const receivedUs = this.#net.nowMs() * 1000;
    if (!outcome.ok) {
      if (!this.#stop.signal.aborted) this.#options.onProblem(outcome.error.code);
      return false;
    }
    const { t1: echoed, t2, t3 } = (outcome.value ?? {}) as Record<string, unknown>;
    // Another t1 is another's answer, out of a cache: its t3 is old by nobody knows how much.
    if (echoed !== t1 || typeof t2 !== 'number' || typeof t3 !== 'number' || !(t3 >= t2)) {
      this.#options.onProblem('ERR_CLIENT_RESPONSE');
      return false;
    }
    const onTheWayUs = Math.max(0, receivedUs - sentUs - (t3 - t2));
    const first = this.#samples.length === 0;
    const sample: Sample = {
      offsetUs: (t2 - sentUs + (t3 - receivedUs)) / 2,
      errorUs: onTheWayUs / 2 + RESOLUTION_US,
      atUs: receivedUs,
    };
    // What cannot be true together with the newest was true before a step of the server's clock.
    this.#samples = this.#samples.filter(
      (s) => Math.abs(s.offsetUs - sample.offsetUs) <= errorAt(s, receivedUs) + sample.errorUs,
    );
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    if (first) this.#options.onKnown();
    return true;
  }
}

const errorAt = (sample: Sample, nowUs: number): number =>
  sample.errorUs + DRIFT * Math.max(0, nowUs - sample.atUs);
