/** `nal_unit_type` of HEVC, H.265 table 7-1: those that callers ask for by name. */
export const HevcNalType = {
  /** 16 to 23: intra random access point pictures. */
  firstIrap: 16,
  idrWithLeading: 19,
  idrNoLeading: 20,
  cra: 21,
  lastIrap: 23,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  endOfSequence: 36,
  endOfBitstream: 37,
  filler: 38,
  prefixSei: 39,
  suffixSei: 40,
} as const;

/** A NAL unit's two header bytes, H.265 clause 7.3.1.2. */
export interface HevcNalHeader {
  readonly type: number;
  /** `nuh_layer_id`: 0 is the base layer. */
  readonly layerId: number;
  readonly temporalId: number;
}

/** Null for fewer than two bytes. */
export function parseHevcNalHeader(nal: Uint8Array): HevcNalHeader | null {
  if (nal.length < 2) return null;
  const bits = nal[0]! * 256 + nal[1]!;
  return { type: (bits >> 9) & 0x3f, layerId: (bits >> 3) & 0x3f, temporalId: (bits & 7) - 1 };
}

/** True for slice segments (types 0 to 31). */
export const isHevcVcl = (type: number): boolean => type < HevcNalType.vps;

/** True for pictures at which decoding can begin (types 16 to 23). */
export const isHevcIrap = (type: number): boolean =>
  type >= HevcNalType.firstIrap && type <= HevcNalType.lastIrap;

/** `first_slice_segment_in_pic_flag`, H.265 clause 7.3.6.1, of a slice segment NAL unit. */
export const isFirstSliceSegment = (nal: Uint8Array): boolean => ((nal[2] ?? 0) & 0x80) !== 0;
