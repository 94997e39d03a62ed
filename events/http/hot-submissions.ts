import type { IncomingMessage, ServerResponse } from 'node:http';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { Microseconds } from '../../packet/time.ts';
import type { Cors } from '../../service/cors.ts';
import { asFramecueError, sendError } from '../../service/http-errors.ts';
import type { HotHandler } from '../../service/http-server.ts';
import type { Log } from '../../service/log.ts';
import type { Waiting } from '../interactions/admission.ts';
import type { Submissions, SubmitOutcome } from '../interactions/submissions.ts';
import type { EventsObserver, SubmissionOutcomeName } from '../observer.ts';
import type { Timers } from '../timers.ts';
import { type BodyLimits, readJsonBody } from './body.ts';
import { type Answerer, answererOfRequest } from './session.ts';
import type { ViewerTokens } from './viewer-token.ts';

const PREFIX = '/api/v1/interactions/';
const SUFFIX = '/submissions';
/** Names and values in turn. */
const JSON_NOT_STORED = [
  ...['Content-Type', 'application/json; charset=utf-8'],
  ...['Cache-Control', 'no-store'],
];

export interface HotSubmissionsOptions {
  readonly submissions: Submissions;
  readonly tokens: ViewerTokens;
  readonly cors: Cors;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly observer: EventsObserver;
  readonly limits: BodyLimits;
}

/**
 * `POST /api/v1/interactions/{id}/submissions`, on plain `node:http` beside Express: everybody answers in the same
 * second. The answer leaves after the commit, or it says that nothing is certain.
 */
export function createSubmissionsHandler(options: HotSubmissionsOptions): HotHandler {
  const { submissions, tokens, cors, clock, timers, observer, limits } = options;
  // In a rush thousands are refused for the same reason: they are counted, not written down one by one.
  const log = quiet(options.log);

  const refuse = (req: IncomingMessage, res: ServerResponse, cause: unknown, mustClose = false): void => {
    const error = asFramecueError(cause);
    observer.submission(outcomeNameOf(error), error.code);
    for (const [name, value] of Object.entries(cors.headersFor(req))) res.setHeader(name, value);
    if (mustClose) res.setHeader('Connection', 'close');
    sendError(res, error, log);
  };

  const send = (
    req: IncomingMessage,
    res: ServerResponse,
    status: number,
    body: string,
    headers: readonly string[] = [],
  ): void => {
    // As a list: an object would be made, copied and walked for each answer.
    res.writeHead(status, [
      ...cors.headerListFor(req),
      ...JSON_NOT_STORED,
      'Content-Length',
      String(Buffer.byteLength(body)),
      ...headers,
    ]);
    res.end(body);
  };

  const wait = (req: IncomingMessage, res: ServerResponse, waiting: Waiting): void => {
    observer.submission('waiting', null);
    const { turnUs, openUntilUs, retryAfterMs, ...rest } = waiting;
    const body = JSON.stringify({
      waiting: {
        ...rest,
        turnAt: Math.floor(turnUs / 1000),
        openUntil: Math.floor(openUntilUs / 1000),
        retryAfterMs,
      },
    });
    send(req, res, 202, body, ['Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))]);
  };

  const answer = (
    req: IncomingMessage,
    res: ServerResponse,
    outcome: SubmitOutcome,
    kind: Answerer['kind'],
    startedUs: Microseconds,
  ): void => {
    if (outcome.kind === 'waiting') {
      wait(req, res, outcome.waiting);
      return;
    }
    if (outcome.kind !== 'receipt' && outcome.kind !== 'rehearsal') {
      const { code, details } = outcome;
      refuse(req, res, new FramecueError(code, undefined, details === undefined ? {} : { details }));
      return;
    }
    const { receipt, repeated } = outcome;
    observer.submission(kind === 'shadow' ? 'shadow' : nameOf(receipt.status, repeated), null);
    const body = JSON.stringify({
      receipt: {
        id: receipt.id,
        interaction: receipt.interaction,
        ...receipt.answer,
        status: receipt.status,
        acceptedAt: Math.floor(receipt.arrivedAtUs / 1000),
        repeated,
      },
    });
    send(req, res, 200, body);
    observer.acknowledged((clock.monotonicUs() - startedUs) / 1000);
  };

  return (req, res) => {
    const interaction = interactionOf(req.url ?? '');
    if (interaction === null) return false;
    const startedUs = clock.monotonicUs();
    if (req.method !== 'POST') {
      if (cors.handle(req, res)) return true;
      res.setHeader('Allow', 'POST, OPTIONS');
      refuse(req, res, new FramecueError('ERR_METHOD'));
      return true;
    }
    let answerer: Answerer;
    try {
      if (!ID_PATTERN.test(interaction)) throw new FramecueError('ERR_INTERACTION_UNKNOWN');
      answerer = answererOfRequest(req, tokens, clock);
    } catch (error) {
      refuse(req, res, error);
      return true;
    }
    readJsonBody(req, limits, timers, (read) => {
      if (read.kind === 'gone') return;
      if (read.kind === 'refused') {
        refuse(req, res, read.error, read.mustClose);
        return;
      }
      // An answer has arrived when it is whole: nobody holds a place by sending the head alone.
      const { viewer, kind, region } = answerer;
      submissions.submit(interaction, viewer, read.body, clock.unixUs(), kind, region).then(
        (outcome) => answer(req, res, outcome, kind, startedUs),
        (error: unknown) => refuse(req, res, error),
      );
    });
    return true;
  };
}

function nameOf(status: string, repeated: boolean): SubmissionOutcomeName {
  if (status === 'rehearsal') return 'rehearsal';
  if (repeated) return 'repeated';
  return status === 'held' ? 'held' : 'accepted';
}

function outcomeNameOf({ status }: FramecueError): SubmissionOutcomeName {
  if (status >= 500) return 'failed';
  return status === 409 ? 'refused' : 'invalid';
}

/** The `{id}` of the path, not checked; null for another path. */
function interactionOf(url: string): string | null {
  if (!url.startsWith(PREFIX)) return null;
  const query = url.indexOf('?');
  const end = query === -1 ? url.length : query;
  const idEnd = end - SUFFIX.length;
  if (idEnd <= PREFIX.length || !url.startsWith(SUFFIX, idEnd)) return null;
  const id = url.slice(PREFIX.length, idEnd);
  return id.includes('/') ? null : id;
}

const quiet = (log: Log): Log => (log.isLevelEnabled('error') ? log.child({}, { level: 'error' }) : log);
