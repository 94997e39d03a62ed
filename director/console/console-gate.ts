import type { RequestHandler } from 'express';
import { FramecueError } from '../../packet/errors.ts';
import { bearerTokenOf } from '../../service/bearer.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { ControlLock } from './control-lock.ts';
import { consoleOf, streamOf } from './requests.ts';
import type { ControlHolder } from './shapes.ts';

/**
 * What changes the show, below a stream; routes are found whatever the case of their letters. Panic, the kill switch
 * and measurements are nobody's alone.
 */
const GUARDED = /^\/(?:cues|rundown|mode|stage\/leave)(?:\/|$)/i;
const CHANGING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Refuses what one console wants to change while another is in control. Mount it at
 * `/api/v1/streams/:app/:name`, before the routes. Requests without the header are scripts': they pass.
 */
export const consoleGate =
  (lock: ControlLock, tokens: TokenRegistry): RequestHandler =>
  (req, _res, next) => {
    const console = consoleOf(req);
    if (console === null || !CHANGING.has(req.method) || !GUARDED.test(req.path)) return next();
    if (/^\/rundown\/?$/i.test(req.path) && req.method === 'PUT' && req.query.check === '1') return next();
    const token = bearerTokenOf(req);
    const by = token === null ? undefined : tokens.find(token)?.name;
    // The route says what is wrong with the token.
    if (by === undefined) return next();
    const holder = lock.inTheWayOf(streamOf(req.params), { console, by });
    if (holder !== null) throw controlHeld(holder);
    next();
  };

export const controlHeld = (holder: ControlHolder): FramecueError =>
  new FramecueError('ERR_CONTROL_HELD', `${holder.name} is in control of this stream.`, {
    details: { holder },
  });
