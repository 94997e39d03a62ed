import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { Timers } from '../timers.ts';

export interface BodyLimits {
  readonly bytes: number;
  /** From the request's head to the end of its body. */
  readonly timeoutMs: number;
}

export type BodyOutcome =
  | { readonly kind: 'json'; readonly body: JsonObject }
  | { readonly kind: 'refused'; readonly error: FramecueError; readonly mustClose: boolean }
  /** The client is gone; there is nobody to answer. */
  | { readonly kind: 'gone' };

/** What a client has on its way is read and thrown away, so that it lives to see the answer; beyond this it is cut. */
const DRAIN_BYTES = 1024 * 1024;

const JSON_TYPE = /^application\/json *(;|$)/i;

/**
 * Reads a small JSON object from a request of plain `node:http` and calls back once.
 * `mustClose`: what is still coming of the body is not worth reading; end the connection with the answer.
 */
export function readJsonBody(
  req: IncomingMessage,
  limits: BodyLimits,
  timers: Timers,
  done: (outcome: BodyOutcome) => void,
): void {
  const { 'content-type': type, 'content-encoding': encoding, 'content-length': length } = req.headers;
  if (type === undefined || !JSON_TYPE.test(type) || (encoding !== undefined && encoding !== 'identity')) {
    done({ kind: 'refused', error: new FramecueError('ERR_CONTENT_TYPE'), mustClose: false });
    return;
  }
  if (length !== undefined && Number(length) > limits.bytes) {
    // Node reads the rest of a body that nobody wants.
    done({ kind: 'refused', error: tooLarge(limits), mustClose: Number(length) > DRAIN_BYTES });
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  let finished = false;
  const finish = (outcome: BodyOutcome) => {
    if (finished) return;
    finished = true;
    cancelTimeout();
    done(outcome);
  };
  const cancelTimeout = timers.after(limits.timeoutMs, () => {
    finish({ kind: 'refused', error: new FramecueError('ERR_REQUEST_TIMEOUT'), mustClose: true });
  });
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bytes) finish({ kind: 'refused', error: tooLarge(limits), mustClose: false });
    if (bytes > DRAIN_BYTES) req.destroy();
    if (!finished) chunks.push(chunk);
  });
  // Nearly always it is one chunk, which needs no copy.
  req.on('end', () => finish(parse(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))));
  req.on('error', () => finish({ kind: 'gone' }));
  req.on('close', () => finish({ kind: 'gone' }));
}

function parse(bytes: Buffer): BodyOutcome {
  let body: unknown;
  try {
    // JSON is UTF-8 (RFC 8259, 8.1); replacement characters would make another text of it.
    body = isUtf8(bytes) ? JSON.parse(bytes.toString('utf8')) : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (body === undefined) return refusal(new FramecueError('ERR_REQUEST_MALFORMED'));
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refusal(new FramecueError('ERR_REQUEST_INVALID', 'Send a JSON object.'));
  }
  return { kind: 'json', body: body as JsonObject };
}

const refusal = (error: FramecueError): BodyOutcome => ({ kind: 'refused', error, mustClose: false });

const tooLarge = ({ bytes }: BodyLimits): FramecueError =>
  new FramecueError('ERR_BODY_TOO_LARGE', undefined, { details: { limitBytes: bytes } });
