import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { JsonObject } from '../../cues/wire/index.ts';
import { SEED_BYTES, seedHashOf } from '../../draws/commitment.ts';
import type { InteractionRecord } from '../ledger/facts.ts';

/**
 * What of a draw is secret until its reveal. All of it follows from one secret that is kept on disk and from the
 * interaction (HKDF, RFC 5869), so it is there from the creation on and after every restart; the moment of creation is
 * in it, so an id that is used again on another ledger has other keys.
 */
export class DrawSecrets {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The operator's half of the randomness: 32 bytes. */
  seedOf(record: InteractionRecord): Uint8Array {
    return this.#derive('framecue draw seed 1', record);
  }

  /** Opens the sealed result: 32 bytes. */
  resultKeyOf(record: InteractionRecord): Uint8Array {
    return this.#derive('framecue draw result 1', record);
  }

  /**
   * AES-256-GCM. The nonce follows from the key and the text, so that one text has one sealed form for ever and two texts
   * never share a nonce.
   */
  seal(record: InteractionRecord, text: string): SealedResult {
    const nonceKey = this.#derive('framecue draw nonce 1', record);
    const iv = createHmac('sha256', nonceKey).update(text).digest().subarray(0, 12);
    const cipher = createCipheriv('aes-256-gcm', this.resultKeyOf(record), iv);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { v: 1, alg: 'A256GCM', iv: iv.toString('base64url'), ciphertext: sealed.toString('base64url') };
  }

  #derive(use: string, { id, createdAtUs }: InteractionRecord): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#secret, '', `${use} ${id} ${createdAtUs}`, SEED_BYTES));
  }
}

/** `ciphertext` ends with the 16 bytes of the tag; both are base64url. */
export interface SealedResult {
  readonly v: 1;
  readonly alg: 'A256GCM';
  readonly iv: string;
  readonly ciphertext: string;
}

/** What goes public with a new lottery, in its record: the seed is fixed before anybody has entered. */
export const announceDraw =
  (secrets: DrawSecrets) =>
  (record: InteractionRecord): JsonObject | null =>
    record.type === 'lottery' ? { seedHash: seedHashOf(secrets.seedOf(record)) } : null;

/** Null where the record says none: it was made before there were draws. */
export function seedHashIn({ announced }: InteractionRecord): string | null {
  const hash = announced?.seedHash;
  return typeof hash === 'string' ? hash : null;
}
