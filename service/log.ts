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
  'prizeKey',
  'viewerJwtSecret',
  'stampKeys',
  'rewardsSecrets',
  'moreTokens',
  'tokens',
];

/** What may wait to be written when the reader of our output is slow; more is dropped rather than block a frame. */
const LOG_QUEUE_BYTES = 4 * 1024 * 1024;

/** How often at most it is said that nothing can be written. */
const COMPLAINT_INTERVAL_MS = 60_000;

/**
 * Where log lines go. A full disk, or a reader that is gone, costs lines and nothing else: what runs goes on.
 * @param complain is told, now and then, while nothing can be written.
 */
export function logOutput(
  fd = 1,
  complain: (sentence: string) => void = (sentence) => process.stderr.write(`${sentence}\n`),
): DestinationStream {
  const output = destination({ dest: fd, sync: false, maxLength: LOG_QUEUE_BYTES });
  let complainedAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  // At the end of the process, and after each fatal line, it would be tried for ever, with everything else waiting.
  const flushSync = output.flushSync.bind(output);
  output.flushSync = () => {
    if (!isFailing) flushSync();
  };
  output.on('write', () => {
    isFailing = false;
  });
  // What could not be written is tried again with the next line.
  output.on('error', (error: NodeJS.ErrnoException) => {
    isFailing = true;
    const now = performance.now();
    if (error.code === 'EPIPE' || now - complainedAt < COMPLAINT_INTERVAL_MS) return;
    complainedAt = now;
    complain(
      `framecue: the log cannot be written (${error.code ?? error.name}); lines are lost until it can.`,
    );
  });
  return output;
}

/**
 * JSON lines on standard output, written without blocking the event loop.
 * @param to where else than standard output, in tests.
 */
export function createLog(
  processName: string,
  settings: Pick<Settings, 'logLevel'>,
  to: DestinationStream = logOutput(),
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
