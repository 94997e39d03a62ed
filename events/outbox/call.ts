import type { Clock } from '../../packet/clock.ts';
import { unixUsToMs } from '../../packet/time.ts';
import { readBounded } from '../../service/read-bounded.ts';
import { answerIdOf, type WebhookSigner } from '../../service/webhooks.ts';
import type { AttemptCode, OutboxItem } from '../ledger/outbox.ts';
import type { Timers } from '../timers.ts';
import { type CallFailure, type CallOutcome, codeOfStatus, readAnswer } from './answer.ts';
import { retryAfterOf } from './retry.ts';

export interface CallOptions {
  readonly url: string;
  readonly signer: WebhookSigner;
  readonly clock: Clock;
  readonly timers: Timers;
  /** For the whole of a call, from the name's resolution to the last byte. */
  readonly timeoutMs: number;
  /** An answer must be signed; where it is not asked for, one that has a signature must have a good one. */
  readonly signedAnswers: boolean;
  /** Default: the system's own. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Nothing that the downstream has to say is longer. */
const ANSWER_BYTES = 16 * 1024;

/** The body of an item; byte for byte the same in every repeat. */
export const bodyOf = ({ topic, queuedAtUs, viewer, payload }: OutboxItem): string =>
  JSON.stringify({
    type: topic,
    timestamp: new Date(unixUsToMs(queuedAtUs)).toISOString(),
    data: { ...payload, ...(viewer === null ? {} : { viewer }) },
  });

/** One signed call. Whatever happens outside is an outcome; nothing rejects. */
export async function call(options: CallOptions, item: OutboxItem, stop: AbortSignal): Promise<CallOutcome> {
  const { url, signer, clock, timers, timeoutMs, fetch = globalThis.fetch } = options;
  const late = new AbortController();
  const cancelTimeout = timers.after(timeoutMs, () => late.abort());
  try {
    const body = bodyOf(item);
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'framecue',
        ...signer.sign(item.id, clock.unixMs(), body),
      },
      body,
      // A redirect would carry what is signed to somebody else.
      redirect: 'manual',
      signal: AbortSignal.any([late.signal, stop]),
    });
    return await outcomeOf(response, item.id, options);
  } catch (error) {
    if (late.signal.aborted) return failure('timeout', null);
    if (stop.aborted) return { kind: 'abandoned' };
    const cause = systemCodeOf(error);
    return { ...failure(codeOfError(cause), null), cause: cause ?? 'unknown' };
  } finally {
    cancelTimeout();
  }
}

async function outcomeOf(response: Response, id: string, options: CallOptions): Promise<CallOutcome> {
  const { status, headers } = response;
  if (status < 200 || status > 299) {
    const nowMs = options.clock.unixMs();
    // What it says beyond its status is not looked at; the connection is free again.
    await response.body?.cancel();
    return failure(codeOfStatus(status), status, retryAfterOf(headers.get('retry-after'), nowMs));
  }
  const text = await readBounded(response, ANSWER_BYTES);
  if (text === null) return failure('too-large', status);
  if (!isTrusted(headers, text, id, options)) return failure('unsigned', status);
  return readAnswer(status, headers.get('content-type'), text);
}

function isTrusted(headers: Headers, text: string, id: string, options: CallOptions): boolean {
  const { signer, clock, signedAnswers } = options;
  const read = (name: string) => headers.get(name);
  const verdict = signer.verify(read, text, clock.unixMs());
  if (verdict === 'missing' && headers.get('webhook-signature') === null) return !signedAnswers;
  return verdict === 'good' && headers.get('webhook-id') === answerIdOf(id);
}

const failure = (
  code: AttemptCode,
  status: number | null,
  retryAfterMs: number | null = null,
): CallFailure => ({
  kind: 'failed',
  code,
  status,
  retryAfterMs,
});

const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NONAME', 'EAI_NODATA', 'ENODATA']);
/** Nobody there, or nobody whose certificate is good: the call has certainly not been read. */
const CONNECT =
  /^(ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|E(PROTO|RR_(SSL|TLS)_.*)|CERT_.*|.*_CERT(_.*)?|UNABLE_TO_.*)$/;

/** Whatever is not known to have failed before the call was read is in doubt. */
function codeOfError(cause: string | null): AttemptCode {
  if (cause !== null && DNS.has(cause)) return 'dns';
  return cause !== null && CONNECT.test(cause) ? 'connect' : 'broken';
}

/** `fetch` hides what the system said in the cause of its error. */
function systemCodeOf(error: unknown): string | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors.length > 0) return systemCodeOf(at.errors[0]);
  }
  return null;
}
