import type { RequestHandler } from 'express';
import { FramecueError } from '../../packet/errors.ts';
import { holderOf, requireRight } from '../../service/bearer.ts';
import type { TokenHolder, TokenRegistry } from '../../service/tokens.ts';

/**
 * Whoever only rehearses changes nothing of what is given away, and sees nothing of who gets it before the reveal.
 * @throws {FramecueError} ERR_RIGHT_MISSING
 */
export function refuseRehearsal({ rehearsal }: TokenHolder): void {
  if (!rehearsal) return;
  throw new FramecueError('ERR_RIGHT_MISSING', 'The token only rehearses.', { details: { right: 'direct' } });
}

/** The right `direct`, for what is no rehearsal. */
export function requireDirector(tokens: TokenRegistry): RequestHandler {
  const directs = requireRight(tokens, 'direct');
  return (req, res, next) =>
    directs(req, res, () => {
      refuseRehearsal(holderOf(res));
      next();
    });
}
