import { type RequestHandler, type Response, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Cue } from '../cues/cue.ts';
import type { Clock } from '../packet/clock.ts';
import { FramecueError } from '../packet/errors.ts';
import { requireRight } from '../service/bearer.ts';
import { methodNotAllowed } from '../service/http-app.ts';
import { withinRate } from '../service/rate-limit.ts';
import type { TokenRegistry } from '../service/tokens.ts';
import type { Actor } from './action.ts';
import { actorOf } from './actor.ts';
import { streamOf } from './console/requests.ts';
import type { CueBook } from './cue-book.ts';
import {
  CueRequest,
  EditRequest,
  IdempotencyKey,
  ListQuery,
  PanicRequest,
  StampingRequest,
  TakeRequest,
} from './cue-request.ts';
import type { DirectorObserver } from './observer.ts';
import { less, type Spent, spentNow, spentSince } from './spent.ts';

export interface CueApiOptions {
  readonly book: CueBook;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  /** Cues per second of one token on one stream. */
  readonly rate: number;
  /** Streams that can be published here. */
  readonly isStreamAllowed: (stream: string) => boolean;
  readonly observer?: DirectorObserver;
}

const PAGE_DEFAULT = 50;

/** `/api/v1/streams/{app}/{name}/...`: cues, and the stamping switch. Mount it at `/api/v1/streams`. */
export function cueApi(options: CueApiOptions): Router {
  const { book, tokens, clock } = options;
  const direct = requireRight(tokens, 'direct');
  const read = requireRight(tokens, 'read');
  const limiter = new RateLimiterMemory({ points: options.rate, duration: 1 });
  const router = Router();

  const limit = async (who: Actor, stream: string): Promise<void> => {
    try {
      await withinRate(limiter, `${who.by} ${stream}`);
    } catch (error) {
      if (error instanceof FramecueError) options.observer?.cueRefused?.(error.code);
      throw error;
    }
  };

  const accept: RequestHandler = async (req, res) => {
    const receivedAt = clock.unixMs();
    const arrived = spentNow(clock);
    const stream = streamOf(req.params);
    const who = actorOf(req, res);
    await limit(who, stream);
    const request = CueRequest.parse(bodyOf(req.body));
    const keyHeader = req.get('Idempotency-Key');
    const key = keyHeader === undefined ? null : IdempotencyKey.parse(keyHeader);
    const outcome = await book.accept({ stream, request, key, who, receivedAt });
    if (outcome.kind === 'refused') throw outcome.error;
    // Relative to this server, whatever proxies call it (RFC 9110, 10.2.2).
    res.location(`/api/v1/streams/${stream}/cues/${outcome.cue.id}`);
    if (outcome.kind === 'accepted') {
      res.set('Server-Timing', serverTiming(outcome, spentSince(arrived, clock)));
    }
    sendCue(res, outcome.cue, 202);
  };

  const list: RequestHandler = async (req, res) => {
    const stream = streamOf(req.params);
    const { limit = String(PAGE_DEFAULT), before = null } = ListQuery.parse(req.query);
    const cues = await book.list(stream, Number(limit), before);
    if (cues === null) {
      const problem = 'there is no such cue on this stream';
      throw new FramecueError('ERR_REQUEST_INVALID', `before: ${problem}`, {
        details: { issues: [{ field: 'before', problem }] },
      });
    }
    const next = cues.length < Number(limit) ? null : (cues.at(-1)?.id ?? null);
    res.set('Cache-Control', 'no-store').json({ cues, next });
  };

  const get: RequestHandler = async (req, res) => {
    const cue = await book.get(streamOf(req.params), idOf(req.params));
    if (cue === null) throw new FramecueError('ERR_CUE_UNKNOWN');
    sendCue(res, cue, 200);
  };

  const take: RequestHandler = async (req, res) => {
    const receivedAt = clock.unixMs();
    const [stream, id, who] = [streamOf(req.params), idOf(req.params), actorOf(req, res)];
    await limit(who, stream);
    const request = TakeRequest.parse(bodyOf(req.body));
    const outcome = await book.take({ stream, id, request, who, receivedAt });
    if (outcome.kind === 'refused') throw outcome.error;
    sendCue(res, outcome.cue, outcome.kind === 'taken' ? 202 : 200);
  };

  const edit: RequestHandler = async (req, res) => {
    const receivedAt = clock.unixMs();
    const [stream, id, who] = [streamOf(req.params), idOf(req.params), actorOf(req, res)];
    await limit(who, stream);
    const request = EditRequest.parse(bodyOf(req.body));
    const outcome = await book.edit({ stream, id, request, who, receivedAt });
    if (outcome.kind === 'refused') throw outcome.error;
    sendCue(res, outcome.cue, 200);
  };

  const cancel: RequestHandler = async (req, res) => {
    const [stream, id, who] = [streamOf(req.params), idOf(req.params), actorOf(req, res)];
    const outcome = await book.cancel({ stream, id, who });
    if (outcome.kind === 'refused') throw outcome.error;
    sendCue(res, outcome.cue, 200);
  };

  const panic: RequestHandler = async (req, res) => {
    const [stream, who] = [streamOf(req.params), actorOf(req, res)];
    PanicRequest.parse(bodyOf(req.body));
    res.json(await book.panic({ stream, who }));
  };

  const setStamping: RequestHandler = async (req, res) => {
    const stream = streamOf(req.params);
    if (!options.isStreamAllowed(stream)) throw new FramecueError('ERR_NOT_FOUND');
    const { on } = StampingRequest.parse(bodyOf(req.body));
    await book.setStamping(stream, on, actorOf(req, res));
    res.json({ stream, on });
  };

  router.route('/:app/:name/cues').post(direct, accept).get(read, list).all(methodNotAllowed('GET', 'POST'));
  router
    .route('/:app/:name/cues/:id')
    .get(read, get)
    .patch(direct, edit)
    .all(methodNotAllowed('GET', 'PATCH'));
  router.route('/:app/:name/cues/:id/take').post(direct, take).all(methodNotAllowed('POST'));
  router.route('/:app/:name/panic').post(direct, panic).all(methodNotAllowed('POST'));
  router.route('/:app/:name/cues/:id/cancel').post(direct, cancel).all(methodNotAllowed('POST'));
  router.route('/:app/:name/stamping').put(direct, setStamping).all(methodNotAllowed('PUT'));
  return router;
}

/**
 * What acceptance took, for benchmarks and proxies (W3C Server Timing): `own` from the request being read to this
 * answer without `commit`, the wait for the disk; `cpu` what the thread computed of `own`, where that is measured.
 * `injector` says when the injector had it, Unix microseconds.
 */
function serverTiming(
  { commit, scheduledAtUs }: { readonly commit: Spent; readonly scheduledAtUs: number | null },
  took: Spent,
): string {
  const own = less(took, commit);
  const parts = [`own;dur=${inMs(own.wallUs)}`, `commit;dur=${inMs(commit.wallUs)}`];
  if (own.cpuUs !== null) parts.push(`cpu;dur=${inMs(own.cpuUs)}`);
  if (scheduledAtUs !== null) parts.push(`injector;desc="${scheduledAtUs}"`);
  return parts.join(', ');
}

const inMs = (us: number): string => (us / 1_000).toFixed(3);

function sendCue(res: Response, cue: Cue, status: number): void {
  res.status(status).set('Cache-Control', 'no-store').json(cue);
}

/** No body at all is told as what it lacks. */
const bodyOf = (body: unknown): unknown => body ?? {};

const idOf = (params: { readonly [name: string]: unknown }): string => String(params.id);
