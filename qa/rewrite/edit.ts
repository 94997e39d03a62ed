import type { NalLengthSize } from '../../h264-sei-parser/src/index.ts';

/** A change to one access unit: at byte `at` of its data, `remove` bytes go and `insert` comes. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

export const NO_EDITS: readonly Edit[] = [];
export const NOTHING = new Uint8Array(0);

/** One access unit as an editor sees it. Times in whole milliseconds. */
export interface EditedFrame {
  readonly dts: number;
  readonly pts: number;
  readonly isKeyframe: boolean;
  readonly data: Uint8Array;
}

/** NAL unit framing; 0: start codes. */
export type FrameFraming = NalLengthSize | 0;

/** Decides what changes in each access unit, in decode order. Edits come in order and do not overlap. */
export interface FrameEditor {
  /** Never throws: what cannot be edited passes as it is, and is counted. */
  edit(frame: EditedFrame, framing: FrameFraming): readonly Edit[];
  readonly counts: EditCounts;
}

export interface EditCounts {
  frames: number;
  /** Stamps written, or messages taken out. */
  messages: number;
  /** Bytes that the video grew by; negative where it shrank. */
  growth: number;
  /** Access units that could not be walked and passed as they were. */
  passedUntouched: number;
  /** Stamps that were there before and were taken out. */
  removedBefore: number;
}

export const newCounts = (): EditCounts => ({
  frames: 0,
  messages: 0,
  growth: 0,
  passedUntouched: 0,
  removedBefore: 0,
});

export const growthOf = (edits: readonly Edit[]): number =>
  edits.reduce((sum, { remove, insert }) => sum + insert.length - remove, 0);

/** `data` with its edits done. */
export function applyEdits(data: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return data;
  const out = new Uint8Array(data.length + growthOf(edits));
  let from = 0;
  let to = 0;
  for (const { at, remove, insert } of edits) {
    out.set(data.subarray(from, at), to);
    to += at - from;
    out.set(insert, to);
    to += insert.length;
    from = at + remove;
  }
  out.set(data.subarray(from), to);
  return out;
}
