/** Why bytes are not the bitstream they were taken for. */
export type BitstreamErrorCode =
  | 'ERR_NAL_LENGTH_SIZE'
  | 'ERR_NAL_TRUNCATED'
  | 'ERR_NAL_EMPTY'
  | 'ERR_SEI_TRUNCATED'
  | 'ERR_SEI_TRAILING_BITS'
  | 'ERR_SEI_NOT_SEI'
  | 'ERR_USER_DATA_SHORT'
  | 'ERR_SPS_TRUNCATED'
  | 'ERR_SPS_VALUE';

/** Carries the byte offset where reading failed, in the buffer that the caller passed. */
export class BitstreamError extends Error {
  readonly code: BitstreamErrorCode;
  /** Byte offset in the caller's buffer. */
  readonly offset: number;

  constructor(code: BitstreamErrorCode, offset: number, message: string) {
    super(`${message} (at byte ${offset})`);
    this.name = 'BitstreamError';
    this.code = code;
    this.offset = offset;
  }
}
