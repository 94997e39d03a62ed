export {
  type AccessUnit,
  type AccessUnitNal,
  AccessUnitSplitter,
  type AccessUnitSplitterOptions,
} from './access-unit.ts';
export { nalUnitsOfAnnexB, writeAnnexB } from './annex-b.ts';
export {
  AnnexBReader,
  type AnnexBReaderOptions,
  type StreamNal,
  type StreamProblem,
} from './annex-b-reader.ts';
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
export {
  BUFFERING_PERIOD,
  type BufferingPeriod,
  bufferingPeriodMessage,
  type InitialCpbRemovalDelay,
  parseBufferingPeriod,
} from './buffering-period.ts';
export { type DecodedSei, decodeSei, type SeiContext } from './decode-sei.ts';
export { BITSTREAM_ERRORS, BitstreamError, type BitstreamErrorCode } from './errors.ts';
export { escapeRbsp, unescapeRbsp } from './escape.ts';
export {
  type HevcNalHeader,
  HevcNalType,
  isFirstSliceSegment,
  isHevcIrap,
  isHevcVcl,
  parseHevcNalHeader,
} from './hevc.ts';
export {
  isPrecisionTimeStamp,
  MISB_UUID,
  type MisbIdentifier,
  type PrecisionTimeStamp,
  type PrecisionTimeStampFields,
  parsePrecisionTimeStamp,
  precisionTimeStampMessage,
} from './misb.ts';
export {
  type Codec,
  isVcl,
  type NalItem,
  type NalLengthSize,
  type NalProblem,
  type NalRange,
  NalType,
  nalItemsOfAvcc,
  nalTypeOf,
  nalUnitsOfAvcc,
  writeAvcc,
  writeAvccNal,
} from './nal.ts';
export { type AddedParameterSet, ParameterSets } from './parameter-sets.ts';
export {
  type ClockTimestamp,
  PIC_TIMING,
  type PicTiming,
  parsePicTiming,
  picTimingMessage,
} from './pic-timing.ts';
export { type PpsInfo, parsePps } from './pps.ts';
export {
  parseRecoveryPoint,
  RECOVERY_POINT,
  type RecoveryPoint,
  recoveryPointMessage,
} from './recovery-point.ts';
export {
  isCanonicalSeiNal,
  isSei,
  parseSeiNal,
  parseSeiRbsp,
  readSeiNal,
  SEI_HEADER,
  type SeiMessage,
  type SeiMessageRead,
  type SeiReading,
  writeSeiNal,
} from './sei.ts';
export { seiName } from './sei-names.ts';
export {
  hasSliceHeader,
  parseSliceHeader,
  parseSliceStart,
  type SliceHeader,
  type SliceStart,
  type SliceType,
  startsNewPicture,
} from './slice-header.ts';
export { parseSps, type SpsInfo } from './sps.ts';
export {
  type CaptionData,
  parseUserDataRegistered,
  type RegisteredContent,
  USER_DATA_REGISTERED,
  type UserDataRegistered,
} from './t35.ts';
export {
  parseUserData,
  sameUuid,
  USER_DATA_UNREGISTERED,
  type UserDataUnregistered,
  userDataMessage,
  uuidFromText,
  uuidToText,
} from './user-data.ts';
export type { BitstreamRestriction, HrdParameters, Vui, VuiTiming } from './vui.ts';
