import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { CueStamp, StampKeySet } from '../../cues/wire/index.ts';

const MAX_KNOWN = 2_000;

/** Whether stamps are signed by this server's keys. A cue's many copies are checked once. */
export class StampCheck {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #known = new Map<string, boolean>();

  constructor({ keys }: StampKeySet) {
    this.#keys = new Map(keys.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' })]));
  }

  /** Ed25519 (RFC 8032) over the bytes of line 2; about 100 us the first time. */
  isGood({ bodyText, signature }: CueStamp): boolean {
    const name = `${signature.keyId} ${signature.value} ${bodyText}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const key = this.#keys.get(signature.keyId);
    const good =
      key !== undefined &&
      verify(null, Buffer.from(bodyText, 'utf8'), key, Buffer.from(signature.value, 'base64url'));
    this.#known.set(name, good);
    if (this.#known.size > MAX_KNOWN) {
      const [oldest] = this.#known.keys();
      this.#known.delete(oldest!);
    }
    return good;
  }
}
