import { type CueBody, parseCueBody, parseJsonObject } from './cue-body.ts';
import { StampError } from './errors.ts';

/** `user_data_unregistered` UUID of every framecue stamp. */
export const STAMP_UUID_TEXT = 'f5fe598b-3f69-4d2e-8516-f2ccd21cb72f';
export const STAMP_VERSION = 1;
/** A stamp's text never has more bytes than this; settings may ask for less. */
export const STAMP_TEXT_LIMIT = 4000;
export const STAMP_TEXT_DEFAULT_LIMIT = 1024;

/** Line 1 of every stamp: about this access unit, not about the cue; unsigned. */
export interface StampHead {
  readonly v: typeof STAMP_VERSION;
  /** One unbroken timeline of the stream. */
  readonly epoch: string;
  /** Unix microseconds when this access unit passed the injector. Diagnostic. */
  readonly at: number;
  /** PTS of this access unit on the stream's output timeline, milliseconds. Optional: maps a player's time to the stream's. */
  readonly pts?: number;
}

/** Line 1 of a cue stamp. */
export interface CueStampHead extends StampHead {
  /** Milliseconds from this access unit's PTS to the fire PTS. */
  readonly fireIn: number;
  /** Unix microseconds at which the fire PTS passes the injector, from the epoch's anchor. */
  readonly fireAt: number;
  /** Opens `sealed`; base64url, 32 bytes. Only in copies with `fireIn <= 0`. */
  readonly key?: string;
}

export interface ClockStamp {
  readonly kind: 'clock';
  readonly head: StampHead;
}

export interface CueStamp {
  readonly kind: 'cue';
  readonly head: CueStampHead;
  readonly body: CueBody;
  /** Line 2 as it was received: what the signature is over. */
  readonly bodyText: string;
  readonly signature: StampSignature;
}

export type Stamp = ClockStamp | CueStamp;

/** Line 3. */
export interface StampSignature {
  readonly keyId: string;
  /** base64url, 64 bytes. */
  readonly value: string;
}

const SIGNATURE_LINE = /^ed25519 ([A-Za-z0-9_-]{1,64}) ([A-Za-z0-9_-]{86})$/;

export function formatClockStamp(head: Omit<StampHead, 'v'>): string {
  return JSON.stringify({ v: STAMP_VERSION, epoch: head.epoch, at: head.at, pts: head.pts });
}

/** @param bodyText line 2 @param signatureLine line 3; both made once for a cue's revision. */
export function formatCueStamp(
  head: Omit<CueStampHead, 'v'>,
  bodyText: string,
  signatureLine: string,
): string {
  const line1 = JSON.stringify({
    v: STAMP_VERSION,
    epoch: head.epoch,
    at: head.at,
    pts: head.pts,
    fireIn: head.fireIn,
    fireAt: head.fireAt,
    key: head.key,
  });
  return `${line1}\n${bodyText}\n${signatureLine}`;
}

export const formatSignatureLine = (signature: StampSignature): string =>
  `ed25519 ${signature.keyId} ${signature.value}`;

/**
 * Reads a stamp's text (the SEI payload after the UUID). Unknown fields are passed over. The signature is not
 * checked here: see `verifyStamp`.
 * @throws {StampError} ERR_STAMP_TOO_LARGE, ERR_STAMP_FORMAT, or ERR_STAMP_VERSION for another `v`.
 */
export function parseStamp(data: Uint8Array | string): Stamp {
  const text = typeof data === 'string' ? data : decodeText(data);
  if (text.length > STAMP_TEXT_LIMIT) throw new StampError('ERR_STAMP_TOO_LARGE', 'the stamp is too large');
  const lines = text.split('\n');
  const raw = parseJsonObject(lines[0]!);
  if (raw.v !== STAMP_VERSION) {
    throw new StampError('ERR_STAMP_VERSION', `a stamp of version ${JSON.stringify(raw.v)?.slice(0, 20)}`);
  }
  const head: StampHead = {
    v: STAMP_VERSION,
    epoch: epochOf(raw.epoch),
    at: numberOf(raw.at, 'at'),
    ...(raw.pts === undefined ? {} : { pts: numberOf(raw.pts, 'pts') }),
  };
  if (lines.length === 1) return { kind: 'clock', head };
  if (lines.length !== 3) throw new StampError('ERR_STAMP_FORMAT', `a stamp of ${lines.length} lines`);
  const signature = SIGNATURE_LINE.exec(lines[2]!);
  if (signature === null) throw new StampError('ERR_STAMP_FORMAT', 'the signature line is not well formed');
  if (raw.key !== undefined && typeof raw.key !== 'string') {
    throw new StampError('ERR_STAMP_FORMAT', 'field key is not a string');
  }
  return {
    kind: 'cue',
    head: {
      ...head,
      fireIn: numberOf(raw.fireIn, 'fireIn'),
      fireAt: numberOf(raw.fireAt, 'fireAt'),
      ...(raw.key === undefined ? {} : { key: raw.key as string }),
    },
    body: parseCueBody(lines[1]!),
    bodyText: lines[1]!,
    signature: { keyId: signature[1]!, value: signature[2]! },
  };
}

function decodeText(data: Uint8Array): string {
  if (data.length > STAMP_TEXT_LIMIT) throw new StampError('ERR_STAMP_TOO_LARGE', 'the stamp is too large');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw new StampError('ERR_STAMP_FORMAT', 'not UTF-8', { cause });
  }
}

function epochOf(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9._-]{1,64}$/.test(value)) {
    throw new StampError('ERR_STAMP_FORMAT', 'field epoch is missing or not of its type');
  }
  return value;
}

function numberOf(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new StampError('ERR_STAMP_FORMAT', `field ${field} is missing or not a number`);
  }
  return value;
}
