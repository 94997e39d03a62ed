import type {
  BufferingPeriod,
  HrdParameters,
  PicTiming,
  PpsInfo,
  RecoveryPoint,
  SliceHeader,
  SpsInfo,
} from '../src/index.ts';

/** Syntax elements in the order of the standard, by its names: what a reader of the standard would print. */
export type Listing = [name: string, value: number][];

const bit = (flag: boolean): number => (flag ? 1 : 0);
const SLICE_TYPES = ['P', 'B', 'I', 'SP', 'SI'];

/** Clause 7.3.2.1.1 and E.1, but for elements that {@link NOT_KEPT} names. */
export function listSps(sps: SpsInfo): Listing {
  const fields: Listing = [['profile_idc', sps.profileIdc]];
  for (let i = 0; i < 6; i++) fields.push([`constraint_set${i}_flag`, (sps.constraintFlags >> (7 - i)) & 1]);
  fields.push(['reserved_zero_2bits', sps.constraintFlags & 3], ['level_idc', sps.levelIdc]);
  fields.push(['seq_parameter_set_id', sps.id]);
  if (sps.profileIdc >= 100 || sps.profileIdc === 44) {
    fields.push(['chroma_format_idc', sps.chromaFormatIdc]);
    if (sps.chromaFormatIdc === 3) fields.push(['separate_colour_plane_flag', bit(sps.separateColourPlane)]);
    fields.push(['bit_depth_luma_minus8', sps.bitDepthLuma - 8]);
    fields.push(['bit_depth_chroma_minus8', sps.bitDepthChroma - 8]);
  }
  fields.push(['log2_max_frame_num_minus4', sps.log2MaxFrameNum - 4]);
  fields.push(['pic_order_cnt_type', sps.picOrderCntType]);
  if (sps.picOrderCntType === 0) {
    fields.push(['log2_max_pic_order_cnt_lsb_minus4', sps.log2MaxPicOrderCntLsb - 4]);
  }
  if (sps.picOrderCntType === 1) {
    fields.push(['delta_pic_order_always_zero_flag', bit(sps.deltaPicOrderAlwaysZero)]);
  }
  fields.push(['max_num_ref_frames', sps.maxNumRefFrames]);
  fields.push(['gaps_in_frame_num_allowed_flag', bit(sps.gapsInFrameNumAllowed)]);
  fields.push(['pic_width_in_mbs_minus1', sps.picWidthInMbs - 1]);
  fields.push(['pic_height_in_map_units_minus1', sps.picHeightInMapUnits - 1]);
  fields.push(['frame_mbs_only_flag', bit(sps.frameMbsOnly)]);
  if (!sps.frameMbsOnly) fields.push(['mb_adaptive_frame_field_flag', bit(sps.mbAdaptiveFrameField)]);
  fields.push(['direct_8x8_inference_flag', bit(sps.direct8x8Inference)]);
  const { left, right, top, bottom } = sps.crop;
  const isCropped = left + right + top + bottom > 0;
  fields.push(['frame_cropping_flag', bit(isCropped)]);
  if (isCropped) {
    const x = sps.chromaFormatIdc === 1 || sps.chromaFormatIdc === 2 ? 2 : 1;
    const y = (sps.chromaFormatIdc === 1 ? 2 : 1) * (sps.frameMbsOnly ? 1 : 2);
    fields.push(['frame_crop_left_offset', left / x], ['frame_crop_right_offset', right / x]);
    fields.push(['frame_crop_top_offset', top / y], ['frame_crop_bottom_offset', bottom / y]);
  }
  fields.push(['vui_parameters_present_flag', bit(sps.vui !== null)]);
  if (sps.vui !== null) listVui(sps.vui, fields);
  return fields;
}

