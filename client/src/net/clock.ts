import type { FramecueClock } from '../types.ts';
import { ClockFilter, type ClockReading } from './clock-filter.ts';
import { ClockSocket } from './clock-socket.ts';
import { askCached, askGateway, askHttp, type ClockWay, type WayOutcome } from './clock-ways.ts';
import { backoffMs, type Net, pause } from './http.ts';

export interface ClockOptions {
  /** Base URL of the API (`.../api/v1`). */
  readonly url: string;
  /** The way that is taken first. Default `http`. */
  readonly way?: ClockWay | undefined;
  readonly onProblem: (code: string) => void;
  /** The clock has become known. */
  readonly onKnown: () => void;
}

/** What is tried when the way before it does not work. */
const WAYS: Readonly<Record<ClockWay, readonly ClockWay[]>> = {
  gateway: ['gateway', 'http', 'cached'],
  http: ['http', 'cached'],
  cached: ['cached', 'http'],
};
const FAILURES_TO_LEAVE = 3;
/** How long the way that is preferred is left alone after it did not work. */
const BACK_AFTER_MS = 5 * 60_000;

/** Exchanges in a row, least and most: at first, and later. */
const BURST = [8, 20] as const;
const AGAIN = [1, 5] as const;
const GAP_MS = 250;
/** Answers of a cache change once a second. */
const CACHED_GAP_MS = 1300;
const PERIOD_MS = 30_000;
const MAX_PERIOD_MS = 120_000;
const ROUNDS_PER_PERIOD = 4;
const RETRY_BASE_MS = 1000;
const TIMEOUT_MS = 5000;
/** An estimate as good as this is good enough; the bound tells more of it to nobody. */
const GOOD_US = 700;
/** By how much wall clock and monotonic clock may part between two looks, by themselves: slewing and coarse reading. */
const APART_MS = 20;
const APART_SHARE = 1e-3;
/** By more than this, and what was known is of no use. */
const SLEPT_MS = 2000;

/** The server's clock: asks in bursts, seldom once it is known, by another way where one does not work. */
export class ServerClock implements FramecueClock {
  readonly #net: Net;
  readonly #options: ClockOptions;
  readonly #stop = new AbortController();
  readonly #filter = new ClockFilter();
  readonly #socket: ClockSocket;
  readonly #ways: readonly ClockWay[];
  #way = 0;
  #wayFailures = 0;
  #leftAtMs = 0;
  /** Wall clock less monotonic clock of this device, and when that was read. */
  #apart: { readonly ms: number; readonly atMs: number };
  /** The device slept for so long, or its wall clock was set: nobody knows which. */
  #doubtUs = 0;
  #running = false;
  #wake = new AbortController();

