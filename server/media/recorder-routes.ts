import { type Express, Router } from 'express';
import { z } from 'zod';
import { FramecueError } from '../../packet/errors.ts';
import type { StreamName } from '../../packet/packet.ts';
import { SHOW_NAME, type ShowStore } from '../../qa/show/show-store.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import { isStreamAllowed, type Settings } from '../../service/settings.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Recorder } from './recorder.ts';

const DAY_MS = 86_400_000;

export const StartRequest = z.strictObject({
  name: z
    .string()
    .regex(SHOW_NAME, 'give up to 100 letters, digits, dots, dashes and underscores')
    .optional(),
  forMs: z.number().int().min(100).max(DAY_MS).optional(),
});

/** `/api/v1/streams/{app}/{name}/recording` and `/api/v1/shows`. */
export function recorderRoutes(
  app: Express,
  tokens: TokenRegistry,
  { recorder, store, allowed }: { recorder: Recorder; store: ShowStore; allowed: Settings['streams'] },
): void {
  const direct = requireRight(tokens, 'direct');
  const read = requireRight(tokens, 'read');
  const streamOf = (params: { readonly [name: string]: unknown }): StreamName => {
    const stream = { app: String(params.app), name: String(params.name) };
    if (!isStreamAllowed(allowed, `${stream.app}/${stream.name}`)) throw new FramecueError('ERR_NOT_FOUND');
    return stream;
  };
  const router = Router();
  router
    .route('/api/v1/streams/:app/:name/recording')
    .get(read, (req, res) => {
      const recording = recorder.status(streamOf(req.params));
      res.set('Cache-Control', 'no-store').json({ recording });
    })
    .post(direct, async (req, res) => {
      const { name, forMs } = StartRequest.parse(req.body ?? {});
      const recording = await recorder.start(streamOf(req.params), {
        ...(name === undefined ? {} : { name }),
        ...(forMs === undefined ? {} : { forMs }),
      });
      res.status(201).set('Cache-Control', 'no-store').json({ recording });
    })
    .all(methodNotAllowed('GET', 'POST'));
  router
    .route('/api/v1/streams/:app/:name/recording/stop')
    .post(direct, async (req, res) => {
      const recording = await recorder.stop(streamOf(req.params));
      res.set('Cache-Control', 'no-store').json({ recording });
    })
    .all(methodNotAllowed('POST'));
  router
    .route('/api/v1/shows')
    .get(read, async (_req, res) => {
      const shows = await store.list();
      const { folder, usedBytes, quotaBytes } = store;
      res.set('Cache-Control', 'no-store').json({ folder, usedBytes, quotaBytes, shows });
    })
    .all(methodNotAllowed('GET'));
  app.use(router);
}
