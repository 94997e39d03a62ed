import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { FramecueError } from '../../packet/errors.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { streamOf } from '../console/requests.ts';
import type { AsRunLog } from './as-run-log.ts';
import { CSV_HEAD, csvRow } from './csv.ts';

const LATEST_UNIX_MS = 8_640_000_000_000_000;
const PAGE_DEFAULT = 200;
const PAGE_MAX = 1_000;
const CSV_PAGE = 500;
/** How long a page waits for rows that were added just before. */
const SETTLE_MS = 1_000;

const count = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'give a whole number')
    .refine(
      (text) => Number(text) >= least && Number(text) <= most,
      `give a number from ${least} to ${most}`,
    );
const Moment = z.union(
  [count(0, LATEST_UNIX_MS), z.iso.datetime({ offset: true })],
  'give Unix milliseconds or RFC 3339',
);
const momentOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Date.parse(text));

export const AsRunQuery = z.strictObject({
  format: z.enum(['json', 'csv']).optional(),
  /** From this moment on. */
  from: Moment.optional(),
  /** Before this moment. */
  to: Moment.optional(),
  /** Rows after this `seq`. */
  after: count(0, Number.MAX_SAFE_INTEGER).optional(),
  limit: count(1, PAGE_MAX).optional(),
  /** That many of the newest. */
  last: count(1, PAGE_MAX).optional(),
});

/** `/api/v1/streams/{app}/{name}/as-run`. Mount it at `/api/v1/streams`. */
export function asRunRoutes(asRun: AsRunLog, tokens: TokenRegistry): Router {
  const router = Router();

  const get: RequestHandler = async (req, res) => {
    const stream = streamOf(req.params);
    const query = AsRunQuery.parse(req.query);
    if (query.last !== undefined && (query.after !== undefined || query.limit !== undefined)) {
      throw new FramecueError('ERR_REQUEST_INVALID', 'last: give it without after and limit.');
    }
    await asRun.settled(SETTLE_MS);
    const range = {
      stream,
      from: query.from === undefined ? 0 : momentOf(query.from),
      to: query.to === undefined ? Number.MAX_SAFE_INTEGER : momentOf(query.to),
    };
    const after = Number(query.after ?? 0);
    const last = query.last === undefined ? null : Number(query.last);
    res.set('Cache-Control', 'no-store');
    if (query.format === 'csv') {
      res
        .type('text/csv; charset=utf-8; header=present')
        .attachment(`as-run-${stream.replace('/', '-')}.csv`);
      // The first page before the head, so that a store that is away is an error and no empty file.
      const first = last === null ? { after, limit: CSV_PAGE } : { after: null, limit: last };
      let rows = await asRun.rows({ ...range, ...first });
      res.write(CSV_HEAD);
      while (rows.length > 0 && !res.destroyed) {
        if (!res.write(rows.map(csvRow).join(''))) await drained(res);
        if (last !== null || rows.length < CSV_PAGE) break;
        rows = await asRun.rows({ ...range, after: rows.at(-1)!.seq, limit: CSV_PAGE });
      }
      res.end();
      return;
    }
    const limit = last ?? Number(query.limit ?? PAGE_DEFAULT);
    const isEnd = last !== null;
    const rows = await asRun.rows({ ...range, after: isEnd ? null : after, limit });
    const next = isEnd || rows.length < limit ? null : rows.at(-1)!.seq;
    res.json({ rows, next });
  };

  router.route('/:app/:name/as-run').get(requireRight(tokens, 'read'), get).all(methodNotAllowed('GET'));
  return router;
}

async function drained(res: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
}
