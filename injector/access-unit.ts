import { STAMP_UUID_TEXT } from '../cues/wire/index.ts';
import {
  BitstreamError,
  isVcl,
  type NalLengthSize,
  type NalRange,
  NalType,
  nalUnitsOfAvcc,
  parseSeiNal,
  type SeiMessage,
  sameUuid,
  USER_DATA_UNREGISTERED,
  unescapeRbsp,
  uuidFromText,
  writeAvccNal,
  writeSeiNal,
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
  let changedBytes = 0;
  let foreignRemoved = 0;
  const cleaned: Cleaned[] = [];
  for (const nal of nalUnitsOfAvcc(data, lengthSize)) {
    if (insertAt === null && (isVcl(nal.type) || nal.type === PREFIX_NAL)) insertAt = nal.start - lengthSize;
    if (nal.type !== NalType.sei) continue;
    const bytes = data.subarray(nal.start, nal.end);
    const stampsIn = countStamps(bytes);
    if (stampsIn === 0) continue;
    const rest = withoutStamps(bytes);
    foreignRemoved += stampsIn;
    cleaned.push({ nal, rest });
    changedBytes += (rest === null ? -lengthSize : rest.length) - bytes.length;
  }
  if (stamps.length === 0 && cleaned.length === 0) return { data, foreignRemoved: 0 };
  for (const stamp of stamps) changedBytes += lengthSize + stamp.length;
  const out = new Uint8Array(data.length + changedBytes);
  const at = insertAt ?? data.length;
  let to = copyCleaned(out, 0, data, 0, at, cleaned, lengthSize);
  for (const stamp of stamps) to = writeAvccNal(out, to, stamp, lengthSize);
  copyCleaned(out, to, data, at, data.length, cleaned, lengthSize);
  return { data: out, foreignRemoved };
}

/** An SEI NAL unit that held stamps, and what of it stays; null: nothing. */
interface Cleaned {
  readonly nal: NalRange;
  readonly rest: Uint8Array | null;
}

function copyCleaned(
  out: Uint8Array,
  outAt: number,
  data: Uint8Array,
  from: number,
  end: number,
  cleaned: readonly Cleaned[],
  lengthSize: NalLengthSize,
): number {
  let to = outAt;
  let at = from;
  for (const { nal, rest } of cleaned) {
    const start = nal.start - lengthSize;
    if (start < from || start >= end) continue;
    out.set(data.subarray(at, start), to);
    to += start - at;
    if (rest !== null) to = writeAvccNal(out, to, rest, lengthSize);
    at = nal.end;
  }
  out.set(data.subarray(at, end), to);
  return to + end - at;
}

/**
 * Messages with our UUID in an SEI NAL unit, wherever in it. Read as players read: they take a message whose size
 * is wrong, or whose trailing bits are missing, so those count too.
 */
function countStamps(nal: Uint8Array): number {
  const rbsp = unescapeRbsp(nal.subarray(1));
  let count = 0;
  let at = 0;
  const readChained = (): number => {
    let value = 0;
    while (rbsp[at] === 0xff) value += rbsp[at++]!;
    return value + (rbsp[at++] ?? 0);
  };
  while (at < rbsp.length) {
    const type = readChained();
    const size = readChained();
    const uuid = rbsp.subarray(at, at + STAMP_UUID.length);
    if (type === USER_DATA_UNREGISTERED && sameUuid(uuid, STAMP_UUID)) count++;
    at += size;
  }
  return count;
}

/** Its other messages as they were; null where there are none, or the NAL unit is not well formed. */
function withoutStamps(nal: Uint8Array): Uint8Array | null {
  try {
    const others = parseSeiNal(nal).filter((message) => !isStamp(message));
    if (others.length === 0) return null;
    const rest = writeSeiNal(others);
    rest[0] = nal[0]!;
    return rest;
  } catch (error) {
    if (error instanceof BitstreamError) return null;
    throw error;
  }
}

const isStamp = ({ payloadType, payload }: SeiMessage): boolean =>
  payloadType === USER_DATA_UNREGISTERED && sameUuid(payload.subarray(0, STAMP_UUID.length), STAMP_UUID);
