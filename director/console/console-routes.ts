import { type RequestHandler, Router } from 'express';
import { FramecueError } from '../../packet/errors.ts';
import { holderOf, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { AsRunLog } from '../as-run/as-run-log.ts';
import { controlHeld } from './console-gate.ts';
import type { ConsoleHub } from './console-hub.ts';
import { type ControlLock, MAX_STANDBY } from './control-lock.ts';
import type { Modes } from './modes.ts';
import { ControlRequest, consoleOf, ModeRequest, streamOf } from './requests.ts';
import type { ConsoleName, ControlState } from './shapes.ts';

export interface ConsoleRoutesOptions {
  readonly hub: ConsoleHub;
  readonly lock: ControlLock;
  readonly modes: Modes;
  readonly asRun: AsRunLog;
  readonly tokens: TokenRegistry;
  readonly isStreamAllowed: (stream: string) => boolean;
}

/** `/api/v1/streams/{app}/{name}/console`, `/control` and `/mode`. Mount it at `/api/v1/streams`. */
export function consoleRoutes({ hub, lock, modes, asRun, ...options }: ConsoleRoutesOptions): Router {
  const direct = requireRight(options.tokens, 'direct');
  const read = requireRight(options.tokens, 'read');
  const router = Router();

  const known = (params: { readonly [name: string]: unknown }): string => {
    const stream = streamOf(params);
    if (!options.isStreamAllowed(stream)) throw new FramecueError('ERR_NOT_FOUND');
    return stream;
  };

  const channel: RequestHandler = (req, res, next) => {
    known(req.params);
    hub.route(req, res, next);
  };

  const change = (stream: string, who: ConsoleName, wanted: ControlRequest): ControlState => {
    switch (wanted.do) {
      case 'take': {
        const outcome = lock.take(stream, who, wanted.force === true);
        if (outcome.kind === 'held') throw controlHeld(outcome.holder);
        return outcome.state;
      }
      case 'release':
        return lock.release(stream, who);
      case 'keep': {
        const holder = lock.inTheWayOf(stream, who);
        if (holder !== null) throw controlHeld(holder);
        return lock.state(stream);
      }
      case 'standby': {
        const state = lock.standBy(stream, who);
        if (lock.knows(stream, who)) return state;
        throw new FramecueError('ERR_OVERLOADED', 'As many consoles stand by as can be.', {
          details: { limit: MAX_STANDBY, retryAfterMs: 5_000 },
        });
      }
    }
  };

  const control: RequestHandler = (req, res) => {
    const stream = known(req.params);
    const wanted = ControlRequest.parse(req.body ?? {});
    const who = { console: wanted.console, name: wanted.name ?? wanted.console, by: holderOf(res).name };
    res.set('Cache-Control', 'no-store').json(change(stream, who, wanted));
  };

  const setMode: RequestHandler = async (req, res) => {
    const stream = known(req.params);
    const { rehearsal } = ModeRequest.parse(req.body ?? {});
    const { name: by, rehearsal: onlyRehearses } = holderOf(res);
    // Whose cues count is for those to say whose own cues count.
    if (onlyRehearses) throw new FramecueError('ERR_REHEARSAL_TOKEN');
    const console = consoleOf(req);
    const before = modes.of(stream);
    const mode = await modes.set(stream, rehearsal, by);
    if (mode !== before) {
      const reason = rehearsal ? 'rehearsal' : 'real';
      asRun.add(stream, { what: 'mode', by, console, reason, rehearsal });
    }
    res.set('Cache-Control', 'no-store').json(mode);
  };

  router
    .route('/:app/:name/console')
    .head(methodNotAllowed('GET'))
    .get(read, channel)
    .all(methodNotAllowed('GET'));
  router
    .route('/:app/:name/control')
    .get(read, (req, res) => {
      res.set('Cache-Control', 'no-store').json(lock.state(known(req.params)));
    })
    .post(direct, control)
    .all(methodNotAllowed('GET', 'POST'));
  router
    .route('/:app/:name/mode')
    .get(read, (req, res) => {
      res.set('Cache-Control', 'no-store').json(modes.of(known(req.params)));
    })
    .put(direct, setMode)
    .all(methodNotAllowed('GET', 'PUT'));
  return router;
}
