import type {
  Answer,
  FiredCue,
  FramecueClientError,
  Receipt,
  SubmitOptions,
  SubmitOutcome,
  SubmitWait,
} from '../types.ts';
import { backoffMs, type Net, pause, request } from './http.ts';
import { readPlace, type ToldPlace, Underway } from './line.ts';
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
/** The longest window, and the longest that a turn in it stays open: no line of a sale is longer. */
const MOST_IN_LINE_MS = 2 * 3_600_000;

/** Sends answers, one at a time for each cue, until the server has taken or refused them; stands in line with them. */
export class Submissions {
  readonly #net: Net;
  readonly #options: SubmissionsOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, Underway<SubmitOutcome>>();

  constructor(net: Net, options: SubmissionsOptions) {
    this.#net = net;
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Never rejects. A second answer while the first is on its way gets the first one's outcome. */
  submit(cue: FiredCue, answer: Answer, options: SubmitOptions = {}): Promise<SubmitOutcome> {
    const under = this.#waiting.get(cue.id);
    if (under !== undefined) return under.join(options, aborted);
    const nowMs = this.#net.nowMs();
    const actedAtMs = Math.min(answer.actedAt ?? nowMs, nowMs);
    const refused = this.#refusal(cue, actedAtMs);
    if (refused !== null) {
      this.#options.onProblem(refused.code);
      return Promise.resolve({ ok: false, error: refused });
    }
    if (options.signal?.aborted) return Promise.resolve(aborted());
    const work: Underway<SubmitOutcome> = new Underway(
      (own) => this.#send(cue, answer.choice, actedAtMs, own),
      // Whoever submits from now on begins anew.
      () => this.#waiting.get(cue.id) === work && this.#waiting.delete(cue.id),
    );
    this.#waiting.set(cue.id, work);
    return work.join(options, aborted);
  }

  destroy(): void {
    this.#stop.abort();
    for (const work of this.#waiting.values()) work.end();
  }

  #refusal(cue: FiredCue, actedAtMs: number): FramecueClientError | null {
    if (this.#stop.signal.aborted) return DESTROYED;
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

  async #send(
    cue: FiredCue,
    choice: number | undefined,
    actedAtMs: number,
    work: Underway<SubmitOutcome>,
  ): Promise<SubmitOutcome> {
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
    return this.#untilTaken(url, body, untilMs, work);
  }

  async #untilTaken(
    url: string,
    body: object,
    windowEndMs: number,
    work: Underway<SubmitOutcome>,
  ): Promise<SubmitOutcome> {
    const { session } = this.#options;
    const { signal } = work;
    const longestMs = this.#net.nowMs() + MOST_IN_LINE_MS;
    let untilMs = windowEndMs;
    let ticket: string | undefined;
    let tokenRefused = false;
    for (let attempt = 0; ; attempt++) {
      const given = await session.get();
      const outcome = given.ok
        ? await request(this.#net, url, {
            method: 'POST',
            body: { ...body, ticket },
            bearer: given.token,
            timeoutMs: TIMEOUT_MS,
            signal,
          })
        : given;
      if (signal.aborted) return this.#ended();
      if (outcome.ok) {
        const place = readPlace(outcome.value);
        if (place === null) return receiptOf(outcome.value);
        if (this.#net.nowMs() > longestMs) return LINE_WITHOUT_END;
        const wait = this.#inLine(place);
        // While there is a place it is worth being there: the server says when the line is closed.
        untilMs = Math.max(windowEndMs, wait.openUntil + GRACE_MS);
        ticket = place.ticket;
        tokenRefused = false;
        attempt = -1;
        work.tell(wait);
        await pause(this.#net, place.retryAfterMs, signal);
        if (signal.aborted) return this.#ended();
        continue;
      }
      const { error } = outcome;
      this.#options.onProblem(error.code);
      if (given.ok && error.status === 401 && !tokenRefused) {
        // Ended before its time, or made with other secrets: once more with a fresh one.
        tokenRefused = true;
        session.drop(given.token);
        continue;
      }
      if (error.code === 'ERR_TICKET_INVALID' && ticket !== undefined) {
        // The place is the viewer's, not the ticket's: the server tells it again.
        ticket = undefined;
        continue;
      }
      const waitMs = outcome.retryAfterMs ?? backoffMs(this.#net, attempt, RETRY_BASE_MS, RETRY_MAX_MS);
      const nowMs = this.#net.nowMs();
      if (!error.retryable || nowMs + waitMs > untilMs) return { ok: false, error };
      if (error.code === 'ERR_STOCK_RESERVED')
        work.tell({ kind: 'all-reserved', askedAgainAt: nowMs + waitMs });
      await pause(this.#net, waitMs, signal);
      if (signal.aborted) return this.#ended();
    }
  }

  #ended(): SubmitOutcome {
    return this.#stop.signal.aborted ? { ok: false, error: DESTROYED } : aborted();
  }

  #inLine({ position, waitMs, openForMs }: ToldPlace): SubmitWait & { readonly kind: 'line' } {
    const turnAt = this.#net.nowMs() + waitMs;
    return { kind: 'line', position, waitMs, turnAt, openUntil: turnAt + openForMs };
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

const DESTROYED = ownError('ERR_CLIENT_DESTROYED', 'The client was destroyed.');

const aborted = (): SubmitOutcome => ({
  ok: false,
  error: { ...ownError('ERR_CLIENT_ABORTED', 'The page ended it.'), retryable: true },
});

const LINE_WITHOUT_END: SubmitOutcome = {
  ok: false,
  error: { ...ownError('ERR_CLIENT_RESPONSE', 'The line does not end.'), retryable: true },
};
