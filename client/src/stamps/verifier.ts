import {
  type CueBody,
  type CueStamp,
  type JsonObject,
  openCueData,
  type StampCrypto,
  StampError,
  verifyStamp,
} from '../../../cues/wire/index.ts';
import { BoundedMap } from '../scheduler/bounded-map.ts';
import type { KeyStore } from './key-store.ts';

/** A cue whose signature is good. One for all copies of an id and revision. */
export interface VerifiedCue {
  readonly body: CueBody;
  /** Null while sealed. */
  data: JsonObject | null;
}

export type Verdict =
  | { readonly kind: 'good'; readonly cue: VerifiedCue }
  /** Signed by a key that is not known (yet): worth another try when keys have come. */
  | { readonly kind: 'unknown-key' }
  | { readonly kind: 'refused'; readonly code: string };

/** Texts whose verdict is remembered; each at most 4 KB. */
const MAX_REMEMBERED = 128;
/** Verifications at work at one time: what comes beyond waits for its next copy. */
const MAX_AT_WORK = 32;

/**
 * Judges stamps: signature, and data where its key is there. The same line 2 and 3 are verified once, however many
 * copies come; a verdict belongs to these bytes, so that a forgery never stands for the cue whose id it took.
 */
export class StampVerifier {
  readonly #crypto: StampCrypto;
  readonly #keys: Pick<KeyStore, 'keys' | 'refresh'>;
  readonly #remembered = new BoundedMap<string, Promise<Verdict>>(MAX_REMEMBERED);
  #atWork = 0;

  constructor(crypto: StampCrypto, keys: Pick<KeyStore, 'keys' | 'refresh'>) {
    this.#crypto = crypto;
    this.#keys = keys;
  }

  /** Never rejects. */
  async judge(stamp: CueStamp): Promise<Verdict> {
    const text = `${stamp.bodyText}\n${stamp.signature.keyId} ${stamp.signature.value}`;
    let verdict = this.#remembered.get(text);
    if (verdict === undefined) {
      if (this.#atWork >= MAX_AT_WORK) return { kind: 'refused', code: 'ERR_CLIENT_BUSY' };
      verdict = this.#verify(stamp);
      this.#remembered.set(text, verdict);
      void verdict.then((v) => {
        // What another key set, or a chunk that loads after all, may judge otherwise.
        if (v.kind === 'unknown-key' || (v.kind === 'refused' && v.code !== 'ERR_STAMP_SIGNATURE')) {
          this.#remembered.delete(text);
        }
      });
    }
    const judged = await verdict;
    return judged.kind === 'good' ? this.#open(judged, stamp) : judged;
  }

  async #verify(stamp: CueStamp): Promise<Verdict> {
    this.#atWork++;
    try {
      switch (await verifyStamp(stamp, this.#keys.keys, this.#crypto)) {
        case 'good':
          return { kind: 'good', cue: { body: stamp.body, data: null } };
        case 'bad':
          return { kind: 'refused', code: 'ERR_STAMP_SIGNATURE' };
        case 'unknown-key':
          this.#keys.refresh();
          return { kind: 'unknown-key' };
      }
    } catch (error) {
      return { kind: 'refused', code: error instanceof StampError ? error.code : 'ERR_CLIENT_CRYPTO' };
    } finally {
      this.#atWork--;
    }
  }

  async #open(verdict: Verdict & { kind: 'good' }, stamp: CueStamp): Promise<Verdict> {
    const { cue } = verdict;
    if (cue.data !== null || (cue.body.sealed !== undefined && stamp.head.key === undefined)) return verdict;
    try {
      const data = await openCueData(stamp, stamp.head.key, this.#crypto);
      cue.data ??= data;
      return verdict;
    } catch (error) {
      return { kind: 'refused', code: error instanceof StampError ? error.code : 'ERR_CLIENT_CRYPTO' };
    }
  }
}
