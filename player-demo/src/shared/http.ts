import { isObject, type JsonObject, parseJson } from './json.ts';

/** Why a request gave nothing. What went wrong on the way is kept apart from what a server said. */
export type ApiFailure =
  /** The server answered with an error of its own. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      /** From `Retry-After`, milliseconds. */
      readonly retryAfterMs?: number;
      /** What the error says beyond its sentence, as it came. */
      readonly details?: JsonObject;
    }
  /** No answer: whether the server took the request is not known. */
  | { readonly kind: 'unreachable' }
  /** No answer in time: whether the server took the request is not known. */
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** An answer that is not in the API's shape (a proxy's page, another program on the port). */
  | { readonly kind: 'unreadable'; readonly status: number }
  /** The caller gave up. */
  | { readonly kind: 'aborted' };

export type ApiOutcome<T> =
  | { readonly ok: true; readonly value: T; readonly status: number }
  | { readonly ok: false; readonly failure: ApiFailure };

export interface ApiRequest<T> {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly token?: string;
  readonly idempotencyKey?: string;
  readonly body?: unknown;
  /** In place of `body`: sent as it is. */
  readonly file?: { readonly type: string; readonly text: string };
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds; 5,000 when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Reads the answer's JSON; null for what does not fit. */
  readonly read: (value: unknown) => T | null;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** One request, one outcome: it never throws and never sends twice. */
export async function request<T>(options: ApiRequest<T>): Promise<ApiOutcome<T>> {
  const { url, method = 'GET', token, idempotencyKey, body, file, signal } = options;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (file !== undefined) headers['content-type'] = file.type;
  const sent = file?.text ?? (body === undefined ? undefined : JSON.stringify(body));
  try {
    const response = await (options.fetch ?? fetch)(url, {
      method,
      headers,
      cache: 'no-store',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(sent === undefined ? {} : { body: sent }),
    });
    const json = parseJson(await response.text());
    if (!response.ok) return { ok: false, failure: failureOf(response, json) };
    const value = options.read(json);
    if (value === null) return { ok: false, failure: { kind: 'unreadable', status: response.status } };
    return { ok: true, value, status: response.status };
  } catch {
    if (signal?.aborted === true) return { ok: false, failure: { kind: 'aborted' } };
    if (timeout.aborted) return { ok: false, failure: { kind: 'timeout', afterMs: timeoutMs } };
    return { ok: false, failure: { kind: 'unreachable' } };
  }
}

function failureOf(response: Response, json: unknown): ApiFailure {
  const error = isObject(json) && isObject(json.error) ? json.error : null;
  if (error === null || typeof error.code !== 'string' || typeof error.message !== 'string') {
    return { kind: 'unreadable', status: response.status };
  }
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    kind: 'refused',
    status: response.status,
    code: error.code,
    message: error.message,
    retryable: error.retryable === true,
    ...(Number.isFinite(retryAfter) && retryAfter >= 0 ? { retryAfterMs: retryAfter * 1000 } : {}),
    ...(isObject(error.details) ? { details: error.details } : {}),
  };
}
