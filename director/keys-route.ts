import type { RequestHandler } from 'express';
import type { SigningKey } from '../cues/signing.ts';
import type { StampKey, StampKeySet } from '../cues/wire/index.ts';

/** A client that meets a key it does not know asks again: so a new key is seen at once, and old answers do no harm. */
const CACHE_SECONDS = 300;

/** The public keys of all signing keys, the newest first, then others' (JWK set, RFC 7517 and RFC 8037). */
export const keySetOf = (keys: readonly SigningKey[], others: readonly StampKey[] = []): StampKeySet => ({
  keys: [...keys.map((key) => key.publicJwk), ...others],
});

/** `GET /.well-known/framecue-keys.json`: public, the same for all. */
export function keysRoute(keys: readonly SigningKey[], others: readonly StampKey[] = []): RequestHandler {
  const body = keySetOf(keys, others);
  return (_req, res) => {
    res.set('Cache-Control', `public, max-age=${CACHE_SECONDS}`).json(body);
  };
}
