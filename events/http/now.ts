import type { Express } from 'express';
import type { Clock } from '../../packet/clock.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { CueMirror } from '../interactions/cue-mirror.ts';
import type { ReportPlan } from '../spread/viewer-spread.ts';
import { streamOf } from './stream-of.ts';

/**
 * The cues of a stream that are due and open, for viewers who have lost stamps. The same for everybody, so a CDN may
 * give it out; never a cue before its moment.
 */
export function nowRoute(
  app: Express,
  {
    mirror,
    clock,
    delayReports,
  }: { readonly mirror: CueMirror; readonly clock: Clock; readonly delayReports: () => ReportPlan },
): void {
  app
    .route('/api/v1/streams/:app/:name/now')
    .get((req, res) => {
      const stream = streamOf(req.params);
      const at = clock.unixUs();
      res
        .set('Cache-Control', 'public, max-age=1')
        .json({ at, cues: mirror.dueOf(stream, at), delayReports: delayReports() });
    })
    .all(methodNotAllowed('GET'));
}
