import { BitstreamError } from './errors.ts';

/** `nal_unit_type`, H.264 table 7-1. 0 and 24 to 31 are unspecified, 17, 18, 22 and 23 reserved. */
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
  spsExtension: 13,
  /** Annexes G and H: stands right before the slice that it describes. */
  prefix: 14,
  subsetSps: 15,
  depthParameterSet: 16,
  auxiliarySlice: 19,
  /** Annexes G and H: further layers and views. */
  sliceExtension: 20,
  sliceExtensionDepth: 21,
} as const;

/** Whose NAL unit headers they are: one byte (H.264 clause 7.3.1) or two (H.265 clause 7.3.1.2). */
export type Codec = 'h264' | 'hevc';

/** Where one NAL unit lies: `[start, end)` spans its header and payload, without length or start code. */
export interface NalRange {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** Bytes that are no NAL unit, `[start, end)`, and why; the walk goes on behind them. */
export interface NalProblem {
  readonly start: number;
  readonly end: number;
  readonly error: BitstreamError;
}

/** One step of a walk that reports problems instead of throwing them. */
export type NalItem = ({ readonly kind: 'nal' } & NalRange) | ({ readonly kind: 'problem' } & NalProblem);

/** How many bytes hold a NAL unit's length in AVCC (`lengthSizeMinusOne + 1`, ISO/IEC 14496-15 clause 5.3.3.1). */
export type NalLengthSize = 1 | 2 | 4;

/** True for slices and slice data partitions (types 1 to 5): what the primary coded picture is made of. */
export const isVcl = (type: number): boolean => type >= NalType.slice && type <= NalType.idr;

/** `nal_unit_type` from a NAL unit's first byte. */
export const nalTypeOf = (firstByte: number, codec: Codec = 'h264'): number =>
  codec === 'h264' ? firstByte & 0x1f : (firstByte >> 1) & 0x3f;

/**
 * Walks the NAL units of one AVCC access unit without copying. HEVC in MP4 and FLV is framed alike.
 * @throws {BitstreamError} ERR_NAL_TRUNCATED when a length outruns the data, ERR_NAL_EMPTY for a length of 0,
 * ERR_NAL_LENGTH_SIZE for another size than 1, 2 or 4.
 */
export function* nalUnitsOfAvcc(
  data: Uint8Array,
  lengthSize: NalLengthSize,
  codec: Codec = 'h264',
): Generator<NalRange, void> {
  checkLengthSize(lengthSize);
  for (let at = 0; at < data.length; ) {
    const start = at + lengthSize;
    if (start > data.length) throw cutLength(at);
    const length = readLength(data, at, lengthSize);
    if (length === 0) throw emptyNal(at);
    if (length > data.length - start) throw outrun(at, length, data.length - start);
    yield { type: nalTypeOf(data[start]!, codec), start, end: start + length };
    at = start + length;
  }
}

/**
 * The same walk for data that may be damaged: a length of 0 is reported and passed over; where a length outruns
 * the data, or is cut short, the rest is reported as one problem and the walk ends, for where the next NAL unit
 * begins is not known.
 * @throws {BitstreamError} ERR_NAL_LENGTH_SIZE only.
 */
export function* nalItemsOfAvcc(
  data: Uint8Array,
  lengthSize: NalLengthSize,
  codec: Codec = 'h264',
): Generator<NalItem, void> {
  checkLengthSize(lengthSize);
  for (let at = 0; at < data.length; ) {
    const start = at + lengthSize;
    const length = start > data.length ? -1 : readLength(data, at, lengthSize);
    const left = data.length - start;
    if (length < 0 || length > left) {
      const error = length < 0 ? cutLength(at) : outrun(at, length, left);
      yield { kind: 'problem', start: at, end: data.length, error };
      return;
    }
    const end = start + length;
    if (length === 0) yield { kind: 'problem', start: at, end, error: emptyNal(at) };
    else yield { kind: 'nal', type: nalTypeOf(data[start]!, codec), start, end };
    at = end;
  }
}

/** Writes one NAL unit's length in front of it; `target` must have room. Returns the offset after the NAL unit. */
export function writeAvccNal(
  target: Uint8Array,
  at: number,
  nal: Uint8Array,
  lengthSize: NalLengthSize,
): number {
  checkLengthSize(lengthSize);
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

/** NAL units as one AVCC access unit. @throws {BitstreamError} ERR_NAL_LENGTH_SIZE where one does not fit. */
export function writeAvcc(nalUnits: readonly Uint8Array[], lengthSize: NalLengthSize): Uint8Array {
  const out = new Uint8Array(nalUnits.reduce((size, nal) => size + lengthSize + nal.length, 0));
  let at = 0;
  for (const nal of nalUnits) at = writeAvccNal(out, at, nal, lengthSize);
  return out;
}

function readLength(data: Uint8Array, at: number, lengthSize: NalLengthSize): number {
  let length = 0;
  for (let i = 0; i < lengthSize; i++) length = length * 256 + data[at + i]!;
  return length;
}

function checkLengthSize(lengthSize: number): void {
  if (lengthSize !== 4 && lengthSize !== 2 && lengthSize !== 1) {
    throw new BitstreamError('ERR_NAL_LENGTH_SIZE', 0, `NAL unit lengths of ${lengthSize} bytes`);
  }
}

const cutLength = (at: number): BitstreamError =>
  new BitstreamError('ERR_NAL_TRUNCATED', at, 'the data ends inside a NAL unit length');

const emptyNal = (at: number): BitstreamError =>
  new BitstreamError('ERR_NAL_EMPTY', at, 'a NAL unit of length 0');

const outrun = (at: number, length: number, left: number): BitstreamError =>
  new BitstreamError('ERR_NAL_TRUNCATED', at, `a NAL unit of ${length} bytes where ${left} are left`);
