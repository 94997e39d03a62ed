import { BitstreamError } from './errors.ts';
import type { SeiMessage } from './sei.ts';
import { parseUserData, sameUuid, userDataMessage, uuidFromText } from './user-data.ts';

/** `MISPmicrosectime` in ASCII: the identifier of the precision time stamp in H.264, MISB ST 0604. */
export const MISB_H264_UUID = '4d495350-6d69-6372-6f73-656374696d65';

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
  /** The status byte as it was written. */
  readonly status: number;
  /** The clock was locked to a reference. */
  readonly locked: boolean;
  /** The clock jumped since the last time stamp. */
  readonly discontinuity: boolean;
  /** The jump went backwards; says nothing without `discontinuity`. */
  readonly reverse: boolean;
  /** Microseconds since 1970-01-01 UTC, exact. */
  readonly time: bigint;
  /** The same as a number; null above 2^53 - 1 (the year 2255), where it would not be exact. */
  readonly unixMicroseconds: number | null;
}

const misbUuid = uuidFromText(MISB_H264_UUID);

/** True when the payload of a user_data_unregistered message begins with the precision time stamp's identifier. */
export const isPrecisionTimeStamp = (payload: Uint8Array): boolean => sameUuid(payload, misbUuid);

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
  return {
    status,
    locked: (status & NOT_LOCKED) === 0,
    discontinuity: (status & DISCONTINUITY) !== 0,
    reverse: (status & REVERSE) !== 0,
    time,
    unixMicroseconds: time <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(time) : null,
  };
}

/** What {@link precisionTimeStampMessage} writes; flags left out are false, `locked` too. */
export interface PrecisionTimeStampFields {
  /** Microseconds since 1970-01-01 UTC, 0 to 2^64 - 1; a number must be an integer. */
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
  const { locked = false, discontinuity = false, reverse = false } = fields;
  const time = BigInt(fields.time);
  if (time < 0n || time >= 1n << 64n) throw new RangeError(`a time of ${time} does not fit 64 bits`);
  if (reverse && !discontinuity) throw new RangeError('reverse needs discontinuity');
  const data = new Uint8Array(STAMP_BYTES).fill(0xff);
  data[0] =
    RESERVED | (locked ? 0 : NOT_LOCKED) | (discontinuity ? DISCONTINUITY : 0) | (reverse ? REVERSE : 0);
  TIME_BYTES.forEach((at, i) => {
    data[at] = Number((time >> BigInt(56 - 8 * i)) & 0xffn);
  });
  return userDataMessage(misbUuid, data);
}
