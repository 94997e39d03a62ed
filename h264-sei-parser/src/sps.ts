import { BitReader } from './bit-reader.ts';
import { BitstreamError } from './errors.ts';
import { unescapeRbsp } from './escape.ts';
import { NalType } from './nal.ts';

/** What callers need of a sequence parameter set, H.264 clauses 7.3.2.1.1 and E.1.1. */
export interface SpsInfo {
  readonly profileIdc: number;
  /** The constraint_set flags and reserved bits, as one byte. */
  readonly constraintFlags: number;
  readonly levelIdc: number;
  readonly id: number;
  /** Cropped size in luma samples. */
  readonly width: number;
  readonly height: number;
  readonly frameMbsOnly: boolean;
  readonly picOrderCntType: number;
  readonly maxNumRefFrames: number;
  /** Field rate / 2 from VUI timing (`time_scale / (2 * num_units_in_tick)`), or null where not written. */
  readonly frameRate: number | null;
  /** `max_num_reorder_frames`, or null where bitstream restrictions are not written. */
  readonly maxReorderFrames: number | null;
}

/** Profiles whose SPS has chroma and scaling fields (clause 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const EXTENDED_SAR = 255;

/**
 * Reads an SPS NAL unit, header byte included.
 * @throws {BitstreamError} ERR_SPS_TRUNCATED when it ends early, ERR_SPS_VALUE for a value out of its range.
 */
export function parseSps(nal: Uint8Array): SpsInfo {
  if (nal.length < 4 || (nal[0]! & 0x1f) !== NalType.sps) {
    throw new BitstreamError('ERR_SPS_VALUE', 0, 'not a sequence parameter set');
  }
  const bits = new BitReader(unescapeRbsp(nal.subarray(1)));
  const profileIdc = bits.u(8);
  const constraintFlags = bits.u(8);
  const levelIdc = bits.u(8);
  const id = bits.ue();
  if (id > 31) throw new BitstreamError('ERR_SPS_VALUE', 4, `seq_parameter_set_id ${id} is above 31`);
  const chroma = HIGH_PROFILES.has(profileIdc) ? readChroma(bits) : { format: 1, separatePlanes: false };
  bits.ue(); // log2_max_frame_num_minus4
  const picOrderCntType = bits.ue();
  skipPicOrder(bits, picOrderCntType);
  const maxNumRefFrames = bits.ue();
  bits.u(1); // gaps_in_frame_num_value_allowed_flag
  const widthInMbs = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const frameMbsOnly = bits.u(1) === 1;
  if (!frameMbsOnly) bits.u(1); // mb_adaptive_frame_field_flag
  bits.u(1); // direct_8x8_inference_flag
  const crop = bits.u(1) === 1 ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const vui = bits.u(1) === 1 ? readVui(bits) : { frameRate: null, maxReorderFrames: null };

  // CropUnitX and CropUnitY, equations 7-19 to 7-22.
  const chromaArrayType = chroma.separatePlanes ? 0 : chroma.format;
  const fieldFactor = frameMbsOnly ? 1 : 2;
  const cropX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1;
  const cropY = (chromaArrayType === 1 ? 2 : 1) * fieldFactor;
  const width = widthInMbs * 16 - cropX * (crop[0]! + crop[1]!);
  const height = heightInMapUnits * 16 * fieldFactor - cropY * (crop[2]! + crop[3]!);
  if (width <= 0 || height <= 0 || width > 16_384 || height > 16_384) {
    throw new BitstreamError('ERR_SPS_VALUE', 0, `a picture of ${width} x ${height}`);
  }
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    id,
    width,
    height,
    frameMbsOnly,
    picOrderCntType,
    maxNumRefFrames,
    ...vui,
  };
}

function readChroma(bits: BitReader): { format: number; separatePlanes: boolean } {
  const format = bits.ue();
  if (format > 3) throw new BitstreamError('ERR_SPS_VALUE', 4, `chroma_format_idc ${format} is above 3`);
  const separatePlanes = format === 3 && bits.u(1) === 1;
  bits.ue(); // bit_depth_luma_minus8
  bits.ue(); // bit_depth_chroma_minus8
  bits.u(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.u(1) === 1) {
    for (let list = 0; list < (format === 3 ? 12 : 8); list++) {
      if (bits.u(1) === 1) skipScalingList(bits, list < 6 ? 16 : 64);
    }
  }
  return { format, separatePlanes };
}

/** Clause 7.3.2.1.1.1. */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPicOrder(bits: BitReader, type: number): void {
  if (type === 0) {
    bits.ue(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    bits.u(1);
    bits.se();
    bits.se();
    const cycle = bits.ue();
    if (cycle > 255) {
      throw new BitstreamError(
        'ERR_SPS_VALUE',
        4,
        `num_ref_frames_in_pic_order_cnt_cycle ${cycle} is above 255`,
      );
    }
    for (let i = 0; i < cycle; i++) bits.se();
  } else if (type !== 2) {
    throw new BitstreamError('ERR_SPS_VALUE', 4, `pic_order_cnt_type ${type} is above 2`);
  }
}

/** Clause E.1.1. */
function readVui(bits: BitReader): { frameRate: number | null; maxReorderFrames: number | null } {
  if (bits.u(1) === 1 && bits.u(8) === EXTENDED_SAR) bits.u(32);
  if (bits.u(1) === 1) bits.u(1); // overscan
  if (bits.u(1) === 1) {
    bits.u(4); // video_format, video_full_range_flag
    if (bits.u(1) === 1) bits.u(24);
  }
  if (bits.u(1) === 1) {
    bits.ue();
    bits.ue();
  }
  let frameRate: number | null = null;
  if (bits.u(1) === 1) {
    const unitsInTick = bits.u(32);
    const timeScale = bits.u(32);
    bits.u(1); // fixed_frame_rate_flag
    if (unitsInTick > 0 && timeScale > 0) frameRate = timeScale / (2 * unitsInTick);
  }
  const nalHrd = bits.u(1) === 1;
  if (nalHrd) skipHrd(bits);
  const vclHrd = bits.u(1) === 1;
  if (vclHrd) skipHrd(bits);
  if (nalHrd || vclHrd) bits.u(1); // low_delay_hrd_flag
  bits.u(1); // pic_struct_present_flag
  let maxReorderFrames: number | null = null;
  if (bits.u(1) === 1) {
    bits.u(1);
    bits.ue();
    bits.ue();
    bits.ue();
    bits.ue();
    maxReorderFrames = bits.ue();
    bits.ue(); // max_dec_frame_buffering
  }
  return { frameRate, maxReorderFrames };
}

/** Clause E.1.2. */
function skipHrd(bits: BitReader): void {
  const count = bits.ue() + 1;
  if (count > 32) throw new BitstreamError('ERR_SPS_VALUE', 4, `cpb_cnt ${count} is above 32`);
  bits.u(8);
  for (let i = 0; i < count; i++) {
    bits.ue();
    bits.ue();
    bits.u(1);
  }
  bits.u(20);
}
