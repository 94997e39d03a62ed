import { createHash, createPrivateKey } from 'node:crypto';
import { type SigningKey, signingKeyFromPem } from './signing.ts';

/**
 * The key that signs the stamps of replays which have no key of their own. It is made of this text, so everybody has
 * it: a signature by it proves nothing. No server publishes it and none takes it as its own, so no viewer trusts it.
 */
const SEED_TEXT = 'framecue replay-test key: known to everybody, trusted by nobody';
export const REPLAY_KEY_ID = 'replay-test';

/** PKCS #8 of a bare Ed25519 seed, RFC 8410 section 7. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

export function replayTestKey(): SigningKey {
  const seed = createHash('sha256').update(SEED_TEXT).digest();
  const der = Buffer.concat([PKCS8_HEAD, seed]);
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  });
  const key = signingKeyFromPem(pem.toString());
  return { ...key, id: REPLAY_KEY_ID, publicJwk: { ...key.publicJwk, kid: REPLAY_KEY_ID } };
}

/** Whether a key is that one, under whatever id. */
export const isReplayTestKey = (key: SigningKey): boolean => key.publicJwk.x === replayTestKey().publicJwk.x;
