import { randomUUID } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { FramecueError } from '../packet/errors.ts';
import type { Cors } from './cors.ts';
import { errorHandler } from './http-errors.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

export interface HttpAppOptions {
  readonly log: Log;
  readonly cors: Cors;
  readonly settings: Pick<Settings, 'bodyLimitBytes' | 'trustProxy'>;
  /** Puts the routes of this process between what every request needs and the answers for those that fit nothing. */
  readonly routes: (app: Express) => void;
  /** Requests whose route reads the body by itself: it is no JSON, or may be larger than others. */
  readonly readsOwnBody?: (req: Request) => boolean;
}

/** Express with what every control plane of this project needs. */
export function createHttpApp({ log, cors, settings, routes, readsOwnBody }: HttpAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', settings.trustProxy);
  app.use(requestId, accessLog(log), securityHeaders);
  app.use((req, res, next) => {
    if (!cors.handle(req, res)) next();
  });
  const json = express.json({ limit: settings.bodyLimitBytes, inflate: false });
  for (const step of [jsonOnly, json]) {
    app.use((req, res, next) => (readsOwnBody?.(req) === true ? next() : step(req, res, next)));
  }
  routes(app);
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A proxy's id is kept, so that both logs can be laid side by side. */
const requestId: RequestHandler = (req, res, next) => {
  const given = req.headers['x-request-id'];
  res.setHeader('X-Request-Id', typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID());
  next();
};

/** Addresses that stream decks call carry their secret: they know no headers. */
const SECRET_IN_PATH = /^(\/+api\/+v1\/+trigger\/+[^/]+\/).+/i;

/** Without the query: play URLs and links may carry secrets there. */
const accessLog =
  (log: Log): RequestHandler =>
  (req, res, next) => {
    const startedAt = performance.now();
    const path = req.path.replace(SECRET_IN_PATH, '$1[redacted]');
    res.once('close', () => {
      const level = res.statusCode >= 500 ? 'warn' : res.statusCode >= 400 ? 'info' : 'debug';
      if (!log.isLevelEnabled(level)) return;
      log[level](
        {
          requestId: res.getHeader('X-Request-Id'),
          method: req.method,
          path,
          status: res.statusCode,
          ms: Math.round(performance.now() - startedAt),
          ip: req.ip,
          whole: res.writableFinished,
        },
        'request',
      );
    });
    next();
  };

/** For answers that are data; pages put `pageHeaders` over them. */
const securityHeaders: RequestHandler = (_req, res, next) => {
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  res.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  next();
};

/**
 * For the pages of this project: scripts of its own only; players make blob: media and workers; video and API may
 * be on other hosts, as behind a CDN.
 */
export const pageHeaders: RequestHandler = (_req, res, next) => {
  res.setHeader(
    'Content-Security-Policy',
    [
      "default-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      'media-src * blob: data:',
      'connect-src * data: blob:',
      "worker-src 'self' blob:",
      "base-uri 'none'",
      "frame-ancestors 'self'",
    ].join('; '),
  );
  next();
};

/** express.json passes over bodies of another type in silence. */
const jsonOnly: RequestHandler = (req, _res, next) => {
  const length = req.headers['content-length'];
  const hasBody = req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
  if (hasBody && req.is('application/json') === false) throw new FramecueError('ERR_CONTENT_TYPE');
  next();
};

const notFound: RequestHandler = (req) => {
  throw new FramecueError('ERR_NOT_FOUND', undefined, { details: { method: req.method, path: req.path } });
};

/** For `router.route(path).get(...).all(methodNotAllowed('GET'))`. */
export const methodNotAllowed =
  (...allowed: readonly string[]): RequestHandler =>
  (_req, res) => {
    res.setHeader('Allow', allowed.join(', '));
    throw new FramecueError('ERR_METHOD', undefined, { details: { allowed } });
  };
