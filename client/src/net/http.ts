import type { FramecueClientError } from '../types.ts';
import type { SocketLike } from './clock-socket.ts';

/** What the library needs of the world; tests bring their own. */
export interface Net {
  readonly fetch: typeof globalThis.fetch;
  readonly setTimeout: (run: () => void, ms: number) => number;
  readonly clearTimeout: (timer: number) => void;
  /** Runs it after what waits already, sooner than timers do. Where there is no such way, timers have to do. */
  readonly soon?: (run: () => void) => void;
  /** Without it there is no gateway. */
  readonly webSocket?: (url: string) => SocketLike;
  /** `[0, 1)`. */
  readonly random: () => number;
  /** Monotonic milliseconds: `performance.now()`. */
  readonly nowMs: () => number;
  /** This device's wall clock, milliseconds. */
  readonly localUnixMs: () => number;
}

export type HttpOutcome =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** For how many seconds it had lain in caches (RFC 9111, section 5.1); absent: none says so. */
      readonly ageS?: number;
    }
  | { readonly ok: false; readonly error: FramecueClientError; readonly retryAfterMs: number | null };

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly bearer?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly timeoutMs: number;
  /** Ends the request from outside. */
  readonly signal: AbortSignal;
  /** Outlives the page: at most 64 KiB for all of a page's such requests together (Fetch, 4.6). */
  readonly keepalive?: boolean;
  /** Caches on the way may answer. */
  readonly cacheable?: boolean;
  /** Longer answers are none of ours; 256 KiB where it is not given. */
  readonly maxChars?: number;
}

/** A larger answer than this is none of ours. */
const MAX_RESPONSE_CHARS = 256 * 1024;

/** One request; never rejects. */
export async function request(net: Net, url: string, options: HttpRequest): Promise<HttpOutcome> {
  const timeout = new AbortController();
  const timer = net.setTimeout(() => timeout.abort(), options.timeoutMs);
  const onAbort = () => timeout.abort();
  options.signal.addEventListener('abort', onAbort);
  if (options.signal.aborted) timeout.abort();
  const headers: Record<string, string> = {};
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
  if (options.bearer !== undefined) headers.authorization = `Bearer ${options.bearer}`;
  try {
    const response = await net.fetch(url, {
      method: options.method ?? 'GET',
      headers,
      signal: timeout.signal,
      cache: options.cacheable === true ? 'default' : 'no-store',
      credentials: 'omit',
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.keepalive === true ? { keepalive: true } : {}),
    });
    const text = await response.text();
    return outcomeOf(response, text, options.maxChars ?? MAX_RESPONSE_CHARS);
  } catch (error) {
    if (options.signal.aborted) return failed('ERR_CLIENT_DESTROYED', 'The client was destroyed.', false);
    const what = timeout.signal.aborted ? 'did not answer in time' : 'could not be reached';
    return failed('ERR_CLIENT_NETWORK', `The server ${what} (${(error as Error).name}).`, true);
  } finally {
    net.clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
  }
}

function outcomeOf(response: Response, text: string, maxChars: number): HttpOutcome {
  if (response.status === 204) return { ok: true, value: null };
  let value: unknown;
  try {
    value = text.length > maxChars ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (response.ok) {
    return value === undefined
      ? failed('ERR_CLIENT_RESPONSE', 'The answer is not JSON.', true, response)
      : { ok: true, value, ...ageOf(response) };
  }
  const error = (value as { error?: Record<string, unknown> } | null | undefined)?.error;
  if (typeof error?.code === 'string') {
    const outcome = failed(
      error.code,
      String(error.message ?? error.code),
      error.retryable === true,
      response,
    );
    const exactMs = (error.details as { retryAfterMs?: unknown } | null | undefined)?.retryAfterMs;
    return typeof exactMs === 'number' ? { ...outcome, retryAfterMs: spanWithin(exactMs) } : outcome;
  }
  // A proxy in front of the server: what its status means is all that is known.
  const retryable = response.status >= 500 || response.status === 429 || response.status === 408;
  return failed('ERR_CLIENT_RESPONSE', `The server answered ${response.status}.`, retryable, response);
}

function failed(
  code: string,
  message: string,
  retryable: boolean,
  response?: Response,
): HttpOutcome & { readonly ok: false } {
  return {
    ok: false,
    error: { code, message, retryable, status: response?.status ?? null },
    retryAfterMs: response === undefined ? null : retryAfterOf(response),
  };
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfterOf(response: Response): number | null {
  const text = response.headers.get('retry-after');
  if (text === null) return null;
  const seconds = Number(text);
  const spanMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - Date.now();
  return spanWithin(spanMs);
}

/** Whatever a server or a proxy says: never without a pause, and never for longer than a viewer waits. */
export const pauseWithin = (ms: number): number => Math.min(Math.max(250, ms), 60_000);

const spanWithin = (ms: number): number | null => (Number.isFinite(ms) ? pauseWithin(ms) : null);

function ageOf(response: Response): { readonly ageS?: number } {
  const text = response.headers.get('age');
  return text !== null && /^\d{1,9}$/.test(text.trim()) ? { ageS: Number(text) } : {};
}

/** Waits; resolves early when the signal ends. */
export function pause(net: Net, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      net.clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = net.setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** Full jitter: a random share of an exponentially growing span, so that viewers who failed together part. */
export const backoffMs = (net: Net, attempt: number, baseMs: number, maxMs: number): number =>
  Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 16)) * (0.25 + 0.75 * net.random());
