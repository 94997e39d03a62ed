import type { FramecueClientError } from '../types.ts';
import { backoffMs, type HttpRequest, type Net, pause, request } from './http.ts';
import type { ViewerSession } from './session.ts';

const TIMEOUT_MS = 8000;
const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 5000;
/** Somebody is waiting for it. */
const GIVE_UP_MS = 30_000;

export type Insisted =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: FramecueClientError };

/** What one asks of the events service as this viewer, again where that can help; never rejects. */
export async function insist(
  { net, session, onProblem }: InsistParts,
  url: string,
  asking: Pick<HttpRequest, 'method' | 'body' | 'idempotencyKey'>,
  signal: AbortSignal,
): Promise<Insisted> {
  const untilMs = net.nowMs() + GIVE_UP_MS;
  let tokenRefused = false;
  for (let attempt = 0; ; attempt++) {
    const given = await session.get();
    const outcome = given.ok
      ? await request(net, url, { ...asking, bearer: given.token, timeoutMs: TIMEOUT_MS, signal })
      : given;
    if (outcome.ok || signal.aborted) return outcome;
    const { error } = outcome;
    onProblem(error.code);
    if (given.ok && error.status === 401 && !tokenRefused) {
      // Ended before its time, or made with other secrets: once more with a fresh one.
      tokenRefused = true;
      session.drop(given.token);
      continue;
    }
    const waitMs = outcome.retryAfterMs ?? backoffMs(net, attempt, RETRY_BASE_MS, RETRY_MAX_MS);
    if (!error.retryable || net.nowMs() + waitMs > untilMs) return { ok: false, error };
    await pause(net, waitMs, signal);
    if (signal.aborted) return { ok: false, error };
  }
}

export interface InsistParts {
  readonly net: Net;
  readonly session: ViewerSession;
  readonly onProblem: (code: string) => void;
}
