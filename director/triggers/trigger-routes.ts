import { type Express, type RequestHandler, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { z } from 'zod';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { bearerTokenOf, holderOf, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { streamOf } from '../console/requests.ts';
import { type Trigger, TriggerRequest } from './trigger.ts';
import type { Triggers } from './triggers.ts';

export interface TriggerRoutesOptions {
  readonly triggers: Triggers;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  readonly isStreamAllowed: (stream: string) => boolean;
}

const PATH = '/api/v1/trigger';
export const PressQuery = z.strictObject({ token: z.string().min(1).max(256).optional() });
/** Wrong secrets from one address. */
const GUESSES = { points: 20, duration: 60 };

/** `/api/v1/streams/{app}/{name}/triggers` to make them, and `/api/v1/trigger/{id}` to press them. */
export function triggerRoutes(app: Express, options: TriggerRoutesOptions): void {
  const { triggers, tokens, clock } = options;
  const direct = requireRight(tokens, 'direct');
  const router = Router();

  const known = (params: { readonly [name: string]: unknown }): string => {
    const stream = streamOf(params);
    if (!options.isStreamAllowed(stream)) throw new FramecueError('ERR_NOT_FOUND');
    return stream;
  };
  const nameOf = (params: { readonly [name: string]: unknown }): string => {
    const name = String(params.trigger);
    if (!ID_PATTERN.test(name)) throw new FramecueError('ERR_NOT_FOUND');
    return name;
  };

  const put: RequestHandler = async (req, res) => {
    const stream = known(req.params);
    const name = nameOf(req.params);
    const wanted = TriggerRequest.parse(req.body ?? {});
    const { trigger, secret } = await triggers.put(stream, name, wanted, holderOf(res).name);
    const address = `${PATH}/${trigger.id}`;
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json({ ...trigger, url: `${address}/${secret}`, query: `${address}?token=${secret}` });
  };
  const get: RequestHandler = (req, res) => {
    const trigger = triggers.get(known(req.params), nameOf(req.params));
    if (trigger === null) throw new FramecueError('ERR_TRIGGER_UNKNOWN');
    res.set('Cache-Control', 'no-store').json(trigger);
  };
  const drop: RequestHandler = async (req, res) => {
    await triggers.drop(known(req.params), nameOf(req.params));
    res.status(204).end();
  };
  router
    .route('/:app/:name/triggers')
    .get(direct, (req, res) => {
      const listed: readonly Trigger[] = triggers.list(known(req.params));
      res.set('Cache-Control', 'no-store').json({ triggers: listed });
    })
    .all(methodNotAllowed('GET'));
  router
    .route('/:app/:name/triggers/:trigger')
    .get(direct, get)
    .put(direct, put)
    .delete(direct, drop)
    .all(methodNotAllowed('GET', 'PUT', 'DELETE'));
  app.use('/api/v1/streams', router);

  const guesses = new RateLimiterMemory(GUESSES);
  /** Wrong ones alone are counted: behind a proxy all have one address, and nobody there may lock a deck out. */
  const noteGuess = async (who: string): Promise<void> => {
    const { consumedPoints, msBeforeNext } = await guesses.penalty(who);
    if (consumedPoints <= GUESSES.points) return;
    throw new FramecueError('ERR_RATE_LIMITED', undefined, { details: { retryAfterMs: msBeforeNext } });
  };
  const press: RequestHandler = async (req, res) => {
    const at = clock.unixMs();
    res.set('Cache-Control', 'no-store');
    refusePrefetch(req.headers);
    const { token } = PressQuery.parse(req.query);
    const { secret: inPath } = req.params;
    const secret = (typeof inPath === 'string' ? inPath : undefined) ?? token ?? bearerTokenOf(req);
    if (secret === null) throw new FramecueError('ERR_TOKEN_MISSING', 'The address lacks its secret.');
    try {
      const pressed = await triggers.press(String(req.params.id), secret, at);
      res.status(pressed.did === 'armed' ? 202 : 200).json(pressed);
    } catch (error) {
      if (error instanceof FramecueError && error.code === 'ERR_TOKEN_INVALID') await noteGuess(req.ip ?? '');
      throw error;
    }
  };
  // Express would answer HEAD by GET: whoever only looks presses nothing.
  for (const path of [`${PATH}/:id`, `${PATH}/:id/:secret`]) {
    app
      .route(path)
      .head(methodNotAllowed('GET', 'POST'))
      .get(press)
      .post(press)
      .all(methodNotAllowed('GET', 'POST'));
  }
}

/** Browsers fetch what they think will be opened (Fetch Standard, `Sec-Purpose`). */
function refusePrefetch(headers: { readonly [name: string]: string | string[] | undefined }): void {
  const purpose = `${headers['sec-purpose'] ?? ''} ${headers.purpose ?? ''} ${headers['x-moz'] ?? ''}`;
  if (/prefetch|prerender|preview/i.test(purpose)) {
    throw new FramecueError('ERR_REQUEST_INVALID', 'A page that is only prefetched presses nothing.');
  }
}
