import { type NalLengthSize, NalType } from '../../h264-sei-parser/src/index.ts';
import type { ConfigItem, Place, ProblemItem } from './items.ts';
import { problem } from './problem.ts';

const HEVC_VPS = 32;
const HEVC_SPS = 33;
const HEVC_PPS = 34;
/** Where the arrays begin in an HEVCDecoderConfigurationRecord. */
const HVCC_ARRAYS = 22;

export interface ReadConfig {
  /** Null where not even the length size can be told. */
  readonly config: ConfigItem | null;
  readonly problem: ProblemItem | null;
}

/**
 * AVCDecoderConfigurationRecord (ISO/IEC 14496-15 clause 5.3.3.1), read as far as it goes: the length size is worth
 * having even where a parameter set is cut.
 */
export function readAvcRecord(record: Uint8Array, place: Place): ReadConfig {
  const lengthSize = ((record[4] ?? 0) & 3) + 1;
  if (record.length < 6 || record[0] !== 1 || lengthSize === 3) {
    const detail = lengthSize === 3 ? 'NAL unit lengths of 3 bytes' : 'it is cut, or of another version';
    return { config: null, problem: problem('CONFIG_CORRUPT', place, detail) };
  }
  const cursor: Cursor = { at: 5, cut: false };
  const sps = readSets(record, cursor, 0x1f);
  const pps = readSets(record, cursor, 0xff);
  const config: ConfigItem = {
    kind: 'config',
    codec: 'h264',
    framing: { kind: 'avcc', lengthSize: lengthSize as NalLengthSize },
    record,
    vps: [],
    sps: sps.filter((nal) => (nal[0]! & 0x1f) === NalType.sps),
    pps: pps.filter((nal) => (nal[0]! & 0x1f) === NalType.pps),
    ...place,
  };
  return { config, problem: cursor.cut ? problem('CONFIG_CORRUPT', place, 'a parameter set is cut') : null };
}

/** HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 clause 8.3.3.1. */
export function readHevcRecord(record: Uint8Array, place: Place): ReadConfig {
  if (record.length <= HVCC_ARRAYS) {
    return { config: null, problem: problem('CONFIG_CORRUPT', place, 'it is cut') };
  }
  const lengthSize = ((record[21]! & 3) + 1) as NalLengthSize;
  const sets = new Map<number, Uint8Array[]>();
  const cursor: Cursor = { at: HVCC_ARRAYS + 1, cut: false };
  for (let array = 0; array < record[HVCC_ARRAYS]! && !cursor.cut; array++) {
    if (cursor.at + 3 > record.length) {
      cursor.cut = true;
      break;
    }
    const type = record[cursor.at]! & 0x3f;
    const count = record[cursor.at + 1]! * 256 + record[cursor.at + 2]!;
    cursor.at += 3;
    sets.set(type, [...(sets.get(type) ?? []), ...readNals(record, cursor, count)]);
  }
  const config: ConfigItem = {
    kind: 'config',
    codec: 'hevc',
    framing: { kind: 'avcc', lengthSize },
    record,
    vps: sets.get(HEVC_VPS) ?? [],
    sps: sets.get(HEVC_SPS) ?? [],
    pps: sets.get(HEVC_PPS) ?? [],
    ...place,
  };
  return { config, problem: cursor.cut ? problem('CONFIG_CORRUPT', place, 'a parameter set is cut') : null };
}

interface Cursor {
  at: number;
  cut: boolean;
}

function readSets(record: Uint8Array, cursor: Cursor, countMask: number): Uint8Array[] {
  const count = record[cursor.at];
  if (count === undefined) {
    cursor.cut = true;
    return [];
  }
  cursor.at++;
  return readNals(record, cursor, count & countMask);
}

/** `count` times a 16-bit length and a NAL unit. */
function readNals(record: Uint8Array, cursor: Cursor, count: number): Uint8Array[] {
  const nals: Uint8Array[] = [];
  for (let i = 0; i < count && !cursor.cut; i++) {
    const length = (record[cursor.at] ?? 0) * 256 + (record[cursor.at + 1] ?? 0);
    const from = cursor.at + 2;
    if (from > record.length || length > record.length - from) {
      cursor.cut = true;
      break;
    }
    if (length > 0) nals.push(record.subarray(from, from + length));
    cursor.at = from + length;
  }
  return nals;
}
