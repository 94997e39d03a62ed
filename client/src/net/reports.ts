import type { CueOutcome } from '../types.ts';
import { type Net, request } from './http.ts';
import type { ViewerSession } from './session.ts';

export interface ReportsOptions {
  readonly url: string;
  readonly session: ViewerSession;
  /** Whether this viewer is one of those who report. */
  readonly on: boolean;
  readonly onProblem: (code: string) => void;
}

const TIMEOUT_MS = 10_000;
/** All viewers see a cue in the same seconds; their reports come spread over this long. */
const SPREAD_MS = 10_000;
const MIN_WAIT_MS = 1000;
const MAX_WAITING = 100;
const MAX_BATCH = 20;

/** Tells the events service how cues fired here: in batches, spread out, and dropped rather than piled up. */
export class Reports {
  readonly #net: Net;
  readonly #options: ReportsOptions;
  readonly #stop = new AbortController();
  #waiting: CueOutcome[] = [];
  #timer: number | null = null;
  #sending = false;

  constructor(net: Net, options: ReportsOptions) {
    this.#net = net;
    this.#options = options;
  }

  add(outcome: CueOutcome): void {
    if (!this.#options.on || !this.#options.session.isPossible || this.#stop.signal.aborted) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#options.onProblem('ERR_CLIENT_REPORTS_DROPPED');
    }
    this.#waiting.push(outcome);
    this.#arm();
  }

  /** The page is going away: what waits is sent now, by requests that outlive it. */
  flush(): void {
    void this.#send();
  }

  destroy(): void {
    this.#stop.abort();
    if (this.#timer !== null) this.#net.clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
  }

  #arm(): void {
    if (this.#timer !== null || this.#waiting.length === 0 || this.#stop.signal.aborted) return;
    this.#timer = this.#net.setTimeout(
      () => {
        this.#timer = null;
        void this.#send();
      },
      MIN_WAIT_MS + SPREAD_MS * this.#net.random(),
    );
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#waiting.length === 0) return;
    this.#sending = true;
    const batch = this.#waiting.splice(0, MAX_BATCH);
    const session = await this.#options.session.get();
    const outcome = session.ok
      ? await request(this.#net, this.#options.url, {
          method: 'POST',
          body: { reports: batch.map(bodyOf) },
          bearer: session.token,
          timeoutMs: TIMEOUT_MS,
          signal: this.#stop.signal,
          keepalive: true,
        })
      : session;
    this.#sending = false;
    if (this.#stop.signal.aborted) return;
    if (!outcome.ok) {
      this.#options.onProblem(outcome.error.code);
      if (session.ok && outcome.error.status === 401) this.#options.session.drop(session.token);
      // One more chance with the next batch, while there is room.
      if (outcome.error.retryable && this.#waiting.length + batch.length <= MAX_WAITING) {
        this.#waiting.unshift(...batch);
      } else {
        this.#options.onProblem('ERR_CLIENT_REPORTS_DROPPED');
      }
    }
    this.#arm();
  }
}

const bodyOf = (outcome: CueOutcome): unknown => ({
  cue: outcome.cue,
  rev: outcome.rev,
  path: outcome.path,
  carrier: outcome.carrier,
  accuracyMs: outcome.accuracyMs ?? undefined,
  outcome: outcome.outcome,
  lateMs: outcome.lateMs === null ? undefined : Math.round(outcome.lateMs * 10) / 10,
  frames: outcome.frames ?? undefined,
  aligned: outcome.aligned || undefined,
  alignErrorMs: outcome.alignErrorMs === null ? undefined : Math.round(outcome.alignErrorMs),
  reason: outcome.reason ?? undefined,
  interactionOpenedPts: outcome.type === 'interaction.open' ? (outcome.shownPts ?? undefined) : undefined,
});
