import { BitReader } from './bit-reader.ts';
import { BitstreamError } from './errors.ts';
import { NalType } from './nal.ts';
import type { ParameterSets } from './parameter-sets.ts';

export type SliceType = 'P' | 'B' | 'I' | 'SP' | 'SI';

/** The first fields of a slice header, H.264 clause 7.3.3, up to `redundant_pic_cnt`. JSON-safe. */
export interface SliceHeader {
  readonly nalUnitType: number;
  readonly nalRefIdc: number;
  /** IdrPicFlag: NAL unit type 5. */
  readonly isIdr: boolean;
  readonly firstMbInSlice: number;
  readonly sliceType: SliceType;
  /** `slice_type` above 4: all slices of the picture are of this type. */
  readonly allSlicesOfThisType: boolean;
  readonly ppsId: number;
  readonly spsId: number;
  readonly colourPlaneId: number | null;
  readonly frameNum: number;
  readonly fieldPic: boolean;
  readonly bottomField: boolean;
  /** Null where the picture is no IDR picture. */
  readonly idrPicId: number | null;
  readonly picOrderCntType: number;
  /** Null where `pic_order_cnt_type` is not 0. */
  readonly picOrderCntLsb: number | null;
  /** 0 where it is not written. */
  readonly deltaPicOrderCntBottom: number;
  /** 0 where they are not written. */
  readonly deltaPicOrderCnt: readonly [number, number];
  /** 0: the primary coded picture. */
  readonly redundantPicCnt: number;
}

const SLICE_TYPES: readonly SliceType[] = ['P', 'B', 'I', 'SP', 'SI'];
/** The longest that the fields up to `redundant_pic_cnt` can be, with room for emulation prevention bytes. */
const HEADER_BYTES = 72;

/** True for NAL units that begin with slice_header(): slices and slice data partition A (types 1, 2, 5). */
export const hasSliceHeader = (type: number): boolean =>
  type === NalType.slice || type === NalType.idr || type === NalType.partitionA;

/** `first_mb_in_slice` and `slice_type`: all that can be read without parameter sets. */
export interface SliceStart {
  readonly firstMbInSlice: number;
  readonly sliceType: SliceType;
}

/**
 * The fields of a slice header before the first that needs a parameter set.
 * @throws {BitstreamError} ERR_SLICE_TRUNCATED, ERR_SLICE_VALUE.
 */
export function parseSliceStart(nal: Uint8Array): SliceStart {
  const { firstMbInSlice, sliceType } = readStart(sliceBits(nal));
  return { firstMbInSlice, sliceType };
}

/**
 * Reads the beginning of a slice NAL unit (types 1, 2 and 5), header byte included. Looks at its first bytes only.
 * @throws {BitstreamError} ERR_SLICE_TRUNCATED, ERR_SLICE_VALUE; ERR_PPS_MISSING and ERR_SPS_MISSING where `sets`
 * lacks what it refers to.
 */
export function parseSliceHeader(nal: Uint8Array, sets: ParameterSets): SliceHeader {
  const bits = sliceBits(nal);
  const nalUnitType = nal[0]! & 0x1f;
  const { firstMbInSlice, sliceType, allSlicesOfThisType } = readStart(bits);
  const ppsAt = bits.position;
  const ppsId = bits.ue('pic_parameter_set_id', 255);
  const { sps, pps } = sets.ofSlice(ppsId, 1 + (ppsAt >> 3));
  const isIdr = nalUnitType === NalType.idr;
  const colourPlaneId = sps.separateColourPlane ? bits.u(2) : null;
  const frameNum = bits.u(sps.log2MaxFrameNum);
  const fieldPic = !sps.frameMbsOnly && bits.flag();
  const bottomField = fieldPic && bits.flag();
  const idrPicId = isIdr ? bits.ue('idr_pic_id', 65_535) : null;
  const bothFields = pps.bottomFieldPicOrderInFramePresent && !fieldPic;
  let picOrderCntLsb: number | null = null;
  let deltaPicOrderCntBottom = 0;
  let deltaPicOrderCnt: readonly [number, number] = [0, 0];
  if (sps.picOrderCntType === 0) {
    picOrderCntLsb = bits.u(sps.log2MaxPicOrderCntLsb);
    if (bothFields) deltaPicOrderCntBottom = bits.se('delta_pic_order_cnt_bottom');
  } else if (sps.picOrderCntType === 1 && !sps.deltaPicOrderAlwaysZero) {
    const first = bits.se('delta_pic_order_cnt[0]');
    deltaPicOrderCnt = [first, bothFields ? bits.se('delta_pic_order_cnt[1]') : 0];
  }
  return {
    nalUnitType,
    nalRefIdc: (nal[0]! >> 5) & 3,
    isIdr,
    firstMbInSlice,
    sliceType,
    allSlicesOfThisType,
    ppsId,
    spsId: sps.id,
    colourPlaneId,
    frameNum,
    fieldPic,
    bottomField,
    idrPicId,
    picOrderCntType: sps.picOrderCntType,
    picOrderCntLsb,
    deltaPicOrderCntBottom,
    deltaPicOrderCnt,
    redundantPicCnt: pps.redundantPicCntPresent ? bits.ue('redundant_pic_cnt', 127) : 0,
  };
}

function sliceBits(nal: Uint8Array): BitReader {
  if (nal.length === 0 || !hasSliceHeader(nal[0]! & 0x1f)) {
    throw new BitstreamError('ERR_SLICE_VALUE', 0, 'not a NAL unit with a slice header', '7.4.1');
  }
  return BitReader.ofNal(nal, 1, 'SLICE', HEADER_BYTES);
}

function readStart(bits: BitReader): SliceStart & { readonly allSlicesOfThisType: boolean } {
  const firstMbInSlice = bits.ue('first_mb_in_slice');
  const sliceType = bits.ue('slice_type', 9);
  return { firstMbInSlice, sliceType: SLICE_TYPES[sliceType % 5]!, allSlicesOfThisType: sliceType > 4 };
}

/**
 * True where `slice` belongs to another primary coded picture than `before`, the slice in front of it: detection of
 * the first VCL NAL unit of a primary coded picture, clause 7.4.1.2.4. Neither may be of a redundant picture.
 */
export function startsNewPicture(before: SliceHeader, slice: SliceHeader): boolean {
  return (
    before.frameNum !== slice.frameNum ||
    before.ppsId !== slice.ppsId ||
    before.fieldPic !== slice.fieldPic ||
    before.bottomField !== slice.bottomField ||
    (before.nalRefIdc !== slice.nalRefIdc && (before.nalRefIdc === 0 || slice.nalRefIdc === 0)) ||
    before.isIdr !== slice.isIdr ||
    before.idrPicId !== slice.idrPicId ||
    // A field that one type of picture order count does not have is the same in both.
    before.picOrderCntLsb !== slice.picOrderCntLsb ||
    before.deltaPicOrderCntBottom !== slice.deltaPicOrderCntBottom ||
    before.deltaPicOrderCnt[0] !== slice.deltaPicOrderCnt[0] ||
    before.deltaPicOrderCnt[1] !== slice.deltaPicOrderCnt[1]
  );
}