function listVui(vui: NonNullable<SpsInfo['vui']>, fields: Listing): void {
  fields.push(['aspect_ratio_info_present_flag', bit(vui.sampleAspectRatio !== null)]);
  fields.push(['overscan_info_present_flag', bit(vui.overscanAppropriate !== null)]);
  if (vui.overscanAppropriate !== null)
    fields.push(['overscan_appropriate_flag', bit(vui.overscanAppropriate)]);
  fields.push(['video_signal_type_present_flag', bit(vui.videoFormat !== null)]);
  if (vui.videoFormat !== null) {
    fields.push(['video_format', vui.videoFormat], ['video_full_range_flag', bit(vui.videoFullRange!)]);
    fields.push(['colour_description_present_flag', bit(vui.colour !== null)]);
    if (vui.colour !== null) {
      fields.push(['colour_primaries', vui.colour.primaries]);
      fields.push(['transfer_characteristics', vui.colour.transfer]);
      fields.push(['matrix_coefficients', vui.colour.matrix]);
    }
  }
  fields.push(['chroma_loc_info_present_flag', bit(vui.chromaSampleLocation !== null)]);
  if (vui.chromaSampleLocation !== null) {
    fields.push(['chroma_sample_loc_type_top_field', vui.chromaSampleLocation[0]]);
    fields.push(['chroma_sample_loc_type_bottom_field', vui.chromaSampleLocation[1]]);
  }
  fields.push(['timing_info_present_flag', bit(vui.timing !== null)]);
  if (vui.timing !== null) {
    fields.push(['num_units_in_tick', vui.timing.numUnitsInTick], ['time_scale', vui.timing.timeScale]);
    fields.push(['fixed_frame_rate_flag', bit(vui.timing.fixedFrameRate)]);
  }
  fields.push(['nal_hrd_parameters_present_flag', bit(vui.nalHrd !== null)]);
  if (vui.nalHrd !== null) listHrd(vui.nalHrd, fields);
  fields.push(['vcl_hrd_parameters_present_flag', bit(vui.vclHrd !== null)]);
  if (vui.vclHrd !== null) listHrd(vui.vclHrd, fields);
  if (vui.lowDelayHrd !== null) fields.push(['low_delay_hrd_flag', bit(vui.lowDelayHrd)]);
  fields.push(['pic_struct_present_flag', bit(vui.picStructPresent)]);
  const restriction = vui.bitstreamRestriction;
  fields.push(['bitstream_restriction_flag', bit(restriction !== null)]);
  if (restriction !== null) {
    fields.push(['motion_vectors_over_pic_boundaries_flag', bit(restriction.motionVectorsOverPicBoundaries)]);
    fields.push(['max_bytes_per_pic_denom', restriction.maxBytesPerPicDenom]);
    fields.push(['max_bits_per_mb_denom', restriction.maxBitsPerMbDenom]);
    fields.push(['log2_max_mv_length_horizontal', restriction.log2MaxMvLengthHorizontal]);
    fields.push(['log2_max_mv_length_vertical', restriction.log2MaxMvLengthVertical]);
    fields.push(['max_num_reorder_frames', restriction.maxNumReorderFrames]);
    fields.push(['max_dec_frame_buffering', restriction.maxDecFrameBuffering]);
  }
}

/** `bit_rate` and `cpb_size` are worked out of scale and value: {@link workedOut} does so with the trace. */
function listHrd(hrd: HrdParameters, fields: Listing): void {
  fields.push(['cpb_cnt_minus1', hrd.cpbs.length - 1]);
  hrd.cpbs.forEach((cpb, i) => {
    fields.push([`bit_rate[${i}]`, cpb.bitRate], [`cpb_size[${i}]`, cpb.cpbSize]);
    fields.push([`cbr_flag[${i}]`, bit(cpb.constantBitRate)]);
  });
  fields.push(['initial_cpb_removal_delay_length_minus1', hrd.initialCpbRemovalDelayLength - 1]);
  fields.push(['cpb_removal_delay_length_minus1', hrd.cpbRemovalDelayLength - 1]);
  fields.push(['dpb_output_delay_length_minus1', hrd.dpbOutputDelayLength - 1]);
  fields.push(['time_offset_length', hrd.timeOffsetLength]);
}

