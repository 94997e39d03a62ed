import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Express, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { unixMs } from '../../packet/time.ts';
import { bearerTokenOf } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { EventsObserver } from '../observer.ts';
import type { ReportPlan } from '../spread/viewer-spread.ts';
import type { ViewerJwt } from './viewer-jwt.ts';
import type { ViewerTokens } from './viewer-token.ts';

export const SessionRequest = z.object({ token: z.string().min(1).max(8_192) });

/** Whoever plays several viewers, or one in several pages, names them. */
export const DemoRequest = z.object({
  viewer: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional(),
});

/** A JWT check takes 100 to 300 us: no more than these wait at a time. */
const CHECKS_UNDER_WAY = 512;

export interface SessionOptions {
  readonly jwt: ViewerJwt;
  readonly tokens: ViewerTokens;
  readonly ttlMs: number;
  readonly clock: Clock;
  /** Gives anybody a viewer's JWT: for demonstrations. */
  readonly demo: boolean;
  readonly observer: EventsObserver;
  /** Which viewers report their delay. */
  readonly delayReports: () => ReportPlan;
}

/** The door: a customer's JWT, checked once, for a short token that every later request brings. */
export function sessionRoutes(app: Express, options: SessionOptions): void {
  const { jwt, tokens, ttlMs, clock, demo, observer } = options;
  let underWay = 0;

  app
    .route('/api/v1/session')
    .post(async (req, res) => {
      const { token } = SessionRequest.parse(req.body ?? {});
      if (underWay >= CHECKS_UNDER_WAY) {
        observer.session('failed');
        throw new FramecueError('ERR_OVERLOADED');
      }
      underWay++;
      try {
        const { viewer, region } = await jwt.viewerOf(token);
        const expiresAt = unixMs(clock.unixMs() + ttlMs);
        observer.session('issued');
        res.set('Cache-Control', 'no-store').json({
          ...{ token: tokens.issue(viewer, expiresAt, region), viewer, expiresAt },
          delayReports: options.delayReports(),
        });
      } catch (error) {
        const known = error instanceof FramecueError && error.status < 500;
        observer.session(known ? 'refused' : 'failed');
        throw error;
      } finally {
        underWay--;
      }
    })
    .all(methodNotAllowed('POST'));

  if (!demo) return;
  app
    .route('/api/v1/demo/viewer-token')
    .post(async (req, res) => {
      const { viewer = randomUUID() } = DemoRequest.parse(req.body ?? {});
      const token = await jwt.issueForDemo(`demo-${viewer}`);
      if (token === null) throw new FramecueError('ERR_NOT_FOUND', 'Viewers bring tokens of their own here.');
      res.set('Cache-Control', 'no-store').json({ token });
    })
    .all(methodNotAllowed('POST'));
}

/** Who answers: a viewer, or one of a load test. */
export interface Answerer {
  readonly kind: 'viewer' | 'shadow';
  readonly viewer: string;
  /** As the customer's JWT says; absent: unknown. */
  readonly region?: string;
}

/** For what shadow viewers do too. @throws {FramecueError} ERR_TOKEN_MISSING, ERR_TOKEN_INVALID, ERR_TOKEN_EXPIRED. */
export function answererOfRequest(req: IncomingMessage, tokens: ViewerTokens, clock: Clock): Answerer {
  const token = bearerTokenOf(req);
  if (token === null) throw new FramecueError('ERR_TOKEN_MISSING');
  const check = tokens.check(token, clock.unixMs());
  if (check.kind === 'viewer' || check.kind === 'shadow') return check;
  if (check.kind === 'expired') throw new FramecueError('ERR_TOKEN_EXPIRED');
  throw new FramecueError('ERR_TOKEN_INVALID', token.startsWith(JWT_STARTS) ? JWT_HERE : undefined);
}

/** `{"` in base64url, as a JWT's header begins: for whoever leaves the exchange out. */
const JWT_STARTS = 'eyJ';
const JWT_HERE = 'A JWT is exchanged at POST /api/v1/session; the token that is given there goes here.';

/** @throws {FramecueError} as above, and ERR_SHADOW_VIEWER: what is not made for shadow viewers refuses them. */
export function viewerOfRequest(req: IncomingMessage, tokens: ViewerTokens, clock: Clock): string {
  const { kind, viewer } = answererOfRequest(req, tokens, clock);
  if (kind === 'shadow') throw new FramecueError('ERR_SHADOW_VIEWER');
  return viewer;
}

/** Lets only viewers pass; `viewerOf` then says who it is. */
export const requireViewer =
  (tokens: ViewerTokens, clock: Clock): RequestHandler =>
  (req, res, next) => {
    res.locals.viewer = viewerOfRequest(req, tokens, clock);
    next();
  };

/** Behind `requireViewer` alone. */
export function viewerOf(res: Response): string {
  const viewer: unknown = res.locals.viewer;
  if (typeof viewer !== 'string') throw new Error('a route that asks for its viewer lacks requireViewer');
  return viewer;
}
