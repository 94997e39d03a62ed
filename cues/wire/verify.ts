import { fromBase64Url } from './base64url.ts';
import { type JsonObject, parseJsonObject } from './cue-body.ts';
import { StampError } from './errors.ts';
import type { CueStamp } from './stamp.ts';

/** The two primitives that a reader needs: WebCrypto where there is one, a library elsewhere. */
export interface StampCrypto {
  /** Ed25519, RFC 8032. Resolves to false for a wrong signature or a malformed key; rejects only where it cannot tell. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** AES-256-GCM with a 16-byte tag behind the ciphertext, NIST SP 800-38D. Rejects when it does not open. */
  openAes256Gcm(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array>;
}

/** A set of Ed25519 public keys, as published at `/.well-known/framecue-keys.json` (JWK, RFC 8037). */
export interface StampKeySet {
  readonly keys: readonly StampKey[];
}

export interface StampKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly kid: string;
  /** base64url, 32 bytes. */
  readonly x: string;
}

export const KEYS_PATH = '/.well-known/framecue-keys.json';
const NONCE_BYTES = 12;

/** True when a key of the set has signed line 2. An unknown key id is not an error here: fetch the set again, then refuse. */
export async function verifyStamp(
  stamp: CueStamp,
  keys: StampKeySet,
  crypto: StampCrypto,
): Promise<'good' | 'bad' | 'unknown-key'> {
  const key = keys.keys.find(
    (k) => k.kid === stamp.signature.keyId && k.kty === 'OKP' && k.crv === 'Ed25519',
  );
  if (key === undefined) return 'unknown-key';
  const message = new TextEncoder().encode(stamp.bodyText);
  const good = await crypto.verifyEd25519(
    fromBase64Url(key.x),
    message,
    fromBase64Url(stamp.signature.value),
  );
  return good ? 'good' : 'bad';
}

/**
 * What the cue shows: `data` as it stands, or unsealed with `key` (base64url; from line 1 of a copy with `fireIn <= 0`).
 * Null while sealed and no key is known.
 * @throws {StampError} ERR_STAMP_SEALED when the key does not open it.
 */
export async function openCueData(
  stamp: Pick<CueStamp, 'body'>,
  key: string | undefined,
  crypto: StampCrypto,
): Promise<JsonObject | null> {
  if (stamp.body.sealed === undefined) return stamp.body.data ?? {};
  if (key === undefined) return null;
  try {
    const sealed = fromBase64Url(stamp.body.sealed);
    const plain = await crypto.openAes256Gcm(
      fromBase64Url(key),
      sealed.subarray(0, NONCE_BYTES),
      sealed.subarray(NONCE_BYTES),
    );
    return parseJsonObject(new TextDecoder('utf-8', { fatal: true }).decode(plain));
  } catch (cause) {
    throw new StampError('ERR_STAMP_SEALED', 'the sealed data does not open', { cause });
  }
}

/** WebCrypto's implementation (W3C Web Cryptography; Ed25519 by the Secure Curves specification). */
export const webCrypto = (subtle: SubtleCrypto): StampCrypto => ({
  async verifyEd25519(publicKey, message, signature) {
    const key = await subtle.importKey('raw', copy(publicKey), 'Ed25519', false, ['verify']);
    return subtle.verify('Ed25519', key, copy(signature), copy(message));
  },
  async openAes256Gcm(key, nonce, ciphertext) {
    const imported = await subtle.importKey('raw', copy(key), 'AES-GCM', false, ['decrypt']);
    return new Uint8Array(
      await subtle.decrypt({ name: 'AES-GCM', iv: copy(nonce) }, imported, copy(ciphertext)),
    );
  },
});

const copy = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
