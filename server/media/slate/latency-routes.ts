import { type Express, Router } from 'express';
import { z } from 'zod';
import { SESSIONS } from '../../../cues/slate/code.ts';
import { STREAM_PATTERN } from '../../../cues/wire/index.ts';
import { consoleOf } from '../../../director/console/requests.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { holderOf, requireRight } from '../../../service/bearer.ts';
import { methodNotAllowed } from '../../../service/http-app.ts';
import { isStreamAllowed, type Settings } from '../../../service/settings.ts';
import type { TokenRegistry } from '../../../service/tokens.ts';
import type { LatencyBook } from './latency-book.ts';

/** Shapes of requests; milliseconds. */
export const SlateRequest = z.strictObject({
  on: z.boolean(),
  /** To read the slate that another server's session shows. */
  session: z
    .number()
    .int()
    .min(0)
    .max(SESSIONS - 1)
    .optional(),
  screenLatencyMs: z.number().min(0).max(1_000).optional(),
  screenErrorMs: z.number().min(0).max(1_000).optional(),
});
export const ApplyRequest = z.strictObject({
  source: z.enum(['measured', 'declared', 'manual']),
  ms: z.number().min(0).max(60_000).optional(),
  errorMs: z.number().min(0).max(60_000).optional(),
  pin: z.boolean(),
});
export const MarkRequest = z.strictObject({
  person: z.string().trim().min(1).max(64),
  pressedPts: z.number().finite(),
  picturePts: z.number().finite(),
});

export interface LatencyRoutesOptions {
  readonly book: LatencyBook;
  /** FRAMECUE_STREAMS. */
  readonly allowed: Settings['streams'];
  /** Something was changed by somebody; for the as-run log. */
  readonly onAction?: (action: LatencyAction) => void;
}

export interface LatencyAction {
  readonly stream: string;
  readonly by: string;
  /** Id of the console, where the request names one. */
  readonly console: string | null;
  /** In a few words. */
  readonly what: string;
}

/** `/api/v1/streams/{app}/{name}/latency` and `/aligner`. */
export function latencyRoutes(app: Express, tokens: TokenRegistry, options: LatencyRoutesOptions): void {
  const { book, allowed } = options;
  const direct = requireRight(tokens, 'direct');
  const read = requireRight(tokens, 'read');
  const streamOf = (params: { readonly [name: string]: unknown }): string => {
    const stream = `${params.app}/${params.name}`;
    if (!STREAM_PATTERN.test(stream) || !isStreamAllowed(allowed, stream))
      throw new FramecueError('ERR_NOT_FOUND');
    return stream;
  };
  type Request = Parameters<Parameters<Router['get']>[1]>[0];
  type Response = Parameters<Parameters<Router['get']>[1]>[1];
  const tell = (req: Request, res: Response, what: string): void => {
    options.onAction?.({
      stream: streamOf(req.params),
      by: holderOf(res).name,
      console: consoleOf(req),
      what,
    });
  };
  const answer = (res: Response, body: unknown): void => {
    res.set('Cache-Control', 'no-store').json(body);
  };
  const router = Router();
  const path = '/api/v1/streams/:app/:name';
  router
    .route(`${path}/latency`)
    .get(read, (req, res) => answer(res, book.status(streamOf(req.params))))
    .all(methodNotAllowed('GET'));
  router
    .route(`${path}/latency/slate`)
    // What the page in front of the camera needs; it has no token, and all of it is in the picture anyway.
    .get((req, res) => {
      const { slate } = book.status(streamOf(req.params));
      const { state, session, until, unreadable } = slate;
      answer(res, { on: state !== 'off', state, session, until, unreadable });
    })
    .put(direct, async (req, res) => {
      const request = SlateRequest.parse(req.body ?? {});
      const status = await book.setSlate(streamOf(req.params), request);
      tell(req, res, `slate reader ${request.on ? 'on' : 'off'}`);
      answer(res, status);
    })
    .all(methodNotAllowed('GET', 'PUT'));
  router
    .route(`${path}/latency/apply`)
    .post(direct, async (req, res) => {
      const request = ApplyRequest.parse(req.body ?? {});
      const status = await book.apply(streamOf(req.params), request, holderOf(res).name);
      const { ms, source, pinned } = status.applied!;
      tell(req, res, `${ms} ms, ${source}${pinned ? ', pinned' : ''}`);
      answer(res, status);
    })
    .delete(direct, async (req, res) => {
      const status = await book.clear(streamOf(req.params));
      tell(req, res, 'cleared');
      answer(res, status);
    })
    .all(methodNotAllowed('POST', 'DELETE'));
  router
    .route(`${path}/aligner/marks`)
    .post(direct, async (req, res) => {
      const { person, ...mark } = MarkRequest.parse(req.body ?? {});
      const report = await book.mark(streamOf(req.params), person, mark);
      res.status(201);
      answer(res, report);
    })
    .all(methodNotAllowed('POST'));
  router
    .route(`${path}/aligner/:person`)
    .delete(direct, async (req, res) => {
      const removed = await book.forget(streamOf(req.params), String(req.params.person));
      if (!removed) throw new FramecueError('ERR_NOT_FOUND');
      res.status(204).end();
    })
    .all(methodNotAllowed('DELETE'));
  app.use(router);
}
