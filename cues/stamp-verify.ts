import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { StampKeySet, StampSignature } from './wire/index.ts';

/** Judges the signature over line 2, at once; about 100 us where the key is known. */
export type StampVerify = (bodyText: string, signature: StampSignature) => 'good' | 'bad' | 'unknown-key';

/** @throws {TypeError} for a key that is not an Ed25519 public key. */
export function stampVerifier({ keys }: StampKeySet): StampVerify {
  const known = new Map<string, KeyObject>();
  for (const { kid, kty, crv, x } of keys) {
    if (kty !== 'OKP' || crv !== 'Ed25519') throw new TypeError(`key ${kid} is not an Ed25519 key`);
    known.set(kid, createPublicKey({ key: { kty, crv, x }, format: 'jwk' }));
  }
  return (bodyText, { keyId, value }) => {
    const key = known.get(keyId);
    if (key === undefined) return 'unknown-key';
    const message = Buffer.from(bodyText, 'utf8');
    return verify(null, message, key, Buffer.from(value, 'base64url')) ? 'good' : 'bad';
  };
}

/** Lines 2 and 3 are the same on every copy of a cue: each is judged once, as long as it is remembered. */
export function remembering(verify: StampVerify, limit = 2_000): StampVerify {
  const known = new Map<string, ReturnType<StampVerify>>();
  return (bodyText, signature) => {
    const signed = `${signature.keyId} ${signature.value} ${bodyText}`;
    const before = known.get(signed);
    if (before !== undefined) return before;
    const verdict = verify(bodyText, signature);
    known.set(signed, verdict);
    if (known.size > limit) known.delete(known.keys().next().value!);
    return verdict;
  };
}
