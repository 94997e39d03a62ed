export {
  BPM_COUNTERS,
  BPM_UUID,
  type BpmCounter,
  BpmEvent,
  type BpmFields,
  type BpmKind,
  type BpmMessage,
  type BpmTime,
  type BpmTimeFields,
  bpmKindOf,
  bpmMessage,
  parseBpm,
} from './bpm.ts';
export { BITSTREAM_ERRORS, BitstreamError, type BitstreamErrorCode } from './errors.ts';
export { escapeRbsp, unescapeRbsp } from './escape.ts';
export {
  isPrecisionTimeStamp,
  MISB_H264_UUID,
  type PrecisionTimeStamp,
  type PrecisionTimeStampFields,
  parsePrecisionTimeStamp,
  precisionTimeStampMessage,
} from './misb.ts';
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
