import type { ServerResponse } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import { ZodError } from 'zod';
import { ERRORS, type ErrorCode, FramecueError } from '../packet/errors.ts';
import type { Log } from './log.ts';

/** The one shape of every error over HTTP. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly retryable: boolean;
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

/** `details.retryAfterMs` of an error, if it has one, becomes `Retry-After`; else this does. */
const RETRY_AFTER_DEFAULT_MS = 1_000;
const MAX_ISSUES_SHOWN = 10;

/** What body-parser and Express name by `type` (body-parser's README, "Errors"). */
const BODY_ERRORS: Readonly<Record<string, ErrorCode>> = {
  'entity.parse.failed': 'ERR_REQUEST_MALFORMED',
  'entity.verify.failed': 'ERR_REQUEST_MALFORMED',
  'request.aborted': 'ERR_REQUEST_MALFORMED',
  'request.size.invalid': 'ERR_REQUEST_MALFORMED',
  'entity.too.large': 'ERR_BODY_TOO_LARGE',
  'parameters.too.many': 'ERR_BODY_TOO_LARGE',
  'encoding.unsupported': 'ERR_CONTENT_TYPE',
  'charset.unsupported': 'ERR_CONTENT_TYPE',
};

/** Any error as one with a code. What nobody expected becomes ERR_INTERNAL and shows nothing of itself. */
export function asFramecueError(error: unknown): FramecueError {
  if (error instanceof FramecueError) return error;
  if (error instanceof ZodError) {
    const issues = error.issues
      .slice(0, MAX_ISSUES_SHOWN)
      .map(({ path, message }) => ({ field: path.join('.'), problem: message }));
    const first = issues[0];
    const message =
      first === undefined
        ? ERRORS.ERR_REQUEST_INVALID.text
        : first.field === ''
          ? first.problem
          : `${first.field}: ${first.problem}`;
    return new FramecueError('ERR_REQUEST_INVALID', message, { cause: error, details: { issues } });
  }
  if (error instanceof URIError) {
    return new FramecueError('ERR_REQUEST_INVALID', 'The address is not well encoded.', { cause: error });
  }
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  const code = typeof type === 'string' ? BODY_ERRORS[type] : undefined;
  return new FramecueError(code ?? 'ERR_INTERNAL', undefined, { cause: error });
}

/** `Retry-After` in whole seconds (RFC 9110, 10.2.3) for answers that say "later"; null for others. */
function retryAfterOf(error: FramecueError): string | null {
  if (error.status !== 429 && error.status !== 503) return null;
  const given = error.details?.retryAfterMs;
  const span = typeof given === 'number' && Number.isFinite(given) ? given : RETRY_AFTER_DEFAULT_MS;
  return String(Math.max(1, Math.ceil(span / 1000)));
}

export function errorBodyOf(error: FramecueError): ErrorBody {
  const { code, message, retryable, details } = error;
  return { error: { code, message, retryable, ...(details === undefined ? {} : { details }) } };
}

/**
 * Answers a request, of Express or of plain `node:http`, with an error. What nobody expected is logged with the
 * request's id, which the answer carries too. An answer that has begun can only be broken off.
 */
export function sendError(res: ServerResponse, error: unknown, log: Log): void {
  const known = asFramecueError(error);
  const requestId = res.getHeader('X-Request-Id');
  if (known.code === 'ERR_INTERNAL') {
    log.error({ err: known.cause ?? known, requestId }, 'a request failed for a reason that nobody expected');
  } else if (known.status >= 500) {
    log.warn({ code: known.code, cause: known.cause, requestId }, known.message);
  }
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const body = JSON.stringify(errorBodyOf(known));
  const retryAfter = retryAfterOf(known);
  if (retryAfter !== null) res.setHeader('Retry-After', retryAfter);
  if (known.status === 401) res.setHeader('WWW-Authenticate', 'Bearer realm="framecue"');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.statusCode = known.status;
  res.end(body);
}

/** Stands last in an Express app. */
export const errorHandler =
  (log: Log): ErrorRequestHandler =>
  (error, _req, res, _next) =>
    sendError(res, error, log);
