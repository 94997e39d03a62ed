import { BitstreamError } from './errors.ts';
import { unixMicrosecondsOfRfc3339 } from './rfc3339.ts';
import type { SeiMessage } from './sei.ts';
import { parseUserData, sameUuid, userDataMessage, uuidFromText } from './user-data.ts';

/**
 * Broadcast performance metrics, as OBS Studio writes them (31 and later, enhanced broadcasting): three
 * user_data_unregistered messages on every keyframe. All numbers are big-endian.
 *
 * `TS`: frame time stamps. `SM`: session metrics (frames since the last keyframe, whole session). `ERM`: encoded
 * rendition metrics (frames since the last keyframe, this rendition).
 */
export const BPM_UUID = {
  TS: '0aecffe7-5272-4e2f-a62f-d19cd61a93b5',
  SM: 'ca60e71c-6a8b-4388-a377-151df7bf8ac2',
  ERM: 'f1fbc1d5-101e-4fb5-a61e-b8ce3c07b8c0',
} as const;

/** `TS` frame time stamps, `SM` session metrics, `ERM` encoded rendition metrics. */
export type BpmKind = keyof typeof BPM_UUID;

/**
 * What a time stamp belongs to: 1 composited (CTS), 2 handed to the encoder (FER), 3 encoded (FERC),
 * 4 interleaved for sending (PIR); others are kept as they are.
 */
export const BpmEvent = { composited: 1, encodeRequested: 2, encoded: 3, interleaved: 4 } as const;

/** One time stamp; `event` as {@link BpmEvent}. */
export type BpmTime =
  | {
      readonly type: 'rfc3339';
      readonly event: number;
      /** As it was written, without its NUL. */
      readonly text: string;
      /** Microseconds since 1970-01-01 UTC; null where the text is no RFC 3339 time. */
      readonly unixMicroseconds: number | null;
    }
  | {
      readonly type: 'unixMilliseconds';
      readonly event: number;
      /** Milliseconds since 1970-01-01 UTC, exact. */
      readonly milliseconds: bigint;
      /** Microseconds since 1970-01-01 UTC; null where a number would not be exact. */
      readonly unixMicroseconds: number | null;
    }
  | {
      readonly type: 'deltaNanoseconds';
      readonly event: number;
      /** Nanoseconds since the time stamp before. */
      readonly nanoseconds: bigint;
    };

/** One counter of `SM` (1 rendered, 2 lagged, 3 dropped, 4 output) or `ERM` (1 input, 2 skipped, 3 output). */
export interface BpmCounter {
  readonly tag: number;
  /** Frames since the message before; u32. */
  readonly delta: number;
}

/** Names of the counters' tags. */
export const BPM_COUNTERS = {
  TS: {},
  SM: { 1: 'rendered', 2: 'lagged', 3: 'dropped', 4: 'output' },
  ERM: { 1: 'input', 2: 'skipped', 3: 'output' },
} as const satisfies Record<BpmKind, Readonly<Record<number, string>>>;

export interface BpmMessage {
  readonly kind: BpmKind;
  readonly times: readonly BpmTime[];
  /** Empty for `TS`. Unknown tags are kept. */
  readonly counters: readonly BpmCounter[];
  /** Bytes after the last part; empty in what OBS writes. A view. */
  readonly rest: Uint8Array;
}

const KINDS = Object.keys(BPM_UUID) as BpmKind[];
const uuids = {
  TS: uuidFromText(BPM_UUID.TS),
  SM: uuidFromText(BPM_UUID.SM),
  ERM: uuidFromText(BPM_UUID.ERM),
};
const UUID_BYTES = 16;
const TEXT = 1;
const UNIX_MILLISECONDS = 2;
const DELTA_NANOSECONDS = 3;

/** Which BPM message the payload of a user_data_unregistered message is; null: none. */
export const bpmKindOf = (payload: Uint8Array): BpmKind | null =>
  KINDS.find((kind) => sameUuid(payload, uuids[kind])) ?? null;

/**
 * Reads the payload of a user_data_unregistered message, UUID included, whose {@link bpmKindOf} is not null.
 * High nibbles of the counts, unknown events and tags, and bytes after the last part are taken as they come.
 * @returns null when the UUID is none of the three.
 * @throws {BitstreamError} ERR_BPM_TRUNCATED, ERR_BPM_VALUE, ERR_USER_DATA_SHORT; the offset is in `payload`.
 */
export function parseBpm(payload: Uint8Array): BpmMessage | null {
  parseUserData(payload);
  const kind = bpmKindOf(payload);
  if (kind === null) return null;
  const reader = new Reader(payload, UUID_BYTES);
  const times = Array.from({ length: (reader.bytes(1)[0]! & 0xf) + 1 }, () => readTime(reader));
  const counters: BpmCounter[] = [];
  if (kind !== 'TS') {
    const count = (reader.bytes(1)[0]! & 0xf) + 1;
    for (let i = 0; i < count; i++) {
      const part = reader.bytes(5);
      counters.push({ tag: part[0]!, delta: viewOf(part).getUint32(1) });
    }
  }
  return { kind, times, counters, rest: payload.subarray(reader.at) };
}

