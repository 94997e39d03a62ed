import type { Request, Response } from 'express';
import { holderOf } from '../service/bearer.ts';
import type { Actor } from './action.ts';
import { consoleOf } from './console/requests.ts';

/** Who asks. Behind `requireRight` alone. @throws {FramecueError} ERR_REQUEST_INVALID for a console of another form. */
export const actorOf = (req: Request, res: Response): Actor => ({
  by: holderOf(res).name,
  console: consoleOf(req),
});
