import {
  type NalLengthSize,
  type NalRange,
  NalType,
  nalUnitsOfAnnexB,
  writeAvccNal,
} from '../h264-sei-parser/src/index.ts';
import { FramecueError } from '../packet/errors.ts';
import type { AvcFramePacket } from '../packet/packet.ts';

/** What was put right in a frame on its way in, because players or the GOP logic would stumble over it. */
export const REPAIRS = ['annex-b', 'empty-nal', 'padding', 'keyframe-flag'] as const;
export type Repair = (typeof REPAIRS)[number];

export interface TidyFrame {
  /** The very same object where nothing was put right. */
  readonly frame: AvcFramePacket;
  readonly repairs: readonly Repair[];
}

const NOTHING: readonly Repair[] = [];
/** A slice has a macroblock at least, and level 5.2 allows so many of those in a frame (H.264 table A-1). */
const MAX_NAL_UNITS = 36_864;

/**
 * Makes a frame fit to be played, without touching a NAL unit:
 * - Annex B start codes in place of NAL unit lengths become lengths;
 * - NAL units without a byte, and zero bytes behind the last NAL unit, are left out: browsers refuse the whole
 *   fragment over either;
 * - an IDR picture whose tag does not say keyframe is made one: a stream whose encoder never says so would not begin.
 * @throws {FramecueError} ERR_MEDIA_CORRUPT for a frame whose NAL units do not add up otherwise: one such frame ends
 *   playback for good in players that hand fragments to the browser; for one that has more of them than any picture.
 */
export function tidyFrame(frame: AvcFramePacket, lengthSize: NalLengthSize): TidyFrame {
  const { data } = frame;
  let repairs: Repair[] | null = null;
  /** Where whole NAL units stand, once something between them is left out: `[from, to)` in pairs. */
  let kept: number[] | null = null;
  let keptFrom = 0;
  let hasIdr = false;
  let units = 0;
  let at = 0;
  while (at < data.length) {
    const start = at + lengthSize;
    if (start > data.length) {
      if (!isZero(data, at)) {
        if (beginsWithStartCode(data)) return fromAnnexB(frame, lengthSize);
        throw corrupt(at, 'the data ends inside a NAL unit length');
      }
      repairs = noted(repairs, 'padding');
      kept ??= [];
      if (at > keptFrom) kept.push(keptFrom, at);
      keptFrom = data.length;
      break;
    }
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + data[at + i]!;
    if (length > data.length - start) {
      if (beginsWithStartCode(data)) return fromAnnexB(frame, lengthSize);
      throw corrupt(at, `a NAL unit of ${length} bytes where ${data.length - start} are left`);
    }
    if (length === 0) {
      repairs = noted(repairs, 'empty-nal');
      kept ??= [];
      if (at > keptFrom) kept.push(keptFrom, at);
      keptFrom = start;
    } else {
      if (++units > MAX_NAL_UNITS) throw tooMany(at);
      hasIdr ||= (data[start]! & 0x1f) === NalType.idr;
    }
    at = start + length;
  }
  if (kept !== null && data.length > keptFrom) kept.push(keptFrom, data.length);
  if (kept?.length === 0) throw corrupt(0, 'no NAL unit with a byte in it');
  const tidied = kept === null ? data : joined(data, kept);
  return withKeyframeFlag(tidied === data ? frame : { ...frame, data: tidied }, hasIdr, repairs);
}

function fromAnnexB(frame: AvcFramePacket, lengthSize: NalLengthSize): TidyFrame {
  const { data } = frame;
  const units: NalRange[] = [];
  for (const unit of nalUnitsOfAnnexB(data)) {
    if (units.length === MAX_NAL_UNITS) throw tooMany(unit.start);
    units.push(unit);
  }
  const size = units.reduce((sum, { start, end }) => sum + lengthSize + end - start, 0);
  const out = new Uint8Array(size);
  let at = 0;
  for (const { start, end } of units) {
    if (end - start >= 2 ** (8 * lengthSize))
      throw corrupt(start, 'a NAL unit too long for its length field');
    at = writeAvccNal(out, at, data.subarray(start, end), lengthSize);
  }
  const hasIdr = units.some(({ type }) => type === NalType.idr);
  if (units.length === 0) throw corrupt(0, 'no NAL unit with a byte in it');
  return withKeyframeFlag({ ...frame, data: out }, hasIdr, ['annex-b']);
}

function withKeyframeFlag(frame: AvcFramePacket, hasIdr: boolean, repairs: Repair[] | null): TidyFrame {
  if (!hasIdr || frame.isKeyframe) return { frame, repairs: repairs ?? NOTHING };
  return { frame: { ...frame, isKeyframe: true }, repairs: noted(repairs, 'keyframe-flag') };
}

/** Four bytes: the first NAL unit of an access unit has the long start code (H.264 clause B.1.2). */
const beginsWithStartCode = (data: Uint8Array): boolean =>
  data.length > 4 && data[0] === 0 && data[1] === 0 && data[2] === 0 && data[3] === 1;

function isZero(data: Uint8Array, from: number): boolean {
  for (let at = from; at < data.length; at++) if (data[at] !== 0) return false;
  return true;
}

function joined(data: Uint8Array, kept: readonly number[]): Uint8Array {
  let size = 0;
  for (let i = 0; i < kept.length; i += 2) size += kept[i + 1]! - kept[i]!;
  const out = new Uint8Array(size);
  let to = 0;
  for (let i = 0; i < kept.length; i += 2) {
    out.set(data.subarray(kept[i], kept[i + 1]), to);
    to += kept[i + 1]! - kept[i]!;
  }
  return out;
}

function noted(repairs: Repair[] | null, repair: Repair): Repair[] {
  if (repairs === null) return [repair];
  if (!repairs.includes(repair)) repairs.push(repair);
  return repairs;
}

const tooMany = (offset: number): FramecueError => corrupt(offset, `more than ${MAX_NAL_UNITS} NAL units`);

const corrupt = (offset: number, what: string): FramecueError =>
  new FramecueError('ERR_MEDIA_CORRUPT', `The frame is corrupt: ${what} (at byte ${offset}).`, {
    details: { offset },
  });