function readTime(reader: Reader): BpmTime {
  const typeAt = reader.at;
  const head = reader.bytes(2);
  const type = head[0]!;
  const event = head[1]!;
  if (type === TEXT) {
    const text = reader.text();
    return { type: 'rfc3339', event, text, unixMicroseconds: unixMicrosecondsOfRfc3339(text) };
  }
  if (type === UNIX_MILLISECONDS) {
    const milliseconds = viewOf(reader.bytes(8)).getBigUint64(0);
    const exact = milliseconds * 1000n <= BigInt(Number.MAX_SAFE_INTEGER);
    return {
      type: 'unixMilliseconds',
      event,
      milliseconds,
      unixMicroseconds: exact ? Number(milliseconds) * 1000 : null,
    };
  }
  if (type === DELTA_NANOSECONDS) {
    return { type: 'deltaNanoseconds', event, nanoseconds: viewOf(reader.bytes(8)).getBigUint64(0) };
  }
  throw new BitstreamError('ERR_BPM_VALUE', typeAt, `a time stamp of the unknown type ${type}`);
}

/** What {@link bpmMessage} writes; `unixMicroseconds` and `rest` of a message that was read are passed over. */
export interface BpmFields {
  readonly kind: BpmKind;
  /** 1 to 16. */
  readonly times: readonly BpmTimeFields[];
  /** 1 to 16 for `SM` and `ERM`, none for `TS`. */
  readonly counters?: readonly BpmCounter[];
}

export type BpmTimeFields =
  | { readonly type: 'rfc3339'; readonly event: number; readonly text: string }
  | { readonly type: 'unixMilliseconds'; readonly event: number; readonly milliseconds: bigint | number }
  | { readonly type: 'deltaNanoseconds'; readonly event: number; readonly nanoseconds: bigint | number };

/**
 * The SEI message of broadcast performance metrics.
 * @throws {RangeError} where a count or a value does not fit, or a text is not printable ASCII.
 */
export function bpmMessage({ kind, times, counters = [] }: BpmFields): SeiMessage {
  if (times.length < 1 || times.length > 16) throw new RangeError(`${times.length} time stamps, not 1 to 16`);
  const allowed = kind === 'TS' ? counters.length === 0 : counters.length >= 1 && counters.length <= 16;
  if (!allowed) throw new RangeError(`${counters.length} counters in ${kind}`);
  const bytes: number[] = [times.length - 1];
  for (const time of times) bytes.push(...timeBytes(time));
  if (counters.length > 0) bytes.push(counters.length - 1);
  for (const { tag, delta } of counters) {
    bytes.push(byteOf(tag), ...bigEndian(BigInt(delta), 4));
  }
  return userDataMessage(uuids[kind], Uint8Array.from(bytes));
}

function timeBytes(time: BpmTimeFields): number[] {
  const event = byteOf(time.event);
  switch (time.type) {
    case 'rfc3339':
      if (!/^[ -~]*$/.test(time.text)) throw new RangeError('a time stamp that is not printable ASCII');
      return [TEXT, event, ...new TextEncoder().encode(time.text), 0];
    case 'unixMilliseconds':
      return [UNIX_MILLISECONDS, event, ...bigEndian(BigInt(time.milliseconds), 8)];
    case 'deltaNanoseconds':
      return [DELTA_NANOSECONDS, event, ...bigEndian(BigInt(time.nanoseconds), 8)];
  }
}

function byteOf(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 255) throw new RangeError(`${value} is no byte`);
  return value;
}

function bigEndian(value: bigint, bytes: number): number[] {
  if (value < 0n || value >= 1n << BigInt(8 * bytes))
    throw new RangeError(`${value} is not of ${bytes} bytes`);
  return Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * (bytes - 1 - i))) & 0xffn));
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

class Reader {
  readonly #data: Uint8Array;
  at: number;

  constructor(data: Uint8Array, at: number) {
    this.#data = data;
    this.at = at;
  }

  bytes(count: number): Uint8Array {
    if (count > this.#data.length - this.at) throw truncated(this.#data.length);
    const bytes = this.#data.subarray(this.at, this.at + count);
    this.at += count;
    return bytes;
  }

  /** Up to its NUL, which is passed over. Bytes above 7F become U+0080 to U+00FF, so that nothing is lost. */
  text(): string {
    const end = this.#data.indexOf(0, this.at);
    if (end === -1) throw truncated(this.#data.length);
    const text = Array.from(this.#data.subarray(this.at, end), (byte) => String.fromCharCode(byte)).join('');
    this.at = end + 1;
    return text;
  }
}

const truncated = (offset: number): BitstreamError =>
  new BitstreamError('ERR_BPM_TRUNCATED', offset, 'broadcast performance metrics end early');
