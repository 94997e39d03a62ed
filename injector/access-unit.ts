import { STAMP_UUID_TEXT } from '../cues/wire/index.ts';
import {
  BitstreamError,
  isVcl,
  type NalLengthSize,
  type NalRange,
  NalType,
  nalUnitsOfAvcc,
  parseSeiRbsp,
  parseUserData,
  sameUuid,
  USER_DATA_UNREGISTERED,
  unescapeRbsp,
  uuidFromText,
  writeAvccNal,
} from '../h264-sei-parser/src/index.ts';

export const STAMP_UUID = uuidFromText(STAMP_UUID_TEXT);

/** Prefix NAL unit: must stand right before the slice it belongs to (H.264 clause 7.4.1.2.3). */
const PREFIX_NAL = 14;

export interface StampedAccessUnit {
  readonly data: Uint8Array;
  /** Stamps that came with the frame and were taken out: nobody but the injector may stamp. */
  readonly foreignRemoved: number;
}

/**
 * Puts SEI NAL units into one AVCC access unit: after what stands before the first VCL NAL unit (parameter sets,
 * other SEI, a buffering period first), H.264 clause 7.4.1.2.3. All other NAL units stay as they are, byte for byte.
 * Returns `data` itself where there is nothing to put in and nothing to take out.
 * @throws {BitstreamError} ERR_NAL_TRUNCATED, ERR_NAL_EMPTY when the access unit cannot be walked.
 */
export function insertStamps(
  data: Uint8Array,
  lengthSize: NalLengthSize,
  stamps: readonly Uint8Array[],
): StampedAccessUnit {
  let insertAt: number | null = null;
  let removedBytes = 0;
  const removed: NalRange[] = [];
  for (const nal of nalUnitsOfAvcc(data, lengthSize)) {
    if (insertAt === null && (isVcl(nal.type) || nal.type === PREFIX_NAL)) insertAt = nal.start - lengthSize;
    if (nal.type === NalType.sei && isStampNal(data.subarray(nal.start, nal.end))) {
      removed.push(nal);
      removedBytes += lengthSize + nal.end - nal.start;
    }
  }
  if (stamps.length === 0 && removed.length === 0) return { data, foreignRemoved: 0 };
  let addedBytes = 0;
  for (const stamp of stamps) addedBytes += lengthSize + stamp.length;
  const out = new Uint8Array(data.length - removedBytes + addedBytes);
  const at = insertAt ?? data.length;
  let to = copyWithout(out, 0, data, 0, at, removed, lengthSize);
  for (const stamp of stamps) to = writeAvccNal(out, to, stamp, lengthSize);
  copyWithout(out, to, data, at, data.length, removed, lengthSize);
  return { data: out, foreignRemoved: removed.length };
}

function copyWithout(
  out: Uint8Array,
  outAt: number,
  data: Uint8Array,
  from: number,
  end: number,
  removed: readonly NalRange[],
  lengthSize: number,
): number {
  let to = outAt;
  let at = from;
  for (const nal of removed) {
    const start = nal.start - lengthSize;
    if (start < from || start >= end) continue;
    out.set(data.subarray(at, start), to);
    to += start - at;
    at = nal.end;
  }
  out.set(data.subarray(at, end), to);
  return to + end - at;
}

/** True for an SEI NAL unit whose first message carries our UUID: we write one message per NAL unit. */
function isStampNal(nal: Uint8Array): boolean {
  try {
    const first = parseSeiRbsp(unescapeRbsp(nal.subarray(1)))[0];
    return (
      first !== undefined &&
      first.payloadType === USER_DATA_UNREGISTERED &&
      sameUuid(parseUserData(first.payload).uuid, STAMP_UUID)
    );
  } catch (error) {
    // SEI that nobody can read is somebody else's matter: it passes as it came.
    if (error instanceof BitstreamError) return false;
    throw error;
  }
}
