import { BitstreamError } from './errors.ts';
import type { SeiMessage } from './sei.ts';
import { parseUserData, sameUuid, userDataMessage, uuidFromText } from './user-data.ts';

/**
 * The identifiers of time stamps, MISB ST 0604: in H.264 `MISPmicrosectime` in ASCII, in HEVC one for microseconds
 * and one for nanoseconds.
 */
export const MISB_UUID = {
  h264: '4d495350-6d69-6372-6f73-656374696d65',
  hevc: 'a8687dd4-d759-3758-a5ce-f0338b6545f1',
  hevcNano: 'cf848278-ee23-306c-9265-e8fef22fb8b8',
} as const;

export type MisbIdentifier = keyof typeof MISB_UUID;

/** Status bits, MISB ST 0603: the five low bits are reserved and 1. */
const NOT_LOCKED = 0x80;
const DISCONTINUITY = 0x40;
const REVERSE = 0x20;
const RESERVED = 0x1f;
const STAMP_BYTES = 12;
/** Every third byte of the time is FF, so that no start code can arise. */
const MARKERS = [3, 6, 9];
const TIME_BYTES = [1, 2, 4, 5, 7, 8, 10, 11];

/** When the picture was taken, MISB ST 0604 over ST 0603. */
export interface PrecisionTimeStamp {
  readonly identifier: MisbIdentifier;
  /** The status byte as it was written. */
  readonly status: number;
  /** The clock was locked to a reference. */
  readonly locked: boolean;
  /** The clock jumped since the last time stamp. */
  readonly discontinuity: boolean;
  /** The jump went backwards; says nothing without `discontinuity`. */
  readonly reverse: boolean;
  /** Since 1970-01-01 UTC, exact: microseconds, or nanoseconds where the identifier says so. */
  readonly time: bigint;
  /** Whole microseconds as a number; null above 2^53 - 1 (the year 2255), where it would not be exact. */
  readonly unixMicroseconds: number | null;
}

const uuids = {
  h264: uuidFromText(MISB_UUID.h264),
  hevc: uuidFromText(MISB_UUID.hevc),
  hevcNano: uuidFromText(MISB_UUID.hevcNano),
};
const IDENTIFIERS = Object.keys(MISB_UUID) as MisbIdentifier[];

const identifierOf = (payload: Uint8Array): MisbIdentifier | undefined =>
  IDENTIFIERS.find((identifier) => sameUuid(payload, uuids[identifier]));

/** True when the payload of a user_data_unregistered message begins with one of {@link MISB_UUID}. */
export const isPrecisionTimeStamp = (payload: Uint8Array): boolean => identifierOf(payload) !== undefined;

/**
 * Reads the payload of a user_data_unregistered message (identifier included) that {@link isPrecisionTimeStamp}.
 * Reserved status bits of any value are taken (encoders differ), and bytes after the time stamp are passed over.
 * @throws {BitstreamError} ERR_MISB_SHORT, ERR_MISB_MARKER, ERR_USER_DATA_SHORT; the offset is in `payload`.
 */
export function parsePrecisionTimeStamp(payload: Uint8Array): PrecisionTimeStamp {
  const { uuid, data } = parseUserData(payload);
  if (data.length < STAMP_BYTES) {
    throw new BitstreamError(
      'ERR_MISB_SHORT',
      payload.length,
      `a precision time stamp of ${data.length} bytes, not ${STAMP_BYTES}`,
    );
  }
  for (const at of MARKERS) {
    if (data[at] !== 0xff) {
      throw new BitstreamError('ERR_MISB_MARKER', uuid.length + at, `byte ${at} of the time stamp is not FF`);
    }
  }
  let time = 0n;
  for (const at of TIME_BYTES) time = (time << 8n) | BigInt(data[at]!);
  const status = data[0]!;
  const identifier = identifierOf(payload) ?? 'h264';
  const micros = identifier === 'hevcNano' ? time / 1000n : time;
  return {
    identifier,
    status,
    locked: (status & NOT_LOCKED) === 0,
    discontinuity: (status & DISCONTINUITY) !== 0,
    reverse: (status & REVERSE) !== 0,
    time,
    unixMicroseconds: micros <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(micros) : null,
  };
}

/** What {@link precisionTimeStampMessage} writes; flags left out are false, `locked` too. */
export interface PrecisionTimeStampFields {
  /** `h264` where left out. */
  readonly identifier?: MisbIdentifier;
  /** Since 1970-01-01 UTC, 0 to 2^64 - 1, in the identifier's unit; a number must be an integer. */
  readonly time: bigint | number;
  readonly locked?: boolean;
  readonly discontinuity?: boolean;
  /** Needs `discontinuity`. */
  readonly reverse?: boolean;
}

/**
 * The SEI message of a precision time stamp, reserved bits as MISB ST 0603 wants them.
 * @throws {RangeError} for a time out of 64 bits, or `reverse` without `discontinuity`.
 */
export function precisionTimeStampMessage(fields: PrecisionTimeStampFields): SeiMessage {
  const { identifier = 'h264', locked = false, discontinuity = false, reverse = false } = fields;
  const time = BigInt(fields.time);
  if (time < 0n || time >= 1n << 64n) throw new RangeError(`a time of ${time} does not fit 64 bits`);
  if (reverse && !discontinuity) throw new RangeError('reverse needs discontinuity');
  const data = new Uint8Array(STAMP_BYTES).fill(0xff);
  data[0] =
    RESERVED | (locked ? 0 : NOT_LOCKED) | (discontinuity ? DISCONTINUITY : 0) | (reverse ? REVERSE : 0);
  TIME_BYTES.forEach((at, i) => {
    data[at] = Number((time >> BigInt(56 - 8 * i)) & 0xffn);
  });
  return userDataMessage(uuids[identifier], data);
}
