import type { Answer, FiredCue, FramecueClientError, Receipt, SubmitOutcome } from '../types.ts';
import { backoffMs, type Net, pause, request } from './http.ts';
import type { ViewerSession } from './session.ts';

/** What the viewer's side knows of an answer: the server checks it against what it knows itself. */
export interface Claims {
  /** PTS on the stream's timeline that was on screen at the action. */
  readonly actedPts: number | null;
  /** Stamp text of a copy with `fireIn <= 0`. */
  readonly stamp: string | null;
}

export interface SubmissionsOptions {
  /** `.../api/v1/interactions` */
  readonly url: string;
  readonly session: ViewerSession;
  readonly claimsOf: (cue: FiredCue, actedAtMs: number) => Claims;
  /** When a cue closed on this side, monotonic; null while it is open. */
  readonly closedAtMs: (id: string) => number | null;
  readonly onProblem: (code: string) => void;
}

const TIMEOUT_MS = 8000;
const RETRY_BASE_MS = 300;
const RETRY_MAX_MS = 5000;
/** An answer given in the last moment of a window still gets a few attempts: the action is what counts. */
const GRACE_MS = 5000;
/** For cues without a window. */
const OPEN_END_MS = 30_000;
const MAX_WAITING = 16;

/** Sends answers, one at a time for each cue, until the server has taken or refused them. */
export class Submissions {
  readonly #net: Net;
  readonly #options: SubmissionsOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, Promise<SubmitOutcome>>();

  constructor(net: Net, options: SubmissionsOptions) {
    this.#net = net;
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Never rejects. A second answer while the first is on its way gets the first one's outcome. */
  submit(cue: FiredCue, answer: Answer): Promise<SubmitOutcome> {
    const under = this.#waiting.get(cue.id);
    if (under !== undefined) return under;
    const nowMs = this.#net.nowMs();
    const actedAtMs = Math.min(answer.actedAt ?? nowMs, nowMs);
    const refused = this.#refusal(cue, actedAtMs);
    if (refused !== null) {
      this.#options.onProblem(refused.code);
      return Promise.resolve({ ok: false, error: refused });
    }
    const work = this.#send(cue, answer.choice, actedAtMs).finally(() => this.#waiting.delete(cue.id));
    this.#waiting.set(cue.id, work);
    return work;
  }

  destroy(): void {
    this.#stop.abort();
  }

  #refusal(cue: FiredCue, actedAtMs: number): FramecueClientError | null {
    if (this.#stop.signal.aborted) return ownError('ERR_CLIENT_DESTROYED', 'The client was destroyed.');
    if (interactionOf(cue) === null) {
      return ownError('ERR_CLIENT_NO_INTERACTION', 'The cue names no interaction.');
    }
    const closedAtMs = this.#options.closedAtMs(cue.id);
    if (closedAtMs !== null && actedAtMs > closedAtMs) {
      return ownError('ERR_CLIENT_CLOSED', 'The cue has closed.');
    }
    if (this.#waiting.size >= MAX_WAITING) {
      return { ...ownError('ERR_CLIENT_BUSY', 'Too many answers are waiting.'), retryable: true };
    }
    return null;
  }

  async #send(cue: FiredCue, choice: number | undefined, actedAtMs: number): Promise<SubmitOutcome> {
    const nowMs = this.#net.nowMs();
    const claims = this.#options.claimsOf(cue, actedAtMs);
    const body = {
      choice,
      cue: cue.id,
      rev: cue.rev,
      epoch: cue.epoch ?? undefined,
      firePts: cue.firePts ?? undefined,
      actedPts: claims.actedPts ?? undefined,
      answerMs: Math.max(0, Math.round(actedAtMs - cue.presentedAt)),
      path: cue.path,
      stamp: claims.stamp ?? undefined,
      // So that it is never taken for one that counts, whatever the server knows of the cue.
      rehearsal: cue.rehearsal ? true : undefined,
    };
    const url = `${this.#options.url}/${encodeURIComponent(interactionOf(cue)!)}/submissions`;
    const untilMs = Math.max(cue.closesAt ?? nowMs + OPEN_END_MS, nowMs) + GRACE_MS;
    return this.#untilTaken(url, body, untilMs);
  }

  async #untilTaken(url: string, body: unknown, untilMs: number): Promise<SubmitOutcome> {
    const { signal } = this.#stop;
    let tokenRefused = false;
    for (let attempt = 0; ; attempt++) {
      const session = await this.#options.session.get();
      const outcome = session.ok
        ? await request(this.#net, url, {
            method: 'POST',
            body,
            bearer: session.token,
            timeoutMs: TIMEOUT_MS,
            signal,
          })
        : session;
      if (signal.aborted) {
        return { ok: false, error: ownError('ERR_CLIENT_DESTROYED', 'The client was destroyed.') };
      }
      if (outcome.ok) return receiptOf(outcome.value);
      const { error } = outcome;
      this.#options.onProblem(error.code);
      if (session.ok && error.status === 401 && !tokenRefused) {
        // Ended before its time, or made with other secrets: once more with a fresh one.
        tokenRefused = true;
        this.#options.session.drop(session.token);
        continue;
      }
      const waitMs = outcome.retryAfterMs ?? backoffMs(this.#net, attempt, RETRY_BASE_MS, RETRY_MAX_MS);
      if (!error.retryable || this.#net.nowMs() + waitMs > untilMs) return { ok: false, error };
      await pause(this.#net, waitMs, signal);
    }
  }
}

/** The interaction that a cue's data names. */
export const interactionOf = (cue: FiredCue): string | null =>
  typeof cue.data.interaction === 'string' && cue.data.interaction !== '' ? cue.data.interaction : null;

function receiptOf(value: unknown): SubmitOutcome {
  const { receipt } = (value ?? {}) as { receipt?: Partial<Receipt> };
  if (typeof receipt?.id === 'string') return { ok: true, receipt: receipt as Receipt };
  return { ok: false, error: ownError('ERR_CLIENT_RESPONSE', 'The answer holds no receipt.') };
}

const ownError = (code: FramecueClientError['code'], message: string): FramecueClientError => ({
  code,
  message,
  retryable: false,
  status: null,
});
