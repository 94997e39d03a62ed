export { BitstreamError, type BitstreamErrorCode } from './errors.ts';
export { escapeRbsp, unescapeRbsp } from './escape.ts';
export {
  isVcl,
  type NalLengthSize,
  type NalRange,
  NalType,
  nalUnitsOfAnnexB,
  nalUnitsOfAvcc,
  writeAvccNal,
} from './nal.ts';
export { parseSeiNal, parseSeiRbsp, type SeiMessage, writeSeiNal } from './sei.ts';
export { parseSps, type SpsInfo } from './sps.ts';
export {
  parseUserData,
  sameUuid,
  USER_DATA_UNREGISTERED,
  type UserDataUnregistered,
  userDataMessage,
  uuidFromText,
  uuidToText,
} from './user-data.ts';
