import type { AttemptCode, DeliveryOutcome } from '../ledger/outbox.ts';

/** What one call to the downstream came to. */
export type CallOutcome =
  | {
      readonly kind: 'answered';
      readonly outcome: DeliveryOutcome;
      readonly reason: string | null;
      readonly status: number;
    }
  | CallFailure
  /** We stop; whoever starts next repeats it with the same id. */
  | { readonly kind: 'abandoned' };

export interface CallFailure {
  readonly kind: 'failed';
  readonly code: AttemptCode;
  /** Of the HTTP answer, if there was one. */
  readonly status: number | null;
  /** What the downstream has asked us to wait. */
  readonly retryAfterMs: number | null;
  /** For the log: a system error code. */
  readonly cause?: string;
}

/** A short code goes into the ledger; sentences may say something about a person. */
const REASON = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/**
 * What a 2xx says. An empty body and an object without `outcome` are `done`; everything that is not meant for us (the
 * page of a proxy, a cut object, an error under a 200) is `unreadable`: the call is repeated with its id rather than
 * believed.
 */
export function readAnswer(
  status: number,
  contentType: string | null,
  text: string,
): Exclude<CallOutcome, { kind: 'abandoned' }> {
  if (text.trim() === '') return { kind: 'answered', outcome: 'done', reason: null, status };
  const unreadable = { kind: 'failed', code: 'unreadable', status, retryAfterMs: null } as const;
  if (contentType === null || !/^application\/([a-z.+-]+\+)?json *(;|$)/i.test(contentType))
    return unreadable;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return unreadable;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return unreadable;
  const { outcome, reason, error, errors } = body as Readonly<Record<string, unknown>>;
  if (outcome === undefined) {
    if (saysSomething(error) || saysSomething(errors)) return unreadable;
    return { kind: 'answered', outcome: 'done', reason: null, status };
  }
  if (outcome !== 'done' && outcome !== 'declined') return unreadable;
  const code = typeof reason === 'string' && REASON.test(reason) ? reason.toLowerCase() : null;
  return { kind: 'answered', outcome, reason: code, status };
}

const saysSomething = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== false;

/** About this one item, whatever the address or the hour: nothing changes by asking again. */
const FINAL = new Set([400, 402, 413, 415, 422, 451]);

/** What a status other than 2xx means. */
export function codeOfStatus(status: number): AttemptCode {
  if (status >= 500) return 'failed';
  if (status === 429) return 'limited';
  // 408 and 425 ask for another try by their meaning; 409 is what many say while the first call is still at work.
  if (status === 408 || status === 409 || status === 425) return 'failed';
  if (FINAL.has(status)) return 'refused';
  if (status >= 400) return 'misconfigured';
  return status >= 300 ? 'redirect' : 'unreadable';
}
