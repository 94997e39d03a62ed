import { z } from 'zod';

/**
 * A JWK set as `/.well-known/framecue-keys.json` gives it (RFC 8037); what else stands in it is passed over. Clients
 * take 32 keys, of which a server's own are 16 at most.
 */
export const KeySet = z.object({
  keys: z
    .array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        kid: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
        x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
      }),
    )
    .min(1)
    .max(64),
});
