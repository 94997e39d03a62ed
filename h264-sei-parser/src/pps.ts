import { BitReader } from './bit-reader.ts';
import { BitstreamError } from './errors.ts';
import { NalType } from './nal.ts';
import { skipScalingLists } from './scaling-lists.ts';

/** A picture parameter set, H.264 clause 7.3.2.2. JSON-safe. */
export interface PpsInfo {
  readonly id: number;
  readonly spsId: number;
  /** `entropy_coding_mode_flag`: CABAC, else CAVLC. */
  readonly cabac: boolean;
  readonly bottomFieldPicOrderInFramePresent: boolean;
  /** 1 to 8; more than 1: flexible macroblock order. */
  readonly numSliceGroups: number;
  /** `slice_group_map_type`; null for one slice group. */
  readonly sliceGroupMapType: number | null;
  readonly numRefIdxL0DefaultActive: number;
  readonly numRefIdxL1DefaultActive: number;
  readonly weightedPred: boolean;
  readonly weightedBipredIdc: number;
  readonly picInitQp: number;
  readonly picInitQs: number;
  readonly chromaQpIndexOffset: number;
  readonly deblockingFilterControlPresent: boolean;
  readonly constrainedIntraPred: boolean;
  readonly redundantPicCntPresent: boolean;
  readonly transform8x8Mode: boolean;
  readonly picScalingMatrixPresent: boolean;
  readonly secondChromaQpIndexOffset: number;
}

/**
 * Reads a PPS NAL unit, header byte included.
 * @param chromaFormatIdcOf That of the SPS with the id; asked only where scaling lists depend on it (4:4:4 has
 * more of them), and 1 where it is null or left out.
 * @throws {BitstreamError} ERR_PPS_TRUNCATED when it ends early, ERR_PPS_VALUE for a value out of its range.
 */
export function parsePps(nal: Uint8Array, chromaFormatIdcOf?: (spsId: number) => number | null): PpsInfo {
  if (nal.length === 0 || (nal[0]! & 0x1f) !== NalType.pps) {
    throw new BitstreamError('ERR_PPS_VALUE', 0, 'not a picture parameter set', '7.4.1');
  }
  const bits = BitReader.ofNal(nal, 1, 'PPS');
  const base = {
    id: bits.ue('pic_parameter_set_id', 255),
    spsId: bits.ue('seq_parameter_set_id', 31),
    cabac: bits.flag(),
    bottomFieldPicOrderInFramePresent: bits.flag(),
    ...readSliceGroups(bits),
    numRefIdxL0DefaultActive: bits.ue('num_ref_idx_l0_default_active_minus1', 31) + 1,
    numRefIdxL1DefaultActive: bits.ue('num_ref_idx_l1_default_active_minus1', 31) + 1,
    weightedPred: bits.flag(),
    weightedBipredIdc: bits.u(2),
    picInitQp: 26 + bits.se('pic_init_qp_minus26'),
    picInitQs: 26 + bits.se('pic_init_qs_minus26'),
    chromaQpIndexOffset: bits.se('chroma_qp_index_offset'),
    deblockingFilterControlPresent: bits.flag(),
    constrainedIntraPred: bits.flag(),
    redundantPicCntPresent: bits.flag(),
  };
  if (!bits.moreRbspData()) {
    return {
      ...base,
      transform8x8Mode: false,
      picScalingMatrixPresent: false,
      secondChromaQpIndexOffset: base.chromaQpIndexOffset,
    };
  }
  const transform8x8Mode = bits.flag();
  const picScalingMatrixPresent = bits.flag();
  if (picScalingMatrixPresent) {
    const lists8x8 = chromaFormatIdcOf?.(base.spsId) === 3 ? 6 : 2;
    skipScalingLists(bits, 6 + (transform8x8Mode ? lists8x8 : 0));
  }
  const secondChromaQpIndexOffset = bits.se('second_chroma_qp_index_offset');
  return { ...base, transform8x8Mode, picScalingMatrixPresent, secondChromaQpIndexOffset };
}

function readSliceGroups(bits: BitReader): Pick<PpsInfo, 'numSliceGroups' | 'sliceGroupMapType'> {
  const numSliceGroups = bits.ue('num_slice_groups_minus1', 7) + 1;
  if (numSliceGroups === 1) return { numSliceGroups, sliceGroupMapType: null };
  const sliceGroupMapType = bits.ue('slice_group_map_type', 6);
  if (sliceGroupMapType === 0) {
    for (let i = 0; i < numSliceGroups; i++) bits.ue('run_length_minus1');
  } else if (sliceGroupMapType === 2) {
    for (let i = 0; i < 2 * (numSliceGroups - 1); i++) bits.ue('top_left, bottom_right');
  } else if (sliceGroupMapType >= 3 && sliceGroupMapType <= 5) {
    bits.u(1); // slice_group_change_direction_flag
    bits.ue('slice_group_change_rate_minus1');
  } else if (sliceGroupMapType === 6) {
    const units = bits.ue('pic_size_in_map_units_minus1') + 1;
    const width = Math.ceil(Math.log2(numSliceGroups));
    // Checked ahead: a damaged count must not keep the loop going.
    if (units * width > bits.bitsLeft) bits.u(bits.bitsLeft + 1);
    for (let i = 0; i < units; i++) bits.u(width); // slice_group_id
  }
  return { numSliceGroups, sliceGroupMapType };
}
