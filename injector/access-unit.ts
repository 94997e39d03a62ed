import { NalType, writeAvccNal, writeSeiNal } from '../h264-sei-parser/src/index.ts';
import type { AccessUnitView, SeiUnit } from './access-unit-view.ts';
import { BUFFERING_PERIOD, stampTextOf } from './sei-unit.ts';

export { STAMP_UUID } from './sei-unit.ts';

/** What was changed in one access unit, beside our own stamps; each is counted. */
export interface Rewrites {
  /** SEI NAL units that stood behind slices and now stand before the first one. */
  readonly seiMoved: number;
  /** SEI NAL units that stood before a buffering period and now stand behind it. */
  readonly seiBehindBufferingPeriod: number;
  /** Access unit delimiters that stood behind other NAL units and now are the first one. */
  readonly delimiterFirst: number;
  /** Stamps that came with the frame and were taken out. */
  readonly stampsRemoved: number;
}

export interface RewrittenAccessUnit {
  readonly data: Uint8Array;
  readonly rewrites: Rewrites;
}

export const NO_REWRITES: Rewrites = {
  seiMoved: 0,
  seiBehindBufferingPeriod: 0,
  delimiterFirst: 0,
  stampsRemoved: 0,
};

/** Bytes `[from, to)` of the input with their lengths, or a NAL unit that is written anew. */
type Piece = Range | { readonly nal: Uint8Array };

interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Puts stamps into one AVCC access unit: behind what stands before the first slice (parameter sets, other SEI, a
 * buffering period first), before that slice (H.264 clause 7.4.1.2.3). Takes out the stamps that came with it. With
 * `normalise`, SEI behind the slices moves before them, a buffering period becomes the first SEI, and an access unit
 * delimiter the first NAL unit.
 *
 * A NAL unit that moves keeps its bytes; all others keep their place too. Returns `data` itself where there is
 * nothing to change.
 * @param view not broken.
 * @throws {BitstreamError} ERR_NAL_LENGTH_SIZE for a stamp that the stream's NAL unit lengths cannot tell.
 */
export function rewriteAccessUnit(
  view: AccessUnitView,
  stamps: readonly Uint8Array[],
  normalise: boolean,
): RewrittenAccessUnit {
  const { data, sei, lengthSize } = view;
  const insertAt = view.firstSliceAt ?? data.length;
  const isTidy = !sei.some((unit) => unit.stamps > 0 || (normalise && unit.isLate));
  const delimiter = normalise ? misplacedDelimiter(view) : null;
  if (isTidy && delimiter === null && !(normalise && isBehindOthers(view, insertAt))) {
    if (stamps.length === 0) return { data, rewrites: NO_REWRITES };
    const pieces: Piece[] = [{ from: 0, to: insertAt }, ...stamps.map((nal) => ({ nal }))];
    pieces.push({ from: insertAt, to: data.length });
    return { data: join(data, pieces, lengthSize), rewrites: NO_REWRITES };
  }
  const plan = planOf(view, insertAt, normalise);
  if (delimiter !== null) delimiterFirst(plan.before, delimiter);
  const behind = normalise ? bufferingPeriodFirst(plan.before) : 0;
  const pieces = [...plan.before.map(({ piece }) => piece), ...stamps.map((nal) => ({ nal })), ...plan.after];
  return {
    data: join(data, pieces, lengthSize),
    rewrites: {
      seiMoved: plan.moved,
      seiBehindBufferingPeriod: behind,
      delimiterFirst: delimiter === null ? 0 : 1,
      stampsRemoved: sei.reduce((sum, unit) => sum + unit.stamps, 0),
    },
  };
}

interface LeadPiece {
  readonly piece: Piece;
  /** Null: not SEI. */
  readonly sei: SeiUnit | null;
}

interface Plan {
  /** Before the stamps, in order. */
  readonly before: LeadPiece[];
  /** From the first slice on. */
  readonly after: Piece[];
  readonly moved: number;
}

