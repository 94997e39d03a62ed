import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { FramecueError } from '../packet/errors.ts';
import type { NamedToken, Secrets } from './secrets.ts';

/** What a bearer token or stream key allows. `direct` and `treasurer` (money, and whose data is kept) include `read`. */
export const RIGHTS = ['publish', 'direct', 'feed', 'read', 'treasurer'] as const;
export type Right = (typeof RIGHTS)[number];

/** Who holds a token. */
export interface TokenHolder {
  /** Shown as `by` on cues and in logs; never the token. */
  readonly name: string;
  readonly rights: ReadonlySet<Right>;
  /** What this token does is rehearsal and can never grant. */
  readonly rehearsal: boolean;
}

export interface TokenRegistry {
  /** Null for a token that nobody holds. The time it takes does not depend on how much of it is right. */
  find(token: string): TokenHolder | null;
  /** For what was set up by a holder and goes on without the token; null where nobody has that name any more. */
  named(name: string): TokenHolder | null;
}

/** Longer input is no token; hashing it would only cost time. */
const TOKEN_MAX_CHARACTERS = 512;

/**
 * Tokens are compared by their HMAC under a key of this process, all of them each time.
 * @throws {FramecueError} ERR_SETTING when two holders have the same token or name.
 */
export function createTokenRegistry(holders: readonly NamedToken[]): TokenRegistry {
  const pepper = randomBytes(32);
  const digest = (token: string) => createHmac('sha256', pepper).update(token).digest();
  const entries = holders.map(({ name, token, rights, rehearsal }) => ({
    digest: digest(token),
    holder: rightsOf(name, rights, rehearsal === true),
  }));
  refuseTwins(holders);
  return {
    find(token) {
      if (token.length > TOKEN_MAX_CHARACTERS) return null;
      const wanted = digest(token);
      let found: TokenHolder | null = null;
      for (const entry of entries) {
        if (timingSafeEqual(entry.digest, wanted)) found = entry.holder;
      }
      return found;
    },
    named: (name) => entries.find(({ holder }) => holder.name === name)?.holder ?? null,
  };
}

/** The stream key and all bearer tokens of the project, under the names that logs and cues show. */
export const tokenHoldersOf = (secrets: Secrets): readonly NamedToken[] => [
  { name: 'publisher', token: secrets.streamKey, rights: ['publish'] },
  { name: 'director', token: secrets.tokens.director, rights: ['direct'] },
  { name: 'feed', token: secrets.tokens.feed, rights: ['feed'] },
  { name: 'read', token: secrets.tokens.read, rights: ['read'] },
  { name: 'treasurer', token: secrets.tokens.treasurer, rights: ['treasurer'] },
  ...secrets.moreTokens,
];

/** Whether two secrets are the same, in a time that does not tell where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const pepper = randomBytes(32);
  const digest = (text: string) => createHmac('sha256', pepper).update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Who only rehearses has nothing to do with money, whatever the list says. */
function rightsOf(name: string, given: readonly Right[], rehearsal: boolean): TokenHolder {
  const rights = new Set(given);
  if (rights.has('direct') || rights.has('treasurer')) rights.add('read');
  if (rehearsal) rights.delete('treasurer');
  return { name, rights, rehearsal };
}

function refuseTwins(holders: readonly NamedToken[]): void {
  for (const field of ['name', 'token'] as const) {
    const seen = new Map<string, string>();
    for (const holder of holders) {
      const other = seen.get(holder[field]);
      if (other !== undefined) {
        throw new FramecueError(
          'ERR_SETTING',
          `The tokens ${other} and ${holder.name} have the same ${field}.`,
        );
      }
      seen.set(holder[field], holder.name);
    }
  }
}
