import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { FramecueError } from '../packet/errors.ts';
import type { Right, TokenHolder, TokenRegistry } from './tokens.ts';

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** The token of `Authorization: Bearer` (RFC 6750, 2.1); null where there is none. */
export function bearerTokenOf(req: IncomingMessage): string | null {
  const header = req.headers.authorization;
  return header === undefined ? null : (BEARER.exec(header)?.[1] ?? null);
}

/**
 * @throws {FramecueError} ERR_TOKEN_MISSING, ERR_TOKEN_INVALID for a token that nobody holds, ERR_RIGHT_MISSING.
 */
export function holderWithRight(tokens: TokenRegistry, req: IncomingMessage, right: Right): TokenHolder {
  const token = bearerTokenOf(req);
  if (token === null) throw new FramecueError('ERR_TOKEN_MISSING');
  const holder = tokens.find(token);
  if (holder === null) throw new FramecueError('ERR_TOKEN_INVALID');
  if (!holder.rights.has(right)) {
    throw new FramecueError('ERR_RIGHT_MISSING', `The token does not carry the right "${right}".`, {
      details: { right },
    });
  }
  return holder;
}

/** Lets only holders of `right` pass; `holderOf` then says who it is. */
export const requireRight =
  (tokens: TokenRegistry, right: Right): RequestHandler =>
  (req, res, next) => {
    res.locals.holder = holderWithRight(tokens, req, right);
    next();
  };

/** Behind `requireRight` alone. */
export function holderOf(res: Response): TokenHolder {
  const holder = res.locals.holder as TokenHolder | undefined;
  if (holder === undefined) throw new Error('a route that asks for its holder lacks requireRight');
  return holder;
}