function planOf(view: AccessUnitView, insertAt: number, normalise: boolean): Plan {
  const { data, sei, lengthSize } = view;
  const before: LeadPiece[] = [];
  const late: LeadPiece[] = [];
  const after: Piece[] = [];
  let at = 0;
  const keepTo = (end: number): void => {
    if (end === at) return;
    if (at < insertAt) before.push({ piece: { from: at, to: end }, sei: null });
    else after.push({ from: at, to: end });
  };
  let moved = 0;
  let crossed = false;
  for (const unit of sei) {
    const from = unit.nal.start - lengthSize;
    const { end } = unit.nal;
    if (from >= insertAt && !crossed) {
      keepTo(insertAt);
      at = insertAt;
      crossed = true;
    }
    const isLate = normalise && unit.isLate;
    if (from >= insertAt && !isLate && unit.stamps === 0) continue;
    keepTo(from);
    at = end;
    const rest = unit.stamps > 0 ? withoutStamps(data, unit) : null;
    if (unit.stamps > 0 && rest === null) continue;
    const piece: Piece = rest === null ? { from, to: end } : { nal: rest };
    if (isLate) {
      moved++;
      late.push({ piece, sei: unit });
    } else if (from < insertAt) before.push({ piece, sei: unit });
    else after.push(piece);
  }
  if (!crossed) {
    keepTo(insertAt);
    at = insertAt;
  }
  keepTo(data.length);
  before.push(...late);
  return { before, after, moved };
}

/** The bytes of a delimiter that is not the first NAL unit (clause 7.4.1.2.3); ffmpeg's x264 writes its first SEI before it. */
function misplacedDelimiter({ others, firstSliceAt, lengthSize }: AccessUnitView): Range | null {
  if (firstSliceAt === null) return null;
  const delimiter = others.find(({ type }) => type === NalType.accessUnitDelimiter);
  if (delimiter === undefined || delimiter.start === lengthSize || delimiter.start > firstSliceAt)
    return null;
  return { from: delimiter.start - lengthSize, to: delimiter.end };
}

function delimiterFirst(before: LeadPiece[], delimiter: Range): void {
  const index = before.findIndex(
    ({ piece }) => 'from' in piece && piece.from <= delimiter.from && delimiter.to <= piece.to,
  );
  const { from, to } = before[index]!.piece as Range;
  const left = [
    { from, to: delimiter.from },
    { from: delimiter.to, to },
  ].filter((range) => range.to > range.from);
  before.splice(index, 1, ...left.map((piece) => ({ piece, sei: null })));
  before.unshift({ piece: delimiter, sei: null });
}

/**
 * A buffering period is there, and is not the first SEI message of the picture (clause 7.4.1.2.3). SEI between a
 * prefix NAL unit and its slice stays where it is, and so does that of a second picture.
 */
function isBehindOthers({ sei, lengthSize }: AccessUnitView, insertAt: number): boolean {
  const leading = sei.filter(({ nal, isLate }) => isLate || nal.start - lengthSize < insertAt);
  return leading.findIndex(beginsWithBufferingPeriod) > 0;
}

/**
 * Moves the SEI NAL units before a buffering period to right behind it. The other way round it could come to stand
 * before the SPS that it refers to.
 */
function bufferingPeriodFirst(before: LeadPiece[]): number {
  const index = before.findIndex(({ sei }) => sei !== null && beginsWithBufferingPeriod(sei));
  if (index === -1) return 0;
  const head = before.slice(0, index);
  const passed = head.filter(({ sei }) => sei !== null);
  if (passed.length === 0) return 0;
  const rest = before.slice(index);
  before.length = 0;
  before.push(...head.filter(({ sei }) => sei === null), rest[0]!, ...passed, ...rest.slice(1));
  return passed.length;
}

/** Or does so once the stamps from outside are gone. */
export const beginsWithBufferingPeriod = ({ messages }: SeiUnit): boolean =>
  messages.find((message) => stampTextOf(message) === null)?.payloadType === BUFFERING_PERIOD;

/** Its other messages as they were; null where there are none, or the NAL unit is not well formed. */
function withoutStamps(data: Uint8Array, { nal, messages, problem }: SeiUnit): Uint8Array | null {
  if (problem !== null) return null;
  const others = messages.filter((message) => stampTextOf(message) === null);
  if (others.length === 0) return null;
  const rest = writeSeiNal(others);
  rest[0] = data[nal.start]!;
  return rest;
}

function join(
  data: Uint8Array,
  pieces: readonly Piece[],
  lengthSize: AccessUnitView['lengthSize'],
): Uint8Array {
  let size = 0;
  for (const piece of pieces) size += 'nal' in piece ? lengthSize + piece.nal.length : piece.to - piece.from;
  // Every byte is written below: no need for zeros first, nor for a small frame to have an ArrayBuffer of its own.
  const { buffer, byteOffset } = Buffer.allocUnsafe(size);
  const out = new Uint8Array(buffer, byteOffset, size);
  let at = 0;
  for (const piece of pieces) {
    if ('nal' in piece) at = writeAvccNal(out, at, piece.nal, lengthSize);
    else {
      out.set(data.subarray(piece.from, piece.to), at);
      at += piece.to - piece.from;
    }
  }
  return out;
}
