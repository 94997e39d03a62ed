import { DELAY_REPORTS, viewerPlaceOf } from '../../../cues/wire/index.ts';
import type { CuePath } from '../types.ts';
import { backoffMs, type Net, request } from './http.ts';
import type { ViewerSession } from './session.ts';

/** Who reports, and how often, as the server says it with sessions, polls and reports. */
export interface ReportPlan {
  /** Viewers whose place is below this. */
  readonly share: number;
  readonly everyMs: number;
}

/** One look at the picture on screen. */
export interface DelaySample {
  /** From passing the injector to being presented, by the server's clock. */
  readonly delayMs: number;
  /** Bound of that clock's error. */
  readonly errorMs: number;
  readonly unixMs: number;
  readonly protocol: Exclude<CuePath, 'events'>;
}

export interface DelayReportsOptions {
  readonly url: string;
  readonly session: ViewerSession;
  /** What the page calls itself. */
  readonly app: string | undefined;
  /** Null while no frames are presented, or where stamps or clock are missing. */
  readonly look: () => DelaySample | null;
  readonly onProblem: (code: string) => void;
}

const TIMEOUT_MS = 10_000;
const MIN_EVERY_MS = 5_000;
const MAX_EVERY_MS = 600_000;
/** Looks kept: those of the last ten seconds, at the usual four a second. */
const MAX_SAMPLES = 40;
const APP_PATTERN = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}$/;

/**
 * Tells the events service how far behind the stream this viewer is, where this viewer is one of those who are asked:
 * that follows from the viewer's id and the share that the server names, so it is the same ones for long. The first
 * report and the session that it needs are spread over the time between two reports.
 */
export class DelayReports {
  readonly #net: Net;
  readonly #options: DelayReportsOptions;
  readonly #stop = new AbortController();
  readonly #app: string | undefined;
  #plan: ReportPlan | null = null;
  #timer: number | null = null;
  #sending = false;
  #failures = 0;
  /** The largest share that this viewer was found not to belong to. */
  #outsideOf = 0;
  #samples: DelaySample[] = [];

  constructor(net: Net, options: DelayReportsOptions) {
    this.#net = net;
    this.#options = options;
    // A name that the server would refuse costs no more than the name.
    const { app } = options;
    this.#app = app === undefined || APP_PATTERN.test(app) ? app : undefined;
    if (this.#app !== app) options.onProblem('ERR_CLIENT_APP');
  }

  /** The server says who reports; anything else is passed over. */
  told(value: unknown): void {
    const plan = readReportPlan(value);
    if (plan === null || this.#stop.signal.aborted) return;
    this.#plan = plan;
    if (this.#timer === null && !this.#sending) this.#arm(this.#net.random() * plan.everyMs);
  }

  /** Takes a look at the picture: call it a few times a second. */
  sample(): void {
    if (!this.#isOn) return;
    const sample = this.#options.look();
    if (sample === null) return;
    // A viewer who changes the player is another one, as far as delays go.
    if (this.#samples.at(-1)?.protocol !== sample.protocol) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  destroy(): void {
    this.#stop.abort();
    if (this.#timer !== null) this.#net.clearTimeout(this.#timer);
    this.#timer = null;
    this.#samples = [];
  }

  get #isOn(): boolean {
    const plan = this.#plan;
    return plan !== null && this.#options.session.isPossible && plan.share > this.#outsideOf;
  }

  #arm(waitMs: number): void {
    if (!this.#isOn || this.#stop.signal.aborted) return;
    this.#timer = this.#net.setTimeout(() => {
      this.#timer = null;
      void this.#turn();
    }, waitMs);
  }

  async #turn(): Promise<void> {
    this.#sending = true;
    const waitMs = await this.#report();
    this.#sending = false;
    if (waitMs !== null) this.#arm(waitMs);
  }

  /** Returns how long to wait for the next one; null where there is none. */
  async #report(): Promise<number | null> {
    const { session, url, onProblem } = this.#options;
    const current = await session.get();
    if (this.#stop.signal.aborted || this.#plan === null) return null;
    if (!current.ok) {
      onProblem(current.error.code);
      return current.error.retryable ? this.#backoffMs(current.retryAfterMs) : null;
    }
    const place = current.viewer === null ? 1 : viewerPlaceOf(current.viewer, DELAY_REPORTS);
    if (place >= this.#plan.share) {
      this.#outsideOf = this.#plan.share;
      this.#samples = [];
      return null;
    }
    const body = this.#body();
    // Paused, hidden, or a clock that is not known yet: there is nothing to say now.
    if (body === null) return this.#nextMs();
    const outcome = await request(this.#net, url, {
      method: 'POST',
      body,
      bearer: current.token,
      timeoutMs: TIMEOUT_MS,
      signal: this.#stop.signal,
    });
    if (this.#stop.signal.aborted) return null;
    if (!outcome.ok) {
      onProblem(outcome.error.code);
      if (outcome.error.status === 401) session.drop(current.token);
      else if (!outcome.error.retryable) return null;
      return this.#backoffMs(outcome.retryAfterMs);
    }
    this.#failures = 0;
    const plan = readReportPlan(outcome.value);
    if (plan === null) onProblem('ERR_CLIENT_RESPONSE');
    else this.#plan = plan;
    return this.#nextMs();
  }

  /** The middle one of the looks since the last report: a frame that was late, or a stamp, moves nothing. */
  #body(): Readonly<Record<string, unknown>> | null {
    const samples = this.#samples;
    this.#samples = [];
    if (samples.length === 0) return null;
    const delays = samples.map(({ delayMs }) => delayMs).sort((a, b) => a - b);
    const { protocol, errorMs, unixMs } = this.#options.look() ?? samples.at(-1)!;
    if (protocol !== samples[0]!.protocol) return null;
    return {
      app: this.#app,
      protocol,
      delayMs: Math.round(delays[Math.floor(delays.length / 2)]!),
      errorMs: Math.ceil(errorMs),
      sentAt: Math.round(unixMs),
    };
  }

  #nextMs(): number {
    return this.#plan!.everyMs * (0.9 + 0.2 * this.#net.random());
  }

  #backoffMs(retryAfterMs: number | null): number {
    this.#failures++;
    const { everyMs } = this.#plan!;
    return Math.max(retryAfterMs ?? 0, everyMs, backoffMs(this.#net, this.#failures, everyMs, MAX_EVERY_MS));
  }
}

export function readReportPlan(value: unknown): ReportPlan | null {
  const { share, everyMs } = (value ?? {}) as { share?: unknown; everyMs?: unknown };
  if (typeof share !== 'number' || !(share >= 0 && share <= 1)) return null;
  if (typeof everyMs !== 'number' || !Number.isFinite(everyMs)) return null;
  return { share, everyMs: Math.min(MAX_EVERY_MS, Math.max(MIN_EVERY_MS, everyMs)) };
}