/** Clause 7.3.2.2. */
export function listPps(pps: PpsInfo): Listing {
  return [
    ['pic_parameter_set_id', pps.id],
    ['seq_parameter_set_id', pps.spsId],
    ['entropy_coding_mode_flag', bit(pps.cabac)],
    ['bottom_field_pic_order_in_frame_present_flag', bit(pps.bottomFieldPicOrderInFramePresent)],
    ['num_slice_groups_minus1', pps.numSliceGroups - 1],
    ...(pps.sliceGroupMapType === null ? [] : ([['slice_group_map_type', pps.sliceGroupMapType]] as Listing)),
    ['num_ref_idx_l0_default_active_minus1', pps.numRefIdxL0DefaultActive - 1],
    ['num_ref_idx_l1_default_active_minus1', pps.numRefIdxL1DefaultActive - 1],
    ['weighted_pred_flag', bit(pps.weightedPred)],
    ['weighted_bipred_idc', pps.weightedBipredIdc],
    ['pic_init_qp_minus26', pps.picInitQp - 26],
    ['pic_init_qs_minus26', pps.picInitQs - 26],
    ['chroma_qp_index_offset', pps.chromaQpIndexOffset],
    ['deblocking_filter_control_present_flag', bit(pps.deblockingFilterControlPresent)],
    ['constrained_intra_pred_flag', bit(pps.constrainedIntraPred)],
    ['redundant_pic_cnt_present_flag', bit(pps.redundantPicCntPresent)],
    ['transform_8x8_mode_flag', bit(pps.transform8x8Mode)],
    ['pic_scaling_matrix_present_flag', bit(pps.picScalingMatrixPresent)],
    ['second_chroma_qp_index_offset', pps.secondChromaQpIndexOffset],
  ];
}

/** Clause 7.3.3 up to `redundant_pic_cnt`. */
export function listSlice(slice: SliceHeader, sps: SpsInfo, pps: PpsInfo): Listing {
  const type = SLICE_TYPES.indexOf(slice.sliceType) + (slice.allSlicesOfThisType ? 5 : 0);
  const fields: Listing = [
    ['first_mb_in_slice', slice.firstMbInSlice],
    ['slice_type', type],
  ];
  fields.push(['pic_parameter_set_id', slice.ppsId]);
  if (slice.colourPlaneId !== null) fields.push(['colour_plane_id', slice.colourPlaneId]);
  fields.push(['frame_num', slice.frameNum]);
  if (!sps.frameMbsOnly) fields.push(['field_pic_flag', bit(slice.fieldPic)]);
  if (slice.fieldPic) fields.push(['bottom_field_flag', bit(slice.bottomField)]);
  if (slice.idrPicId !== null) fields.push(['idr_pic_id', slice.idrPicId]);
  if (slice.picOrderCntLsb !== null) {
    fields.push(['pic_order_cnt_lsb', slice.picOrderCntLsb]);
    if (pps.bottomFieldPicOrderInFramePresent && !slice.fieldPic) {
      fields.push(['delta_pic_order_cnt_bottom', slice.deltaPicOrderCntBottom]);
    }
  }
  if (slice.picOrderCntType === 1 && !sps.deltaPicOrderAlwaysZero) {
    fields.push(['delta_pic_order_cnt[0]', slice.deltaPicOrderCnt[0]]);
    if (pps.bottomFieldPicOrderInFramePresent && !slice.fieldPic) {
      fields.push(['delta_pic_order_cnt[1]', slice.deltaPicOrderCnt[1]]);
    }
  }
  if (pps.redundantPicCntPresent) fields.push(['redundant_pic_cnt', slice.redundantPicCnt]);
  return fields;
}

