import {
  type CueStamp,
  parseStamp,
  STAMP_TEXT_DEFAULT_LIMIT,
  type Stamp,
  StampError,
} from '../../cues/wire/index.ts';
import type { SeiMessage } from '../../h264-sei-parser/src/index.ts';
import { STAMP_UUID, stampTextOf } from '../../injector/sei-unit.ts';
import type { StampVerifier, Verdict } from './keys.ts';
import { type Finding, finding } from './lint-codes.ts';

/** A PTS that was foretold and its picture's differ by up to this. */
const SAME_PTS_MS = 0.001;

/** A stamp as it was read. `verified`: null where no keys were given, or there is nothing to verify. */
export type ReadStamp =
  | { readonly kind: 'clock' | 'cue'; readonly stamp: Stamp; readonly verified: Verdict | null }
  | { readonly kind: 'unreadable'; readonly code: string; readonly text: string };

/** Null for any other message. */
export function readStamp(message: SeiMessage, verifier: StampVerifier | null): ReadStamp | null {
  const text = stampTextOf(message);
  return text === null ? null : readStampText(text, verifier);
}

/** The text of a stamp, from wherever it comes. */
export function readStampText(text: Uint8Array | string, verifier: StampVerifier | null): ReadStamp {
  try {
    const stamp = parseStamp(text);
    const verified = stamp.kind === 'cue' && verifier !== null ? verifier(stamp) : null;
    return { kind: stamp.kind, stamp, verified };
  } catch (error) {
    if (!(error instanceof StampError)) throw error;
    return { kind: 'unreadable', code: error.code, text: error.message };
  }
}

/** One copy of a cue. */
export interface CueCopy {
  readonly index: number;
  readonly pts: number | null;
  readonly fireIn: number;
  readonly hasKey: boolean;
}

/** All copies of one cue, revision and epoch. */
export interface SeenCue {
  readonly id: string;
  readonly rev: number;
  readonly epoch: string;
  readonly type: string;
  readonly stream: string;
  readonly sealed: boolean;
  readonly keyId: string;
  /** On the stream's own timeline (line 1 `pts` + `fireIn`), null where line 1 has no `pts`. */
  readonly firePts: number | null;
  /** On the source's timeline; null where it has no times. */
  readonly sourceFirePts: number | null;
  readonly verified: Verdict | null;
  /** The first copy, the last one, and the one on its own picture where there is one. */
  readonly first: CueCopy;
  last: CueCopy;
  own: CueCopy | null;
  copies: number;
  /** Of the first {@link COPIES_KEPT}. */
  readonly list: CueCopy[];
}

const COPIES_KEPT = 200;
const CUES_KEPT = 100_000;

/** What the stamps of a stream say together. */
export class StampRecord {
  readonly cues = new Map<string, SeenCue>();
  clockStamps = 0;
  cueStamps = 0;
  readonly epochs = new Map<
    string,
    { firstIndex: number; stamps: number; firstAt: number; lastAt: number }
  >();
  readonly #bodies = new Map<string, string>();

  note(read: ReadStamp, index: number, pts: number | null, offset: number): Finding[] {
    if (read.kind === 'unreadable') {
      return [finding('STAMP_UNREADABLE', offset, read.text)];
    }
    const { stamp, verified } = read;
    const { epoch, at } = stamp.head;
    const seen = this.epochs.get(epoch);
    if (seen === undefined) this.epochs.set(epoch, { firstIndex: index, stamps: 1, firstAt: at, lastAt: at });
    else {
      seen.stamps++;
      seen.lastAt = at;
    }
    if (stamp.kind === 'clock') {
      this.clockStamps++;
      return [];
    }
    this.cueStamps++;
    return this.#noteCue(stamp, verified, index, pts, offset);
  }

  #noteCue(
    stamp: CueStamp,
    verified: Verdict | null,
    index: number,
    pts: number | null,
    offset: number,
  ): Finding[] {
    const { head, body, bodyText } = stamp;
    const name = `${body.id} rev ${body.rev}`;
    const findings: Finding[] = [];
    if (verified === 'bad') findings.push(finding('STAMP_FORGED', offset, name));
    if (verified === 'unknown-key')
      findings.push(finding('STAMP_UNKNOWN_KEY', offset, stamp.signature.keyId));
    if (head.fireIn > 0 && head.key !== undefined) findings.push(finding('STAMP_KEY_EARLY', offset, name));
    const line = this.#bodies.get(name);
    if (line === undefined && this.#bodies.size < CUES_KEPT) this.#bodies.set(name, bodyText);
    else if (line !== undefined && line !== bodyText)
      findings.push(finding('STAMP_BODY_CHANGED', offset, name));
    const firePts = head.pts === undefined ? null : head.pts + head.fireIn;
    const copy: CueCopy = { index, pts, fireIn: head.fireIn, hasKey: head.key !== undefined };
    const key = `${head.epoch} ${name}`;
    const seen = this.cues.get(key);
    const isOwn = Math.abs(head.fireIn) <= 2;
    if (seen === undefined) {
      if (this.cues.size >= CUES_KEPT) return findings;
      const { id, rev, type, stream, sealed } = body;
      this.cues.set(key, {
        ...{ id, rev, type, stream, epoch: head.epoch, sealed: sealed !== undefined },
        keyId: stamp.signature.keyId,
        firePts,
        sourceFirePts: pts === null ? null : pts + head.fireIn,
        verified,
        first: copy,
        last: copy,
        own: isOwn ? copy : null,
        copies: 1,
        list: [copy],
      });
      return findings;
    }
    seen.copies++;
    seen.last = copy;
    if (isOwn) seen.own ??= copy;
    if (seen.list.length < COPIES_KEPT) seen.list.push(copy);
    if (firePts !== null && seen.firePts !== null && Math.abs(firePts - seen.firePts) > SAME_PTS_MS) {
      findings.push(finding('STAMP_FIRE_PTS', offset, `${name}: ${firePts}, before ${seen.firePts}`));
    }
    return findings;
  }
}

/** What a stamp's own bytes make worth saying. */
export function stampFindings(message: SeiMessage, messagesInNal: number, offset: number): Finding[] {
  const findings: Finding[] = [];
  const bytes = message.payload.length - STAMP_UUID.length;
  if (bytes > STAMP_TEXT_DEFAULT_LIMIT) findings.push(finding('STAMP_TOO_LONG', offset, `${bytes} bytes`));
  if (messagesInNal > 1) findings.push(finding('STAMP_NOT_ALONE', offset));
  return findings;
}
