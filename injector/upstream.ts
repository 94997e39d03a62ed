import type { StampVerify } from '../cues/stamp-verify.ts';
import { type CueStamp, formatSignatureLine, parseStamp, StampError } from '../cues/wire/index.ts';
import type { Clock } from '../packet/clock.ts';
import type { UpstreamRefusal } from './counters.ts';

export interface UpstreamTrust {
  /** `app/name`: stamps of other streams would be refused by every client. */
  readonly stream: string;
  /** Checks a signature against the keys of the trusted upstreams; about 100 us. */
  readonly verify: StampVerify;
}

export type UpstreamVerdict =
  | { readonly kind: 'keep'; readonly stamp: CueStamp; readonly signatureLine: string }
  /** Unsigned, and about the upstream's timeline: ours stand in its place. */
  | { readonly kind: 'clock' }
  | { readonly kind: 'refuse'; readonly reason: UpstreamRefusal };

/** One text is verified once: an upstream repeats a cue's lines 2 and 3 on many frames. */
const MAX_REMEMBERED = 128;
/** Verifications run on the frame thread: more than this and a flood of forgeries would take frames their time. */
const MAX_PER_SECOND = 20;
const SECOND_US = 1_000_000;

/** Judges stamps that came with a frame of a stream whose upstream may be trusted. Never throws. */
export class UpstreamStamps {
  readonly #trust: UpstreamTrust;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, 'good' | 'bad' | 'unknown-key'>();
  #windowStart = Number.NEGATIVE_INFINITY;
  #inWindow = 0;

  constructor(trust: UpstreamTrust, clock: Clock) {
    this.#trust = trust;
    this.#clock = clock;
  }

  judge(text: Uint8Array): UpstreamVerdict {
    let stamp: ReturnType<typeof parseStamp>;
    try {
      stamp = parseStamp(text);
    } catch (error) {
      if (!(error instanceof StampError)) throw error;
      return refuse('malformed');
    }
    if (stamp.kind === 'clock') return { kind: 'clock' };
    if (stamp.body.stream !== this.#trust.stream) return refuse('other-stream');
    if (stamp.body.exp < this.#clock.unixMs()) return refuse('expired');
    const signatureLine = formatSignatureLine(stamp.signature);
    switch (this.#verdictOn(stamp, signatureLine)) {
      case 'good':
        return { kind: 'keep', stamp, signatureLine };
      case 'bad':
        return refuse('bad-signature');
      case 'unknown-key':
        return refuse('unknown-key');
      case 'busy':
        return refuse('too-many');
    }
  }

  #verdictOn(stamp: CueStamp, signatureLine: string): 'good' | 'bad' | 'unknown-key' | 'busy' {
    const signed = `${stamp.bodyText}\n${signatureLine}`;
    const known = this.#remembered.get(signed);
    if (known !== undefined) return known;
    if (!this.#takeTurn()) return 'busy';
    const verdict = this.#trust.verify(stamp.bodyText, stamp.signature);
    this.#remembered.set(signed, verdict);
    if (this.#remembered.size > MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      this.#remembered.delete(oldest!);
    }
    return verdict;
  }

  #takeTurn(): boolean {
    const now = this.#clock.monotonicUs();
    if (now - this.#windowStart >= SECOND_US) {
      this.#windowStart = now;
      this.#inWindow = 0;
    }
    if (this.#inWindow >= MAX_PER_SECOND) return false;
    this.#inWindow++;
    return true;
  }
}

const refuse = (reason: UpstreamRefusal): UpstreamVerdict => ({ kind: 'refuse', reason });
