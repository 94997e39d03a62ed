export { fromBase64Url, toBase64Url } from './base64url.ts';
export {
  CARRIERS,
  type CarriedStamp,
  type Carrier,
  carriedStampOf,
  carrierIdOf,
  readScriptCue,
  SCRIPT_NAME,
  type ScriptCue,
} from './carrier.ts';
export {
  DATERANGE_CUE_CLASS,
  DATERANGE_EPOCH_CLASS,
  DATERANGE_PTS,
  DATERANGE_TEXT,
  fromHexSequence,
  toHexSequence,
} from './carrier-daterange.ts';
export { EMSG_SCHEME, EMSG_VALUE, ID3_DESCRIPTION, readId3, writeId3 } from './carrier-id3.ts';
export {
  CUE_TYPES,
  type CueBody,
  type CueType,
  formatCueBody,
  ID_PATTERN,
  isCueType,
  isVoiding,
  type JsonObject,
  parseCueBody,
  STREAM_PATTERN,
} from './cue-body.ts';
export { StampError, type StampErrorCode } from './errors.ts';
export {
  type ClockStamp,
  type CueStamp,
  type CueStampHead,
  formatClockStamp,
  formatCueStamp,
  formatSignatureLine,
  parseStamp,
  STAMP_TEXT_DEFAULT_LIMIT,
  STAMP_TEXT_LIMIT,
  STAMP_UUID_TEXT,
  STAMP_VERSION,
  type Stamp,
  type StampHead,
  type StampSignature,
} from './stamp.ts';
export {
  KEYS_PATH,
  openCueData,
  type StampCrypto,
  type StampKey,
  type StampKeySet,
  verifyStamp,
  webCrypto,
} from './verify.ts';
export { DELAY_REPORTS, viewerPlaceOf } from './viewer-share.ts';
