import {
  AccessUnitSplitter,
  AnnexBReader,
  BitstreamError,
  type NalLengthSize,
  nalItemsOfAvcc,
  parseBpm,
  parseBufferingPeriod,
  parsePicTiming,
  parsePps,
  parsePrecisionTimeStamp,
  parseRecoveryPoint,
  parseSeiNal,
  parseSps,
  parseUserDataRegistered,
  readSeiNal,
} from '../src/index.ts';
import { buildSps } from './build.ts';

/** The SPS that payloads are read with: two NAL buffers, one VCL buffer, delays of 10 bits, pic_struct. */
export const PAYLOAD_SPS = buildSps({
  vui: {
    nalHrd: { cpbs: 2, delayLength: 10, timeOffsetLength: 5 },
    vclHrd: { cpbs: 1, delayLength: 10, timeOffsetLength: 5 },
    picStruct: true,
  },
});
/** Limits of the readers under test, so that small inputs reach them. */
export const MAX_NAL_BYTES = 64;
export const MAX_ACCESS_UNIT_BYTES = 160;

const payloadSps = parseSps(PAYLOAD_SPS);

function caught(run: () => unknown): BitstreamError[] {
  try {
    run();
    return [];
  } catch (error) {
    if (error instanceof BitstreamError) return [error];
    throw error;
  }
}

/** What bytes can be read as; each gives the errors and problems that it met, and throws nothing else. */
export const TARGETS = {
  /** One byte: the size of lengths; then AVCC. */
  avcc: (data) => {
    const problems: BitstreamError[] = [];
    const refused = caught(() => {
      for (const item of nalItemsOfAvcc(data.subarray(1), (data[0] ?? 4) as NalLengthSize)) {
        if (item.kind === 'problem') problems.push(item.error);
      }
    });
    return [...refused, ...problems];
  },
  /** A byte stream. */
  annexB: (data) => itemsOf(data).flatMap((item) => (item.kind === 'problem' ? [item.error] : [])),
  /** A byte stream with parameter sets and slices. */
  accessUnits: (data) => {
    const splitter = new AccessUnitSplitter({ maxBytes: MAX_ACCESS_UNIT_BYTES });
    const units = itemsOf(data).flatMap((item) => (item.kind === 'nal' ? splitter.push(item.bytes) : []));
    return [...units, ...splitter.end()].flatMap(({ problems }) => problems);
  },
  seiNal: (data) => readSeiNal(data).problems,
  seiNalStrict: (data) => caught(() => parseSeiNal(data)),
  hevcSeiNal: (data) => readSeiNal(data, 'hevc').problems,
  spsNal: (data) => {
    const problems: BitstreamError[] = [];
    const refused = caught(() => {
      const { problem } = parseSps(data);
      if (problem !== null) problems.push(problem);
    });
    return [...refused, ...problems];
  },
  ppsNal: (data) => caught(() => parsePps(data)),
  bufferingPeriod: (data) =>
    caught(() => parseBufferingPeriod(data, (id) => (id === payloadSps.id ? payloadSps : null))),
  picTiming: (data) => caught(() => parsePicTiming(data, payloadSps)),
  recoveryPoint: (data) => caught(() => parseRecoveryPoint(data)),
  userDataRegistered: (data) => caught(() => parseUserDataRegistered(data)),
  precisionTimeStamp: (data) => caught(() => parsePrecisionTimeStamp(data)),
  bpm: (data) => caught(() => parseBpm(data)),
} as const satisfies Record<string, (data: Uint8Array) => readonly BitstreamError[]>;

export type Target = keyof typeof TARGETS;

function itemsOf(data: Uint8Array): ReturnType<AnnexBReader['push']> {
  const reader = new AnnexBReader({ maxNalBytes: MAX_NAL_BYTES });
  return [...reader.push(data), ...reader.end()];
}