/** Clause D.1.2. */
export function listBufferingPeriod(period: BufferingPeriod): Listing {
  const fields: Listing = [['seq_parameter_set_id', period.spsId]];
  for (const delays of [period.nal, period.vcl]) {
    delays.forEach(({ delay, offset }, i) => {
      fields.push(
        [`initial_cpb_removal_delay[${i}]`, delay],
        [`initial_cpb_removal_delay_offset[${i}]`, offset],
      );
    });
  }
  return fields;
}

/** Clause D.1.3. */
export function listPicTiming(timing: PicTiming): Listing {
  const fields: Listing = [];
  if (timing.cpbRemovalDelay !== null) fields.push(['cpb_removal_delay', timing.cpbRemovalDelay]);
  if (timing.dpbOutputDelay !== null) fields.push(['dpb_output_delay', timing.dpbOutputDelay]);
  if (timing.picStruct !== null) fields.push(['pic_struct', timing.picStruct]);
  timing.clockTimestamps.forEach((stamp, i) => {
    fields.push([`clock_timestamp_flag[${i}]`, bit(stamp !== null)]);
    if (stamp === null) return;
    fields.push(['ct_type', stamp.ctType], ['nuit_field_based_flag', bit(stamp.nuitFieldBased)]);
    fields.push(['counting_type', stamp.countingType], ['full_timestamp_flag', bit(stamp.fullTimestamp)]);
    fields.push(
      ['discontinuity_flag', bit(stamp.discontinuity)],
      ['cnt_dropped_flag', bit(stamp.cntDropped)],
    );
    fields.push(['n_frames', stamp.nFrames]);
    const parts = [
      ['seconds', stamp.seconds],
      ['minutes', stamp.minutes],
      ['hours', stamp.hours],
    ] as const;
    for (const [name, value] of parts) {
      if (!stamp.fullTimestamp) fields.push([`${name}_flag`, bit(value !== null)]);
      if (value === null) break;
      fields.push([`${name}_value`, value]);
    }
    fields.push(['time_offset', stamp.timeOffset]);
  });
  return fields;
}

/** Clause D.1.8. */
export const listRecoveryPoint = (point: RecoveryPoint): Listing => [
  ['recovery_frame_cnt', point.recoveryFrameCnt],
  ['exact_match_flag', bit(point.exactMatch)],
  ['broken_link_flag', bit(point.brokenLink)],
  ['changing_slice_group_idc', point.changingSliceGroupIdc],
];

/** Elements that the package reads over, and the header and trailing bits that are compared apart. */
const NOT_KEPT =
  /^(forbidden_zero_bit|nal_ref_idc|nal_unit_type|rbsp_\w+|qpprime_y_zero_transform_bypass_flag|seq_scaling_\w+(\[\d+\])?|pic_scaling_list_\w+(\[\d+\])?|delta_scale\S*|offset_for_\S+|num_ref_frames_in_pic_order_cnt_cycle|run_length_minus1\S*|top_left\S*|bottom_right\S*|slice_group_change_\w+|pic_size_in_map_units_minus1|slice_group_id\S*|aspect_ratio_idc|sar_width|sar_height|bit_equal_to_\w+)$/;

/** A traced NAL unit's elements as {@link Listing} has them: without what is not kept, bit rates worked out. */
export function workedOut(fields: readonly (readonly [string, number])[]): Listing {
  const out: Listing = [];
  let scales = { bit_rate: 0, cpb_size: 0 };
  for (const [name, value] of fields) {
    const hrd = /^(bit_rate|cpb_size)_value_minus1(\[\d+\])$/.exec(name);
    if (name === 'bit_rate_scale') scales = { ...scales, bit_rate: 6 + value };
    else if (name === 'cpb_size_scale') scales = { ...scales, cpb_size: 4 + value };
    else if (hrd !== null) {
      out.push([`${hrd[1]}${hrd[2]}`, (value + 1) * 2 ** scales[hrd[1] as 'bit_rate']]);
    } else if (!NOT_KEPT.test(name)) out.push([name, value]);
  }
  return out;
}
