import {
  openCueData,
  parseStamp,
  type StampCrypto,
  StampError,
  type StampKeySet,
  verifyStamp,
} from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';

/** Where the public keys of stamps come from. */
export interface StampKeys {
  current(): StampKeySet;
  /** Asks again for a key that is not known; gives what is known then. Limits itself. */
  refreshFor(keyId: string): Promise<StampKeySet>;
}

export interface ProofWanted {
  readonly interaction: string;
  readonly cue: string;
  /** Null: any stream whose stamps these keys sign. */
  readonly stream: string | null;
}

export type Proof =
  | { readonly kind: 'proven' }
  | { readonly kind: 'not-proven'; readonly why: NotProven }
  /** Too many are being checked. */
  | { readonly kind: 'busy' };

export type NotProven =
  | 'not-a-stamp'
  | 'not-fired'
  | 'another-cue'
  /** It says itself that it counts for nothing. */
  | 'rehearsal'
  | 'another-stream'
  | 'expired'
  | 'not-sealed'
  | 'unknown-key'
  | 'bad-signature'
  | 'does-not-open'
  | 'another-interaction';

/** Checked proofs that are remembered: all viewers of a cue bring the same signed text and the same key. */
const REMEMBERED = 256;
/** An Ed25519 check costs some 100 us of a core: no more than these wait at a time. */
const UNDER_WAY = 64;

/**
 * Whether a stamp shows that a cue has fired: signed by media, and opened by the key that media gives out from
 * the fire frame on, never before.
 */
export class StampProofs {
  readonly #keys: StampKeys;
  readonly #crypto: StampCrypto;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, NotProven | { readonly interaction: string }>();
  #underWay = 0;

  constructor(options: { readonly keys: StampKeys; readonly crypto: StampCrypto; readonly clock: Clock }) {
    this.#keys = options.keys;
    this.#crypto = options.crypto;
    this.#clock = options.clock;
  }

  async check(text: string, wanted: ProofWanted): Promise<Proof> {
    let stamp: ReturnType<typeof parseStamp>;
    try {
      stamp = parseStamp(text);
    } catch (error) {
      if (!(error instanceof StampError)) throw error;
      return notProven('not-a-stamp');
    }
    if (stamp.kind !== 'cue') return notProven('not-a-stamp');
    const { head, body, bodyText, signature } = stamp;
    if (head.fireIn > 0 || head.key === undefined) return notProven('not-fired');
    if (body.type !== 'interaction.open' || body.id !== wanted.cue) return notProven('another-cue');
    if (body.rehearsal === true) return notProven('rehearsal');
    if (wanted.stream !== null && body.stream !== wanted.stream) return notProven('another-stream');
    if (body.exp <= this.#clock.unixMs()) return notProven('expired');
    // Data in the clear is readable while it is announced: having it shows nothing.
    if (body.sealed === undefined) return notProven('not-sealed');

    const memory = `${head.key}\n${signature.keyId} ${signature.value}\n${bodyText}`;
    let found = this.#remembered.get(memory);
    if (found === undefined) {
      if (this.#underWay >= UNDER_WAY) return { kind: 'busy' };
      this.#underWay++;
      try {
        found = await this.#verify(stamp, head.key);
      } finally {
        this.#underWay--;
      }
      // A key may still come.
      if (found !== 'unknown-key') this.#remember(memory, found);
    }
    if (typeof found === 'string') return notProven(found);
    return found.interaction === wanted.interaction ? { kind: 'proven' } : notProven('another-interaction');
  }

  async #verify(
    stamp: Extract<ReturnType<typeof parseStamp>, { kind: 'cue' }>,
    key: string,
  ): Promise<NotProven | { readonly interaction: string }> {
    let signed = await verifyStamp(stamp, this.#keys.current(), this.#crypto);
    if (signed === 'unknown-key') {
      signed = await verifyStamp(stamp, await this.#keys.refreshFor(stamp.signature.keyId), this.#crypto);
    }
    if (signed !== 'good') return signed === 'unknown-key' ? 'unknown-key' : 'bad-signature';
    try {
      const data = await openCueData(stamp, key, this.#crypto);
      return typeof data?.interaction === 'string'
        ? { interaction: data.interaction }
        : 'another-interaction';
    } catch (error) {
      if (!(error instanceof StampError)) throw error;
      return 'does-not-open';
    }
  }

  #remember(memory: string, found: NotProven | { readonly interaction: string }): void {
    this.#remembered.set(memory, found);
    if (this.#remembered.size <= REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    this.#remembered.delete(oldest!);
  }
}

const notProven = (why: NotProven): Proof => ({ kind: 'not-proven', why });
