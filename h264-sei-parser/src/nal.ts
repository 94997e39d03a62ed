import { BitstreamError } from './errors.ts';

/** `nal_unit_type`, H.264 table 7-1: those that callers ask for by name. */
export const NalType = {
  slice: 1,
  partitionA: 2,
  partitionB: 3,
  partitionC: 4,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
} as const;

/** Where one NAL unit lies: `[start, end)` spans its header byte and payload, without length or start code. */
export interface NalRange {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** How many bytes hold a NAL unit's length in AVCC (`lengthSizeMinusOne + 1`, ISO/IEC 14496-15 clause 5.3.3.1). */
export type NalLengthSize = 1 | 2 | 4;

/** True for slices and slice data partitions (types 1 to 5): what the primary coded picture is made of. */
export const isVcl = (type: number): boolean => type >= NalType.slice && type <= NalType.idr;

/**
 * Walks the NAL units of one AVCC access unit without copying.
 * @throws {BitstreamError} ERR_NAL_TRUNCATED when a length outruns the data, ERR_NAL_EMPTY for a length of 0.
 */
export function* nalUnitsOfAvcc(data: Uint8Array, lengthSize: NalLengthSize): Generator<NalRange, void> {
  let at = 0;
  while (at < data.length) {
    if (data.length - at < lengthSize) {
      throw new BitstreamError('ERR_NAL_TRUNCATED', at, 'the data ends inside a NAL unit length');
    }
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + data[at + i]!;
    const start = at + lengthSize;
    if (length === 0) throw new BitstreamError('ERR_NAL_EMPTY', at, 'a NAL unit of length 0');
    if (length > data.length - start) {
      throw new BitstreamError(
        'ERR_NAL_TRUNCATED',
        at,
        `a NAL unit of ${length} bytes where ${data.length - start} are left`,
      );
    }
    yield { type: data[start]! & 0x1f, start, end: start + length };
    at = start + length;
  }
}

/**
 * Walks the NAL units of an Annex B byte stream (H.264 clause B.1) without copying: three- and four-byte start
 * codes, trailing zero bytes left out. Bytes before the first start code are passed over.
 */
export function* nalUnitsOfAnnexB(data: Uint8Array): Generator<NalRange, void> {
  let start = nextStartCode(data, 0);
  while (start !== null) {
    const next = nextStartCode(data, start.after);
    let end = next === null ? data.length : next.at;
    while (end > start.after && data[end - 1] === 0) end--;
    if (end > start.after) yield { type: data[start.after]! & 0x1f, start: start.after, end };
    start = next;
  }
}

function nextStartCode(data: Uint8Array, from: number): { at: number; after: number } | null {
  // The search steps from 01 to 01: far fewer stops in coded video than zeros.
  let one = data.indexOf(1, from + 2);
  while (one !== -1) {
    if (data[one - 1] === 0 && data[one - 2] === 0) return { at: one - 2, after: one + 1 };
    one = data.indexOf(1, one + 1);
  }
  return null;
}

/** Writes one NAL unit's length in front of it; `target` must have room. Returns the offset after the NAL unit. */
export function writeAvccNal(
  target: Uint8Array,
  at: number,
  nal: Uint8Array,
  lengthSize: NalLengthSize,
): number {
  if (nal.length >= 2 ** (8 * lengthSize)) {
    throw new BitstreamError(
      'ERR_NAL_LENGTH_SIZE',
      at,
      `a NAL unit of ${nal.length} bytes does not fit ${lengthSize} length bytes`,
    );
  }
  for (let i = lengthSize - 1, rest = nal.length; i >= 0; i--, rest = Math.floor(rest / 256)) {
    target[at + i] = rest & 0xff;
  }
  target.set(nal, at + lengthSize);
  return at + lengthSize + nal.length;
}
