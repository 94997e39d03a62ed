import { BitReader } from './bit-reader.ts';
import { BitWriter, checkRange } from './bit-writer.ts';
import type { SeiMessage } from './sei.ts';
import type { SpsInfo } from './sps.ts';

export const PIC_TIMING = 1;

/** H.264 clauses D.1.3 and D.2.3. */
export interface PicTiming {
  /** In ticks of the VUI clock; null where the SPS has no HRD parameters. */
  readonly cpbRemovalDelay: number | null;
  readonly dpbOutputDelay: number | null;
  /** Table D-1: 0 frame, 1 top, 2 bottom, 3 top and bottom, ... 8; null where `pic_struct_present_flag` is 0. */
  readonly picStruct: number | null;
  /** As many as table D-1 says for `picStruct`; null: clock_timestamp_flag is 0. */
  readonly clockTimestamps: readonly (ClockTimestamp | null)[];
}

/** One time code. Null: not written; it is as in the time stamp before. */
export interface ClockTimestamp {
  /** 0 progressive, 1 interlaced, 2 unknown. */
  readonly ctType: number;
  readonly nuitFieldBased: boolean;
  readonly countingType: number;
  readonly fullTimestamp: boolean;
  readonly discontinuity: boolean;
  readonly cntDropped: boolean;
  readonly nFrames: number;
  readonly seconds: number | null;
  readonly minutes: number | null;
  readonly hours: number | null;
  /** In ticks of the VUI clock; 0 where it is not written. */
  readonly timeOffset: number;
}

/** NumClockTS by pic_struct, table D-1. */
const NUM_CLOCK_TS = [1, 1, 1, 2, 2, 3, 3, 2, 3];
/** time_offset_length where there are no HRD parameters, clause E.2.2. */
const INFERRED_TIME_OFFSET_LENGTH = 24;

const hrdOf = (sps: SpsInfo) => sps.vui?.nalHrd ?? sps.vui?.vclHrd ?? null;

/**
 * @param sps The active one: that of the slices behind the message.
 * @throws {BitstreamError} ERR_SEI_PAYLOAD_TRUNCATED, ERR_SEI_PAYLOAD_VALUE; the offset is in `payload`.
 */
export function parsePicTiming(payload: Uint8Array, sps: SpsInfo): PicTiming {
  const bits = new BitReader(payload, 'SEI_PAYLOAD');
  const hrd = hrdOf(sps);
  const cpbRemovalDelay = hrd === null ? null : bits.u(hrd.cpbRemovalDelayLength);
  const dpbOutputDelay = hrd === null ? null : bits.u(hrd.dpbOutputDelayLength);
  let picStruct: number | null = null;
  let clockTimestamps: (ClockTimestamp | null)[] = [];
  if (sps.vui?.picStructPresent === true) {
    const from = bits.position;
    picStruct = bits.u(4);
    const count = NUM_CLOCK_TS[picStruct];
    if (count === undefined) throw bits.valueError(from, `pic_struct ${picStruct} is above 8`);
    const offsetLength = hrd?.timeOffsetLength ?? INFERRED_TIME_OFFSET_LENGTH;
    clockTimestamps = Array.from({ length: count }, () =>
      bits.flag() ? readClockTimestamp(bits, offsetLength) : null,
    );
  }
  return { cpbRemovalDelay, dpbOutputDelay, picStruct, clockTimestamps };
}

function readClockTimestamp(bits: BitReader, offsetLength: number): ClockTimestamp {
  const head = {
    ctType: bits.u(2),
    nuitFieldBased: bits.flag(),
    countingType: bits.u(5),
    fullTimestamp: bits.flag(),
    discontinuity: bits.flag(),
    cntDropped: bits.flag(),
    nFrames: bits.u(8),
  };
  const { fullTimestamp } = head;
  const seconds = fullTimestamp || bits.flag() ? bits.u(6) : null;
  const minutes = fullTimestamp || (seconds !== null && bits.flag()) ? bits.u(6) : null;
  const hours = fullTimestamp || (minutes !== null && bits.flag()) ? bits.u(5) : null;
  return { ...head, seconds, minutes, hours, timeOffset: bits.i(offsetLength) };
}

/** @throws {RangeError} where the timing does not fit `sps`, the active one, or a value its bits. */
export function picTimingMessage(timing: PicTiming, sps: SpsInfo): SeiMessage {
  const bits = new BitWriter();
  const hrd = hrdOf(sps);
  if ((hrd !== null) !== (timing.cpbRemovalDelay !== null && timing.dpbOutputDelay !== null)) {
    throw new RangeError('delays are written with HRD parameters, and only with them');
  }
  if (hrd !== null) {
    checkRange('cpbRemovalDelay', timing.cpbRemovalDelay!, 2 ** hrd.cpbRemovalDelayLength - 1);
    checkRange('dpbOutputDelay', timing.dpbOutputDelay!, 2 ** hrd.dpbOutputDelayLength - 1);
    bits.u(hrd.cpbRemovalDelayLength, timing.cpbRemovalDelay!);
    bits.u(hrd.dpbOutputDelayLength, timing.dpbOutputDelay!);
  }
  const count = timing.picStruct === null ? 0 : NUM_CLOCK_TS[timing.picStruct];
  if ((sps.vui?.picStructPresent === true) !== (timing.picStruct !== null)) {
    throw new RangeError('picStruct is written with pic_struct_present_flag, and only with it');
  }
  if (count !== timing.clockTimestamps.length) {
    throw new RangeError(
      `${timing.clockTimestamps.length} clock time stamps for pic_struct ${timing.picStruct}`,
    );
  }
  if (timing.picStruct !== null) {
    bits.u(4, timing.picStruct);
    const offsetLength = hrd?.timeOffsetLength ?? INFERRED_TIME_OFFSET_LENGTH;
    for (const stamp of timing.clockTimestamps) {
      bits.flag(stamp !== null);
      if (stamp !== null) writeClockTimestamp(bits, stamp, offsetLength);
    }
  }
  return { payloadType: PIC_TIMING, payload: bits.alignPayload().bytes() };
}

function writeClockTimestamp(bits: BitWriter, stamp: ClockTimestamp, offsetLength: number): void {
  checkRange('ctType', stamp.ctType, 3);
  checkRange('countingType', stamp.countingType, 31);
  checkRange('nFrames', stamp.nFrames, 255);
  bits.u(2, stamp.ctType).flag(stamp.nuitFieldBased).u(5, stamp.countingType).flag(stamp.fullTimestamp);
  bits.flag(stamp.discontinuity).flag(stamp.cntDropped).u(8, stamp.nFrames);
  const parts = [
    ['seconds', stamp.seconds, 6, 63],
    ['minutes', stamp.minutes, 6, 63],
    ['hours', stamp.hours, 5, 31],
  ] as const;
  let written = true;
  for (const [name, value, length, max] of parts) {
    if (value !== null && !written) throw new RangeError(`${name} without what stands before`);
    if (value === null && stamp.fullTimestamp) throw new RangeError(`a full time stamp without ${name}`);
    if (!stamp.fullTimestamp && written) bits.flag(value !== null);
    written = value !== null;
    if (value === null) continue;
    checkRange(name, value, max);
    bits.u(length, value);
  }
  const half = 2 ** (offsetLength - 1);
  if (offsetLength === 0) checkRange('timeOffset', stamp.timeOffset, 0);
  else checkRange('timeOffset', stamp.timeOffset, half - 1, -half);
  bits.i(offsetLength, stamp.timeOffset);
}
