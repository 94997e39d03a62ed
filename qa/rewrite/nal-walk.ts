import type { FrameFraming } from './edit.ts';

/** NAL units of an access unit that an editor looks at. Offsets are in its data. */
export interface Walk {
  /** False: the NAL units do not fill the data as they should, or there is no slice. */
  readonly isWhole: boolean;
  /** Where the first slice begins, its length or start code included; a prefix NAL unit belongs to it. */
  readonly firstSliceAt: number;
  /** SEI NAL units: three numbers each: where its length or start code begins, its header byte, its end. */
  readonly sei: readonly number[];
}

const PREFIX = 14;
const SEI = 6;
const NO_SEI: readonly number[] = [];
const BROKEN: Walk = { isWhole: false, firstSliceAt: 0, sei: NO_SEI };

export function walk(data: Uint8Array, framing: FrameFraming): Walk {
  return framing === 0 ? walkAnnexB(data) : walkAvcc(data, framing);
}

/** This runs for every access unit of a file: no generators, no objects for slices. */
function walkAvcc(data: Uint8Array, lengthSize: number): Walk {
  const size = data.length;
  let firstSliceAt = -1;
  let prefixAt = -1;
  let sei: number[] | null = null;
  let at = 0;
  while (at < size) {
    const start = at + lengthSize;
    if (start > size) return BROKEN;
    let length = 0;
    for (let i = at; i < start; i++) length = length * 256 + data[i]!;
    const end = start + length;
    if (end > size) return BROKEN;
    if (length > 0) {
      const type = data[start]! & 0x1f;
      if (type >= 1 && type <= 5) {
        if (firstSliceAt < 0) firstSliceAt = prefixAt < 0 ? at : prefixAt;
      } else if (type === SEI) {
        sei ??= [];
        sei.push(at, start, end);
      } else if (type === PREFIX && prefixAt < 0) prefixAt = at;
    }
    at = end;
  }
  return { isWhole: firstSliceAt >= 0, firstSliceAt, sei: sei ?? NO_SEI };
}

function walkAnnexB(data: Uint8Array): Walk {
  let firstSliceAt = -1;
  let prefixAt = -1;
  let seiAt = -1;
  let seiStart = -1;
  const sei: number[] = [];
  for (let one = data.indexOf(1, 2); one !== -1; one = data.indexOf(1, one + 1)) {
    if (data[one - 1] !== 0 || data[one - 2] !== 0) continue;
    // zero_byte belongs to this start code; what is before it, to the NAL unit before (H.264 B.1).
    const at = one > 2 && data[one - 3] === 0 ? one - 3 : one - 2;
    if (seiAt >= 0) sei.push(seiAt, seiStart, at);
    seiAt = -1;
    const type = (data[one + 1] ?? 0) & 0x1f;
    if (type >= 1 && type <= 5) {
      if (firstSliceAt < 0) firstSliceAt = prefixAt < 0 ? at : prefixAt;
    } else if (type === SEI) {
      seiAt = at;
      seiStart = one + 1;
    } else if (type === PREFIX && prefixAt < 0) prefixAt = at;
  }
  if (seiAt >= 0) sei.push(seiAt, seiStart, data.length);
  return { isWhole: firstSliceAt >= 0, firstSliceAt, sei };
}
