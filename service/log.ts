import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { Settings } from './settings.ts';

export type Log = Logger;

/** Fields whose value never reaches a log, at the top, in an object, or in an array of objects. */
const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'cookie',
  'key',
  'streamKey',
  'token',
  'secret',
  'password',
  'sessionKey',
  'viewerJwtSecret',
  'stampKeys',
  'moreTokens',
  'tokens',
];

/** What may wait to be written when the reader of our output is slow; more is dropped rather than block a frame. */
const LOG_QUEUE_BYTES = 4 * 1024 * 1024;

/**
 * JSON lines on standard output, written without blocking the event loop.
 * @param to where else than standard output, in tests.
 */
export function createLog(
  processName: string,
  settings: Pick<Settings, 'logLevel'>,
  to: DestinationStream = destination({ dest: 1, sync: false, maxLength: LOG_QUEUE_BYTES }),
): Log {
  return pino(
    {
      name: `framecue-${processName}`,
      level: settings.logLevel,
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
    },
    to,
  );
}
