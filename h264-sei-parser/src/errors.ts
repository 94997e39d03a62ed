/**
 * Every way in which bytes are not the bitstream they were taken for: one stable code, one sentence, and the clause
 * that they break (Rec. ITU-T H.264 unless it says otherwise). The README's table is held against this one by a test.
 */
export const BITSTREAM_ERRORS = {
  // NAL units
  ERR_NAL_LENGTH_SIZE: {
    text: 'NAL unit lengths take 1, 2 or 4 bytes, and the NAL unit must fit them.',
    clause: 'ISO/IEC 14496-15 5.3.3.1',
  },
  ERR_NAL_TRUNCATED: {
    text: 'A NAL unit length outruns the data, or is itself cut short.',
    clause: 'ISO/IEC 14496-15 5.3.4.2',
  },
  ERR_NAL_EMPTY: { text: 'A NAL unit without a single byte.', clause: '7.3.1' },
  ERR_NAL_TOO_LARGE: { text: 'A NAL unit above the limit that the caller set.', clause: 'B.1' },
  ERR_START_CODE: { text: 'Bytes before the first start code of a byte stream.', clause: 'B.1' },
  ERR_ACCESS_UNIT_TOO_LARGE: {
    text: 'An access unit above the limit that the caller set.',
    clause: '7.4.1.2',
  },
  // SEI
  ERR_SEI_NOT_SEI: { text: 'Not an SEI NAL unit.', clause: '7.4.1' },
  ERR_SEI_TRUNCATED: {
    text: 'An SEI message outruns its NAL unit, or its header is cut short.',
    clause: '7.3.2.3.1',
  },
  ERR_SEI_TRAILING_BITS: { text: 'rbsp_trailing_bits are missing.', clause: '7.3.2.11' },
  ERR_SEI_PAYLOAD_TRUNCATED: { text: 'An SEI payload ends early.', clause: 'D.1' },
  ERR_SEI_PAYLOAD_VALUE: { text: 'A value of an SEI payload is out of its range.', clause: 'D.2' },
  ERR_USER_DATA_SHORT: { text: 'user_data_unregistered without a whole UUID.', clause: 'D.1.7' },
  ERR_MISB_SHORT: { text: 'A precision time stamp of fewer than 12 bytes.', clause: 'MISB ST 0604' },
  ERR_MISB_MARKER: {
    text: 'A precision time stamp without its FF bytes between the parts of the time.',
    clause: 'MISB ST 0604',
  },
  ERR_BPM_TRUNCATED: { text: 'A broadcast performance metrics message ends early.', clause: 'OBS BPM' },
  ERR_BPM_VALUE: {
    text: 'A broadcast performance metrics time stamp of an unknown type: its length cannot be known.',
    clause: 'OBS BPM',
  },
  // parameter sets
  ERR_SPS_TRUNCATED: { text: 'The sequence parameter set ends early.', clause: '7.3.2.1.1' },
  ERR_SPS_VALUE: { text: 'A value of the sequence parameter set is out of its range.', clause: '7.4.2.1.1' },
  ERR_SPS_MISSING: {
    text: 'A picture parameter set refers to a sequence parameter set that was not sent.',
    clause: '7.4.1.2.1',
  },
  ERR_PPS_TRUNCATED: { text: 'The picture parameter set ends early.', clause: '7.3.2.2' },
  ERR_PPS_VALUE: { text: 'A value of the picture parameter set is out of its range.', clause: '7.4.2.2' },
  ERR_PPS_MISSING: {
    text: 'A slice refers to a picture parameter set that was not sent.',
    clause: '7.4.1.2.1',
  },
  // slices
  ERR_SLICE_TRUNCATED: { text: 'The slice header ends early.', clause: '7.3.3' },
  ERR_SLICE_VALUE: { text: 'A value of the slice header is out of its range.', clause: '7.4.3' },
} as const satisfies Record<string, { readonly text: string; readonly clause: string }>;

/** Why bytes are not the bitstream they were taken for. */
export type BitstreamErrorCode = keyof typeof BITSTREAM_ERRORS;

/** Carries the byte offset where reading failed, in the buffer that the caller passed, and the clause it breaks. */
export class BitstreamError extends Error {
  readonly code: BitstreamErrorCode;
  /** Byte offset in the caller's buffer. */
  readonly offset: number;
  /** Of Rec. ITU-T H.264, such as `7.3.2.3.1`, unless it names another document. */
  readonly clause: string;

  constructor(
    code: BitstreamErrorCode,
    offset: number,
    message: string,
    clause: string = BITSTREAM_ERRORS[code].clause,
  ) {
    super(`${message} (at byte ${offset}, ${clause})`);
    this.name = 'BitstreamError';
    this.code = code;
    this.offset = offset;
    this.clause = clause;
  }
}
