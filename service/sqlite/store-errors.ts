import { ERRORS, type ErrorCode, FramecueError } from '../../packet/errors.ts';
import type { Log } from '../log.ts';
import type { PlainError } from './messages.ts';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that are about the file, not about one statement. */
const STORE_CODES: Readonly<Record<number, string>> = {
  5: 'locked',
  6: 'locked',
  7: 'out of memory',
  8: 'read-only',
  10: 'disk error',
  11: 'corrupt',
  13: 'disk full',
  14: 'cannot be opened',
  26: 'not a database',
};

/** What is the matter with the file; undefined: another error. */
export const storeProblemOf = (error: unknown): string | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? STORE_CODES[error.errcode & 0xff]
    : undefined;

/** It is about the file or the disk under it. */
export const isStoreError = (error: unknown): boolean => storeProblemOf(error) !== undefined;

/** An error about the store as a whole. */
export function plainStoreError(error: unknown): PlainError {
  if (error instanceof FramecueError) return plainError(error);
  const problem = storeProblemOf(error);
  return {
    code: 'ERR_STORE_UNAVAILABLE',
    message: ERRORS.ERR_STORE_UNAVAILABLE.text,
    // After a failed write or sync, what the disk holds is only known once the file is opened again.
    details: { problem: problem ?? 'failed', mayBeCommitted: problem === 'disk error' },
    internal: internalText(error),
  };
}

export function plainError(error: unknown): PlainError {
  if (error instanceof FramecueError) {
    const { code, message, details } = error;
    return { code, message, ...(details === undefined ? {} : { details }) };
  }
  const code: ErrorCode = 'ERR_INTERNAL';
  return { code, message: ERRORS[code].text, internal: internalText(error) };
}

const internalText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** As an error of the program again; what nobody expected goes to the log. */
export function revive(error: PlainError, log: Log): FramecueError {
  if (error.code === 'ERR_INTERNAL') {
    log.error({ internal: error.internal }, 'a store op failed for a reason that nobody expected');
  }
  return new FramecueError(error.code, error.message, {
    cause: error.internal,
    ...(error.details === undefined ? {} : { details: error.details }),
  });
}

/** @param mayBeCommitted nobody knows whether what is refused by this stands */
export const unavailable = (problem: string, mayBeCommitted: boolean, cause?: unknown): FramecueError =>
  new FramecueError('ERR_STORE_UNAVAILABLE', undefined, { cause, details: { problem, mayBeCommitted } });

export function plainUnavailable(problem: string, mayBeCommitted: boolean): PlainError {
  const { code, message, details = {} } = unavailable(problem, mayBeCommitted);
  return { code, message, details };
}
