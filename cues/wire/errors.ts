/** Why a stamp is not taken. Names stand in the project's error table too (`packet/errors.ts`). */
export type StampErrorCode =
  | 'ERR_STAMP_FORMAT'
  | 'ERR_STAMP_VERSION'
  | 'ERR_STAMP_SIGNATURE'
  | 'ERR_STAMP_SEALED'
  | 'ERR_STAMP_TOO_LARGE';

export class StampError extends Error {
  readonly code: StampErrorCode;

  constructor(code: StampErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StampError';
    this.code = code;
  }
}
