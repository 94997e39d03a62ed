import {
  BitstreamError,
  type NalLengthSize,
  NalType,
  parseSps,
  type SpsInfo,
} from '../h264-sei-parser/src/index.ts';
import { FramecueError } from './errors.ts';

/** What an AVCDecoderConfigurationRecord says. The parameter sets are views into the record. */
export interface AvcRecord {
  readonly profileIdc: number;
  readonly constraintFlags: number;
  readonly levelIdc: number;
  readonly nalLengthSize: NalLengthSize;
  /** NAL units, header byte included; at least one. */
  readonly sps: readonly Uint8Array[];
  /** NAL units, header byte included; at least one. */
  readonly pps: readonly Uint8Array[];
  /** The first SPS, read. */
  readonly spsInfo: SpsInfo;
  /** `avc1.` and profile, constraints, level in hex (RFC 6381 section 3.3). */
  readonly codec: string;
}

/**
 * Reads an AVCDecoderConfigurationRecord, ISO/IEC 14496-15 clause 5.3.3.1. What follows the parameter sets
 * (chroma format, bit depths and SPS extensions of the high profiles) is not looked at: encoders leave it out.
 * @throws {FramecueError} ERR_AVCC_RECORD with `details.offset` in the record.
 */
export function parseAvcRecord(record: Uint8Array): AvcRecord {
  if (record.length < 7) throw corrupt(record.length, 'it is too short');
  if (record[0] !== 1) throw corrupt(0, `configuration version ${record[0]}`);
  const nalLengthSize = (record[4]! & 0x3) + 1;
  if (nalLengthSize === 3) throw corrupt(4, 'NAL unit lengths of 3 bytes');
  const sps = readSets(record, 5, record[5]! & 0x1f, NalType.sps);
  if (sps.after >= record.length) throw corrupt(sps.after, 'it ends before its picture parameter sets');
  const pps = readSets(record, sps.after + 1, record[sps.after]!, NalType.pps, sps.after);
  return {
    profileIdc: record[1]!,
    constraintFlags: record[2]!,
    levelIdc: record[3]!,
    nalLengthSize: nalLengthSize as NalLengthSize,
    sps: sps.sets,
    pps: pps.sets,
    spsInfo: readSps(sps.sets[0]!, record),
    codec: `avc1.${[...record.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`,
  };
}

interface Sets {
  readonly sets: readonly Uint8Array[];
  readonly after: number;
}

/** `count` times a 16-bit length and a NAL unit; the SPS list begins after its count byte. */
function readSets(record: Uint8Array, from: number, count: number, type: number, countAt = from): Sets {
  const name = type === NalType.sps ? 'sequence' : 'picture';
  if (count === 0) throw corrupt(countAt, `no ${name} parameter set`);
  const sets: Uint8Array[] = [];
  let at = type === NalType.sps ? from + 1 : from;
  for (let i = 0; i < count; i++) {
    if (record.length - at < 2) throw corrupt(at, `it ends inside the length of a ${name} parameter set`);
    const length = record[at]! * 256 + record[at + 1]!;
    at += 2;
    if (length === 0 || length > record.length - at) {
      throw corrupt(
        at - 2,
        `a ${name} parameter set of ${length} bytes where ${record.length - at} are left`,
      );
    }
    const nal = record.subarray(at, at + length);
    if ((nal[0]! & 0x1f) !== type) {
      throw corrupt(at, `a NAL unit of type ${nal[0]! & 0x1f} among the ${name} parameter sets`);
    }
    sets.push(nal);
    at += length;
  }
  return { sets, after: at };
}

function readSps(nal: Uint8Array, record: Uint8Array): SpsInfo {
  try {
    return parseSps(nal);
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    const offset = nal.byteOffset - record.byteOffset + error.offset;
    throw corrupt(offset, 'its sequence parameter set cannot be read', error);
  }
}

function corrupt(offset: number, what: string, cause?: unknown): FramecueError {
  return new FramecueError('ERR_AVCC_RECORD', `The AVC decoder configuration record is corrupt: ${what}.`, {
    details: { offset },
    cause,
  });
}
