import { BitReader } from './bit-reader.ts';
import { BitstreamError } from './errors.ts';
import { inferredReorderDepth } from './levels.ts';
import { NalType } from './nal.ts';
import { skipScalingLists } from './scaling-lists.ts';
import { emptyVui, readVui, type Vui } from './vui.ts';

/** A sequence parameter set, H.264 clauses 7.3.2.1.1 and E.1.1. JSON-safe but for `problem`. */
export interface SpsInfo {
  readonly profileIdc: number;
  /** The constraint_set flags and reserved bits, as one byte. */
  readonly constraintFlags: number;
  readonly levelIdc: number;
  readonly id: number;
  /** A subset sequence parameter set (NAL unit type 15, annexes G to J): its own id space; the extension is not read. */
  readonly isSubset: boolean;
  /** `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number;
  readonly separateColourPlane: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly log2MaxFrameNum: number;
  readonly picOrderCntType: number;
  /** 0 where `picOrderCntType` is not 0. */
  readonly log2MaxPicOrderCntLsb: number;
  /** False where `picOrderCntType` is not 1. */
  readonly deltaPicOrderAlwaysZero: boolean;
  readonly maxNumRefFrames: number;
  readonly gapsInFrameNumAllowed: boolean;
  readonly picWidthInMbs: number;
  readonly picHeightInMapUnits: number;
  readonly frameMbsOnly: boolean;
  readonly mbAdaptiveFrameField: boolean;
  readonly direct8x8Inference: boolean;
  /** Luma samples cut off on each side of the frame. */
  readonly crop: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  /** Cropped size in luma samples. */
  readonly width: number;
  readonly height: number;
  /** Null: `vui_parameters_present_flag` is 0. */
  readonly vui: Vui | null;
  /** Field rate / 2 from VUI timing (`time_scale / (2 * num_units_in_tick)`), or null where not written. */
  readonly frameRate: number | null;
  /** `max_num_reorder_frames`, or null where bitstream restrictions are not written. */
  readonly maxReorderFrames: number | null;
  /** The same, inferred where it is not written (clause E.2.1): the most frames that can come before one in decoding order and after it in output order. */
  readonly reorderDepth: number;
  /** Why the VUI could not be read to its end; the fields before that stand. Some encoders cut it short. */
  readonly problem: BitstreamError | null;
}

/** Profiles whose SPS has chroma and scaling fields (clause 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** Sqrt(MaxFS * 8) macroblocks of level 6.2, clause A.3.1. */
const LARGEST_SIDE = 1055 * 16;

/**
 * Reads an SPS or subset SPS NAL unit, header byte included. Only a VUI that ends early or holds a value out of its
 * range is taken leniently: see {@link SpsInfo.problem}.
 * @throws {BitstreamError} ERR_SPS_TRUNCATED when it ends early, ERR_SPS_VALUE for a value out of its range.
 */
export function parseSps(nal: Uint8Array): SpsInfo {
  const type = nal.length === 0 ? -1 : nal[0]! & 0x1f;
  if (type !== NalType.sps && type !== NalType.subsetSps) {
    throw new BitstreamError('ERR_SPS_VALUE', 0, 'not a sequence parameter set', '7.4.1');
  }
  const bits = BitReader.ofNal(nal, 1, 'SPS');
  const profileIdc = bits.u(8);
  const constraintFlags = bits.u(8);
  const levelIdc = bits.u(8);
  const id = bits.ue('seq_parameter_set_id', 31);
  const chroma = HIGH_PROFILES.has(profileIdc) ? readChroma(bits) : EIGHT_BIT_420;
  const log2MaxFrameNum = bits.ue('log2_max_frame_num_minus4', 12) + 4;
  const picOrder = readPicOrder(bits);
  const maxNumRefFrames = bits.ue('max_num_ref_frames');
  const gapsInFrameNumAllowed = bits.flag();
  const size = readSize(bits, chroma.separateColourPlane ? 0 : chroma.chromaFormatIdc);
  let vui: Vui | null = null;
  let problem: BitstreamError | null = null;
  if (bits.flag()) {
    const draft = emptyVui();
    vui = draft;
    try {
      readVui(bits, draft);
    } catch (error) {
      problem = error as BitstreamError;
    }
  }
  const { timing = null, bitstreamRestriction = null } = vui ?? {};
  const timed = timing !== null && timing.numUnitsInTick > 0 && timing.timeScale > 0;
  const maxReorderFrames = bitstreamRestriction?.maxNumReorderFrames ?? null;
  const facts = {
    profileIdc,
    constraintFlags,
    levelIdc,
    id,
    isSubset: type === NalType.subsetSps,
    ...chroma,
    log2MaxFrameNum,
    ...picOrder,
    maxNumRefFrames,
    gapsInFrameNumAllowed,
    ...size,
    vui,
    frameRate: timed ? timing.timeScale / (2 * timing.numUnitsInTick) : null,
    maxReorderFrames,
    problem,
  };
  return { ...facts, reorderDepth: maxReorderFrames ?? inferredReorderDepth(facts) };
}

