import express, { type Request, type RequestHandler, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { z } from 'zod';
import { type RundownReading, readRundown } from '../../cues/rundown/index.ts';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import { withinRate } from '../../service/rate-limit.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { actorOf } from '../actor.ts';
import { streamOf } from '../console/requests.ts';
import { TakeRequest } from '../cue-request.ts';
import { invalidRundown } from './refusals.ts';
import type { Rundowns } from './rundowns.ts';

export interface RundownRoutesOptions {
  readonly rundowns: Rundowns;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  /** Items armed or taken per second by one token on one stream. */
  readonly rate: number;
  readonly isStreamAllowed: (stream: string) => boolean;
}

const MAX_BYTES = 1_048_576;
const FORMATS = {
  json: ['application/json'],
  // The second is what browsers on Windows call a .csv file.
  csv: ['text/csv', 'application/vnd.ms-excel', 'application/csv'],
} as const;

const Flag = z.enum(['0', '1'], 'give 1 or 0');
export const LoadQuery = z.strictObject({
  /** Says what is wrong and loads nothing. */
  check: Flag.optional(),
  replace: Flag.optional(),
  unchecked: Flag.optional(),
  /** Id of the rundown where a CSV file says none. */
  id: z.string().regex(ID_PATTERN).optional(),
});
export const UnloadQuery = z.strictObject({ replace: Flag.optional() });
export const TakeQuery = z.strictObject({ anyway: Flag.optional() });

/** A rundown is larger than other bodies, and may be CSV: its route reads it. */
export const isRundownUpload = (req: Pick<Request, 'method' | 'path'>): boolean =>
  req.method === 'PUT' && /^\/api\/v1\/streams\/[^/]+\/[^/]+\/rundown\/?$/.test(req.path);

/** `/api/v1/streams/{app}/{name}/rundown...`. Mount it at `/api/v1/streams`. */
export function rundownRoutes(options: RundownRoutesOptions): Router {
  const { rundowns, tokens, clock } = options;
  const direct = requireRight(tokens, 'direct');
  const read = requireRight(tokens, 'read');
  const body = express.raw({ type: () => true, limit: MAX_BYTES, inflate: false });
  const limiter = new RateLimiterMemory({ points: options.rate, duration: 1 });
  const router = Router();

  const load: RequestHandler = async (req, res) => {
    const stream = streamOf(req.params);
    if (!options.isStreamAllowed(stream)) throw new FramecueError('ERR_NOT_FOUND');
    const query = LoadQuery.parse(req.query);
    const reading = readingOf(req, query.id ?? 'rundown');
    const replace = query.replace === '1';
    const unchecked = query.unchecked === '1';
    if (query.check === '1') {
      const found = await rundowns.check(stream, reading, replace);
      const issues = found.filter(({ code }) => !(unchecked && code === 'unchecked'));
      if (issues.length > 0) throw invalidRundown(issues);
      const { id, title = null, items } = reading.document;
      res.set('Cache-Control', 'no-store').json({ id, title, items: items.length, issues: [] });
      return;
    }
    const who = actorOf(req, res);
    sendJson(res, await rundowns.load({ stream, reading, who, replace, unchecked }));
  };

  const get: RequestHandler = (req, res) => {
    const rundown = rundowns.get(streamOf(req.params));
    if (rundown === null) throw new FramecueError('ERR_RUNDOWN_NONE');
    sendJson(res, rundown);
  };

  const unload: RequestHandler = async (req, res) => {
    const { replace } = UnloadQuery.parse(req.query);
    await rundowns.unload(streamOf(req.params), actorOf(req, res), replace === '1');
    res.status(204).end();
  };

  const arm: RequestHandler = async (req, res) => {
    const receivedAt = clock.unixMs();
    const stream = streamOf(req.params);
    const who = actorOf(req, res);
    await withinRate(limiter, `${who.by} ${stream}`);
    sendJson(res, await rundowns.arm(stream, String(req.params.item), who, receivedAt), 202);
  };

  const take: RequestHandler = async (req, res) => {
    const receivedAt = clock.unixMs();
    const stream = streamOf(req.params);
    const who = actorOf(req, res);
    await withinRate(limiter, `${who.by} ${stream}`);
    const { anyway } = TakeQuery.parse(req.query);
    const request = TakeRequest.parse(req.body ?? {});
    const item = String(req.params.item);
    const taken = await rundowns.take(stream, item, request, who, receivedAt, anyway === '1');
    res.location(`/api/v1/streams/${stream}/cues/${taken.cue.id}`);
    sendJson(res, taken.cue, taken.isRepeated ? 200 : 202);
  };

  const skip: RequestHandler = async (req, res) =>
    sendJson(res, await rundowns.skip(streamOf(req.params), String(req.params.item), actorOf(req, res)));

  const reset: RequestHandler = async (req, res) =>
    sendJson(res, await rundowns.reset(streamOf(req.params), String(req.params.item), actorOf(req, res)));

  router
    .route('/:app/:name/rundown')
    .put(direct, body, load)
    .get(read, get)
    .delete(direct, unload)
    .all(methodNotAllowed('GET', 'PUT', 'DELETE'));
  for (const [name, deed] of Object.entries({ arm, take, skip, reset })) {
    router.route(`/:app/:name/rundown/items/:item/${name}`).post(direct, deed).all(methodNotAllowed('POST'));
  }
  return router;
}

function readingOf(req: Request, name: string): RundownReading {
  const bytes: unknown = req.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
    throw new FramecueError('ERR_REQUEST_INVALID', 'Send the rundown as the body, as JSON or CSV.');
  }
  for (const format of ['json', 'csv'] as const) {
    if (req.is([...FORMATS[format]]) !== false) return readRundown(bytes, format, name);
  }
  throw new FramecueError('ERR_CONTENT_TYPE', 'Send the rundown as application/json or text/csv.');
}

const sendJson = (res: express.Response, body: unknown, status = 200): void => {
  res.status(status).set('Cache-Control', 'no-store').json(body);
};
