import type { Express } from 'express';
import { KEYS_PATH } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { KeysMirror } from '../keys-mirror.ts';

/** The public keys of stamps, as media publishes them. */
export function keysRoute(app: Express, keys: KeysMirror): void {
  app
    .route(KEYS_PATH)
    .get((_req, res) => {
      const current = keys.current();
      if (current.keys.length === 0) {
        throw new FramecueError('ERR_NOT_READY', "The media process's keys are not known yet.");
      }
      res.set('Cache-Control', 'public, max-age=60').json(current);
    })
    .all(methodNotAllowed('GET'));
}
