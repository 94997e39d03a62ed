import { type NalLengthSize, type NalRange, NalType, type SeiMessage } from '../h264-sei-parser/src/index.ts';
import { readSeiUnit, type SeiReading, unreadSeiUnit } from './sei-unit.ts';

/** Prefix NAL unit: stands right before the slice it belongs to (H.264 clause 7.4.1.2.3). */
export const PREFIX_NAL = 14;
/** {@link NalRange.type} of a NAL unit without a single byte. */
export const EMPTY_NAL = -1;

/** NAL units beside slices that are looked at; encoders write a dozen. */
const MAX_OTHERS = 1024;
/** `first_mb_in_slice` is 0: ue(v) of one bit, the first after the NAL unit's header byte (clause 7.3.3). */
const FIRST_MB_ZERO = 0x80;
/**
 * Bytes of SEI that are read in one access unit; encoders write some hundred, an upstream's stamps some thousand. Reading
 * takes the frame thread up to 50 times as long as copying does: a whole tag of it would hold up every stream.
 */
export const SEI_READ_BYTES = 131_072;
const NO_SEI: readonly SeiUnit[] = [];

/** One SEI NAL unit of an access unit. */
export interface SeiUnit extends SeiReading {
  readonly nal: NalRange;
  /** It stands behind a slice of the picture that it belongs to. */
  readonly isLate: boolean;
  /** It belongs to a second picture in the same tag: the second field, or another access unit. */
  readonly isOfSecondPicture: boolean;
}

/** Where the walk ended when it could not go on. */
export interface BrokenAt {
  readonly code: 'ERR_NAL_TRUNCATED' | 'ERR_NAL_TOO_MANY';
  /** Byte offset of the length field. */
  readonly offset: number;
}

/**
 * One AVCC access unit, walked once: slices are counted and stepped over, everything beside them is listed. Its cost
 * grows with the NAL units, not with the picture's bytes.
 */
export interface AccessUnitView {
  readonly data: Uint8Array;
  readonly lengthSize: NalLengthSize;
  /** Null: the NAL units fill the access unit exactly. */
  readonly broken: BrokenAt | null;
  /** NAL units that are not slices, in their order; those without a byte have type {@link EMPTY_NAL}. */
  readonly others: readonly NalRange[];
  readonly sei: readonly SeiUnit[];
  /** Slices and slice data partitions (types 1 to 5). */
  readonly slices: number;
  readonly hasIdr: boolean;
  /** Offset of the length field of the first slice, or of its prefix NAL unit; null without slices. */
  readonly firstSliceAt: number | null;
  /** Offset of the length field where a second picture begins; null where there is one picture. */
  readonly secondPicture: { readonly at: number; readonly kind: 'field' | 'access-unit' } | null;
  /** `forbidden_zero_bit` of some NAL unit is set (clause 7.4.1). */
  readonly hasForbiddenBit: boolean;
}

/**
 * Walks an access unit. Never throws: what cannot be walked is told in `broken`.
 * @param mayHaveFields `frame_mbs_only_flag` of the SPS is 0: a slice at macroblock 0 may begin the second field.
 */
export function viewAccessUnit(
  data: Uint8Array,
  lengthSize: NalLengthSize,
  mayHaveFields: boolean,
): AccessUnitView {
  const others: NalRange[] = [];
  let seiNals: { nal: NalRange; afterSlices: boolean }[] | null = null;
  let broken: BrokenAt | null = null;
  let slices = 0;
  let hasIdr = false;
  let firstSliceAt: number | null = null;
  let prefixAt: number | null = null;
  let secondPicture: AccessUnitView['secondPicture'] = null;
  let forbidden = 0;
  let lastSliceEnd = 0;
  let at = 0;
  while (at < data.length) {
    const start = at + lengthSize;
    const length = start <= data.length ? readLength(data, at, lengthSize) : -1;
    if (length < 0 || length > data.length - start) {
      broken = { code: 'ERR_NAL_TRUNCATED', offset: at };
      break;
    }
    const end = start + length;
    const header = length === 0 ? 0 : data[start]!;
    const type = length === 0 ? EMPTY_NAL : header & 0x1f;
    forbidden |= header & 0x80;
    if (type >= NalType.slice && type <= NalType.idr) {
      const beginsPicture =
        length > 1 && type !== 3 && type !== 4 && (data[start + 1]! & FIRST_MB_ZERO) !== 0;
      if (slices === 0) firstSliceAt = prefixAt ?? at;
      else if (beginsPicture && mayHaveFields) secondPicture ??= { at: lastSliceEnd, kind: 'field' };
      slices++;
      hasIdr ||= type === NalType.idr;
      lastSliceEnd = end;
    } else {
      if (others.length >= MAX_OTHERS) {
        broken = { code: 'ERR_NAL_TOO_MANY', offset: at };
        break;
      }
      const nal = { type, start, end };
      others.push(nal);
      // A delimiter behind slices begins another access unit, whatever else is in doubt (7.4.1.2.3).
      if (type === NalType.accessUnitDelimiter && slices > 0) secondPicture ??= { at, kind: 'access-unit' };
      if (type === NalType.sei) {
        seiNals ??= [];
        seiNals.push({ nal, afterSlices: slices > 0 });
      }
      if (type === PREFIX_NAL) prefixAt ??= at;
    }
    at = end;
  }
  const secondAt = secondPicture?.at ?? Number.POSITIVE_INFINITY;
  let unread = SEI_READ_BYTES;
  const read = ({ start, end }: NalRange): SeiReading => {
    const unit = data.subarray(start, end);
    // A large one is passed over for what comes behind it.
    if (unit.length > unread) return unreadSeiUnit(unit);
    unread -= unit.length;
    return readSeiUnit(unit);
  };
  return {
    data,
    lengthSize,
    broken,
    others,
    slices,
    hasIdr,
    firstSliceAt,
    secondPicture,
    hasForbiddenBit: forbidden !== 0,
    sei:
      seiNals === null
        ? NO_SEI
        : seiNals.map(({ nal, afterSlices }): SeiUnit => {
            // What stands behind the second field belongs to the frame, as behind any frame.
            const isOfSecondPicture =
              nal.start > secondAt && (secondPicture?.kind === 'access-unit' || nal.start < lastSliceEnd);
            const isLate = afterSlices && !isOfSecondPicture;
            return { nal, isLate, isOfSecondPicture, ...read(nal) };
          }),
  };
}

/** All SEI messages of the access unit, in the order of the bitstream. */
export const seiMessagesOf = (view: AccessUnitView): SeiMessage[] =>
  view.sei.flatMap(({ messages }) => messages);

/**
 * True where the bytes look like Annex B: a start code where a NAL unit's length should be. The first NAL unit of an
 * access unit has the long one (clause B.1.2); the short one could be a length as well.
 */
export const beginsWithStartCode = (data: Uint8Array): boolean =>
  data.length > 4 && data[0] === 0 && data[1] === 0 && data[2] === 0 && data[3] === 1;

function readLength(data: Uint8Array, at: number, lengthSize: NalLengthSize): number {
  let length = 0;
  for (let i = 0; i < lengthSize; i++) length = length * 256 + data[at + i]!;
  return length;
}