const EIGHT_BIT_420 = {
  chromaFormatIdc: 1,
  separateColourPlane: false,
  bitDepthLuma: 8,
  bitDepthChroma: 8,
};

function readChroma(bits: BitReader): typeof EIGHT_BIT_420 {
  const chromaFormatIdc = bits.ue('chroma_format_idc', 3);
  const separateColourPlane = chromaFormatIdc === 3 && bits.flag();
  const bitDepthLuma = bits.ue('bit_depth_luma_minus8', 6) + 8;
  const bitDepthChroma = bits.ue('bit_depth_chroma_minus8', 6) + 8;
  bits.u(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) skipScalingLists(bits, chromaFormatIdc === 3 ? 12 : 8);
  return { chromaFormatIdc, separateColourPlane, bitDepthLuma, bitDepthChroma };
}

function readPicOrder(
  bits: BitReader,
): Pick<SpsInfo, 'picOrderCntType' | 'log2MaxPicOrderCntLsb' | 'deltaPicOrderAlwaysZero'> {
  const picOrderCntType = bits.ue('pic_order_cnt_type', 2);
  let log2MaxPicOrderCntLsb = 0;
  let deltaPicOrderAlwaysZero = false;
  if (picOrderCntType === 0) {
    log2MaxPicOrderCntLsb = bits.ue('log2_max_pic_order_cnt_lsb_minus4', 12) + 4;
  } else if (picOrderCntType === 1) {
    deltaPicOrderAlwaysZero = bits.flag();
    bits.se('offset_for_non_ref_pic');
    bits.se('offset_for_top_to_bottom_field');
    const cycle = bits.ue('num_ref_frames_in_pic_order_cnt_cycle', 255);
    for (let i = 0; i < cycle; i++) bits.se('offset_for_ref_frame');
  }
  return { picOrderCntType, log2MaxPicOrderCntLsb, deltaPicOrderAlwaysZero };
}

type Size = Pick<
  SpsInfo,
  | 'picWidthInMbs'
  | 'picHeightInMapUnits'
  | 'frameMbsOnly'
  | 'mbAdaptiveFrameField'
  | 'direct8x8Inference'
  | 'crop'
  | 'width'
  | 'height'
>;

function readSize(bits: BitReader, chromaArrayType: number): Size {
  const from = bits.position;
  const picWidthInMbs = bits.ue('pic_width_in_mbs_minus1') + 1;
  const picHeightInMapUnits = bits.ue('pic_height_in_map_units_minus1') + 1;
  const frameMbsOnly = bits.flag();
  const mbAdaptiveFrameField = !frameMbsOnly && bits.flag();
  const direct8x8Inference = bits.flag();
  // CropUnitX and CropUnitY, equations 7-19 to 7-22.
  const fieldFactor = frameMbsOnly ? 1 : 2;
  const cropX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
  const cropY = (chromaArrayType === 1 ? 2 : 1) * fieldFactor;
  const cropped = bits.flag();
  const crop = {
    left: cropped ? cropX * bits.ue('frame_crop_left_offset') : 0,
    right: cropped ? cropX * bits.ue('frame_crop_right_offset') : 0,
    top: cropped ? cropY * bits.ue('frame_crop_top_offset') : 0,
    bottom: cropped ? cropY * bits.ue('frame_crop_bottom_offset') : 0,
  };
  const width = picWidthInMbs * 16 - crop.left - crop.right;
  const height = picHeightInMapUnits * 16 * fieldFactor - crop.top - crop.bottom;
  if (width <= 0 || height <= 0 || width > LARGEST_SIDE || height > LARGEST_SIDE) {
    throw bits.valueError(from, `a picture of ${width} x ${height}`);
  }
  return {
    picWidthInMbs,
    picHeightInMapUnits,
    frameMbsOnly,
    mbAdaptiveFrameField,
    direct8x8Inference,
    crop,
    width,
    height,
  };
}
