import type { Express } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { z } from 'zod';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import { withinRate } from '../../service/rate-limit.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { EventsObserver } from '../observer.ts';
import { DelayClaim } from '../spread/claim.ts';
import { DELAY_MAX_MS } from '../spread/delay-histogram.ts';
import type { ViewerSpread } from '../spread/viewer-spread.ts';
import { requireViewer, viewerOf } from './session.ts';
import { streamOf } from './stream-of.ts';
import type { ViewerTokens } from './viewer-token.ts';

export const SpreadQuery = z.strictObject({
  /** A hold to look at: `alignInMs` of the cue that may be taken. */
  holdMs: z
    .string()
    .regex(/^\d{1,6}$/, `give milliseconds from 0 to ${DELAY_MAX_MS}`)
    .refine((text) => Number(text) <= DELAY_MAX_MS, `give milliseconds from 0 to ${DELAY_MAX_MS}`)
    .optional(),
});

/** Twice what a viewer with two devices sends. */
const REPORTS_PER_VIEWER = 24;
const REPORTS_WINDOW_SECONDS = 60;

export interface SpreadRoutesOptions {
  readonly spread: ViewerSpread;
  readonly viewers: ViewerTokens;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  readonly observer: EventsObserver;
}

/** Viewers' delays, from them (`delays`) and for the director (`spread`). */
export function spreadRoutes(app: Express, options: SpreadRoutesOptions): void {
  const { spread, viewers, tokens, clock, observer } = options;
  const limiter = new RateLimiterMemory({ points: REPORTS_PER_VIEWER, duration: REPORTS_WINDOW_SECONDS });

  app
    .route('/api/v1/streams/:app/:name/delays')
    .post(requireViewer(viewers, clock), async (req, res) => {
      const stream = streamOf(req.params);
      const claim = DelayClaim.parse(req.body ?? {});
      const viewer = viewerOf(res);
      try {
        await withinRate(limiter, viewer);
      } catch (error) {
        observer.delayReport('rate');
        throw error;
      }
      const outcome = spread.report(viewer, stream, claim);
      if (outcome.kind === 'too-soon') throw limited(outcome.retryAfterMs);
      const { share, everyMs } = spread.plan();
      const taken = outcome.kind === 'taken';
      res
        .set('Cache-Control', 'no-store')
        .json({ taken, ...(taken ? {} : { why: outcome.why }), share, everyMs });
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/api/v1/streams/:app/:name/spread')
    .get(requireRight(tokens, 'read'), (req, res) => {
      const { holdMs } = SpreadQuery.parse(req.query);
      const preview = spread.preview(streamOf(req.params), holdMs === undefined ? null : Number(holdMs));
      res.set('Cache-Control', 'no-store').json(preview);
    })
    .all(methodNotAllowed('GET'));
}

const limited = (retryAfterMs: number): FramecueError =>
  new FramecueError('ERR_RATE_LIMITED', undefined, { details: { retryAfterMs } });