  constructor(net: Net, options: ClockOptions) {
    this.#net = net;
    this.#options = options;
    this.#ways = WAYS[options.way ?? 'http'];
    this.#socket = new ClockSocket(net, `${options.url.replace(/^http/, 'ws')}/gateway`);
    this.#apart = { ms: net.localUnixMs() - net.nowMs(), atMs: net.nowMs() };
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  /** The way that is taken now. */
  get way(): ClockWay {
    return this.#ways[this.#way]!;
  }

  now(): { readonly unixUs: number; readonly errorUs: number } | null {
    this.check();
    const nowUs = this.#net.nowMs() * 1000;
    const known = this.#filter.at(nowUs);
    if (known === null) return null;
    return {
      unixUs: Math.round(nowUs + known.offsetUs),
      errorUs: Math.ceil(known.errorUs + this.#doubtUs),
    };
  }

  /** Monotonic clocks may stand while a device sleeps: its wall clock then jumps against it, and it asks anew. */
  check(): void {
    const atMs = this.#net.nowMs();
    const ms = this.#net.localUnixMs() - atMs;
    const movedMs = Math.abs(ms - this.#apart.ms);
    const mayMs = APART_MS + APART_SHARE * (atMs - this.#apart.atMs);
    this.#apart = { ms, atMs };
    if (movedMs <= mayMs) return;
    this.#doubtUs += movedMs * 1000;
    if (this.#doubtUs > SLEPT_MS * 1000) this.#forget();
    this.#wake.abort();
  }

  destroy(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#socket.close();
  }

  #forget(): void {
    this.#filter.clear();
    this.#doubtUs = 0;
  }

  async #run(): Promise<void> {
    let failures = 0;
    let rounds = 0;
    let asked = 0;
    while (!this.#stop.signal.aborted) {
      this.check();
      const wasKnown = this.#filter.size > 0 && this.#doubtUs === 0;
      this.#wake = new AbortController();
      const reading = await this.#ask();
      if (this.#stop.signal.aborted) return;
      failures = reading === null ? failures + 1 : 0;
      if (reading === null) {
        await pause(this.#net, this.#backoff(failures), this.#wake.signal);
        continue;
      }
      if (!wasKnown || this.#filter.size === 1) [rounds, asked] = [0, 0];
      asked++;
      const [least, most] = rounds === 0 ? BURST : AGAIN;
      const over = asked >= most || (asked >= least && this.#isGood());
      if (over) [rounds, asked] = [rounds + 1, 0];
      const waitMs = over ? this.#periodAfter(rounds) : this.#gap(reading);
      await pause(this.#net, waitMs, this.#wake.signal);
    }
  }

  #periodAfter(rounds: number): number {
    const doublings = Math.floor((rounds - 1) / ROUNDS_PER_PERIOD);
    return Math.min(MAX_PERIOD_MS, PERIOD_MS * 2 ** doublings) * (0.8 + 0.4 * this.#net.random());
  }

  #backoff(failures: number): number {
    return backoffMs(this.#net, failures, RETRY_BASE_MS, MAX_PERIOD_MS);
  }

  /** Those who ask a cache come at another moment of its second each time. */
  #gap({ kind }: ClockReading): number {
    return kind === 'cached' ? CACHED_GAP_MS * (1 + this.#net.random()) : GAP_MS;
  }

  #isGood(): boolean {
    const known = this.#filter.at(this.#net.nowMs() * 1000);
    return known !== null && known.deviationUs <= GOOD_US;
  }

  async #ask(): Promise<ClockReading | null> {
    this.#goBack();
    const outcome = await this.#askBy(this.way);
    if (this.#stop.signal.aborted) return null;
    if (!outcome.ok) {
      this.#options.onProblem(outcome.code);
      this.#failed();
      return null;
    }
    this.#wayFailures = 0;
    // The device may have slept while the answer was on its way: then it says nothing.
    const doubtedUs = this.#doubtUs;
    this.check();
    if (this.#doubtUs !== doubtedUs) return null;
    if (this.#doubtUs > 0) this.#forget();
    const isFirst = this.#filter.size === 0;
    this.#filter.add(outcome.reading);
    if (isFirst) this.#options.onKnown();
    return outcome.reading;
  }

  #askBy(way: ClockWay): Promise<WayOutcome> {
    const { signal } = this.#stop;
    const context = {
      net: this.#net,
      url: this.#options.url,
      socket: this.#socket,
      timeoutMs: TIMEOUT_MS,
      signal,
    };
    if (way === 'gateway') return askGateway(context);
    return way === 'http' ? askHttp(context) : askCached(context);
  }

  #failed(): void {
    if (++this.#wayFailures < FAILURES_TO_LEAVE) return;
    this.#wayFailures = 0;
    if (this.way === 'gateway') this.#socket.close();
    this.#way = (this.#way + 1) % this.#ways.length;
    this.#leftAtMs = this.#net.nowMs();
  }

  #goBack(): void {
    if (this.#way === 0 || this.#net.nowMs() - this.#leftAtMs < BACK_AFTER_MS) return;
    this.#way = 0;
    this.#wayFailures = 0;
  }
}
