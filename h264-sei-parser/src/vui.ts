import type { BitReader } from './bit-reader.ts';

/** Video usability information, H.264 clauses E.1.1 and E.2.1. Null: not written. */
export interface Vui {
  /** Sample aspect ratio, table E-1 resolved; null where unspecified or reserved. */
  readonly sampleAspectRatio: readonly [width: number, height: number] | null;
  readonly overscanAppropriate: boolean | null;
  /** `video_format`, table E-2. */
  readonly videoFormat: number | null;
  readonly videoFullRange: boolean | null;
  readonly colour: {
    /** `colour_primaries`, table E-3. */
    readonly primaries: number;
    /** `transfer_characteristics`, table E-4. */
    readonly transfer: number;
    /** `matrix_coefficients`, table E-5. */
    readonly matrix: number;
  } | null;
  /** `chroma_sample_loc_type` of the top and the bottom field. */
  readonly chromaSampleLocation: readonly [top: number, bottom: number] | null;
  readonly timing: VuiTiming | null;
  readonly nalHrd: HrdParameters | null;
  readonly vclHrd: HrdParameters | null;
  readonly lowDelayHrd: boolean | null;
  readonly picStructPresent: boolean;
  readonly bitstreamRestriction: BitstreamRestriction | null;
}

/** One field lasts `numUnitsInTick / timeScale` seconds, one frame twice that. */
export interface VuiTiming {
  readonly numUnitsInTick: number;
  readonly timeScale: number;
  readonly fixedFrameRate: boolean;
}

export interface BitstreamRestriction {
  readonly motionVectorsOverPicBoundaries: boolean;
  readonly maxBytesPerPicDenom: number;
  readonly maxBitsPerMbDenom: number;
  readonly log2MaxMvLengthHorizontal: number;
  readonly log2MaxMvLengthVertical: number;
  readonly maxNumReorderFrames: number;
  readonly maxDecFrameBuffering: number;
}

/** Hypothetical reference decoder parameters, clauses E.1.2 and E.2.2. Lengths are in bits. */
export interface HrdParameters {
  /** One entry per coded picture buffer, at most 32. */
  readonly cpbs: readonly {
    /** Bits per second. */
    readonly bitRate: number;
    /** Bits. */
    readonly cpbSize: number;
    readonly constantBitRate: boolean;
  }[];
  readonly initialCpbRemovalDelayLength: number;
  readonly cpbRemovalDelayLength: number;
  readonly dpbOutputDelayLength: number;
  readonly timeOffsetLength: number;
}

const EXTENDED_SAR = 255;
/** Table E-1, from aspect_ratio_idc 1. */
const SAMPLE_ASPECT_RATIOS = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
] as const;

type Draft = { -readonly [Key in keyof Vui]: Vui[Key] };

export const emptyVui = (): Draft => ({
  sampleAspectRatio: null,
  overscanAppropriate: null,
  videoFormat: null,
  videoFullRange: null,
  colour: null,
  chromaSampleLocation: null,
  timing: null,
  nalHrd: null,
  vclHrd: null,
  lowDelayHrd: null,
  picStructPresent: false,
  bitstreamRestriction: null,
});

/** vui_parameters(), clause E.1.1, into `vui`: what was read before an error stays in it. */
export function readVui(bits: BitReader, vui: Draft): void {
  if (bits.flag()) vui.sampleAspectRatio = readAspectRatio(bits);
  if (bits.flag()) vui.overscanAppropriate = bits.flag();
  if (bits.flag()) {
    vui.videoFormat = bits.u(3);
    vui.videoFullRange = bits.flag();
    if (bits.flag()) vui.colour = { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8) };
  }
  if (bits.flag()) {
    vui.chromaSampleLocation = [
      bits.ue('chroma_sample_loc_type_top_field', 5),
      bits.ue('chroma_sample_loc_type_bottom_field', 5),
    ];
  }
  if (bits.flag()) {
    vui.timing = { numUnitsInTick: bits.u(32), timeScale: bits.u(32), fixedFrameRate: bits.flag() };
  }
  if (bits.flag()) vui.nalHrd = readHrd(bits);
  if (bits.flag()) vui.vclHrd = readHrd(bits);
  if (vui.nalHrd !== null || vui.vclHrd !== null) vui.lowDelayHrd = bits.flag();
  vui.picStructPresent = bits.flag();
  if (bits.flag()) {
    vui.bitstreamRestriction = {
      motionVectorsOverPicBoundaries: bits.flag(),
      maxBytesPerPicDenom: bits.ue('max_bytes_per_pic_denom'),
      maxBitsPerMbDenom: bits.ue('max_bits_per_mb_denom'),
      log2MaxMvLengthHorizontal: bits.ue('log2_max_mv_length_horizontal'),
      log2MaxMvLengthVertical: bits.ue('log2_max_mv_length_vertical'),
      maxNumReorderFrames: bits.ue('max_num_reorder_frames'),
      maxDecFrameBuffering: bits.ue('max_dec_frame_buffering'),
    };
  }
}

function readAspectRatio(bits: BitReader): Vui['sampleAspectRatio'] {
  const idc = bits.u(8);
  if (idc !== EXTENDED_SAR) return SAMPLE_ASPECT_RATIOS[idc - 1] ?? null;
  const width = bits.u(16);
  const height = bits.u(16);
  return width === 0 || height === 0 ? null : [width, height];
}

/** hrd_parameters(), clause E.1.2. */
function readHrd(bits: BitReader): HrdParameters {
  const count = bits.ue('cpb_cnt_minus1', 31) + 1;
  const bitRateScale = bits.u(4);
  const cpbSizeScale = bits.u(4);
  const cpbs = Array.from({ length: count }, () => ({
    bitRate: (bits.ue('bit_rate_value_minus1') + 1) * 2 ** (6 + bitRateScale),
    cpbSize: (bits.ue('cpb_size_value_minus1') + 1) * 2 ** (4 + cpbSizeScale),
    constantBitRate: bits.flag(),
  }));
  return {
    cpbs,
    initialCpbRemovalDelayLength: bits.u(5) + 1,
    cpbRemovalDelayLength: bits.u(5) + 1,
    dpbOutputDelayLength: bits.u(5) + 1,
    timeOffsetLength: bits.u(5),
  };
}
