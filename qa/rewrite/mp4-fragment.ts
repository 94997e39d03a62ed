import { type Box, boxesIn, type FragmentDefaults, i32, u32, u64 } from '../sources/mp4-boxes.ts';
import { type FragmentRun, trunSizeField } from '../sources/mp4-samples.ts';

const SIZE_FLAG = 0x200;
const DATA_OFFSET_FLAG = 1;
const FIRST_FLAGS_FLAG = 4;
const BASE_OFFSET_FLAG = 1;
const BEFORE_SIZE_FLAGS = [0x100];
const AFTER_SIZE_FLAGS = [0x400, 0x800];

export interface FragmentContext {
  /** Where the `moof` begins in the input. */
  readonly moofAt: number;
  readonly runs: readonly FragmentRun[];
  /** Where a byte of the input stands in the output, this box's own growth not counted. */
  readonly shifted: (offset: number) => number;
  readonly defaultsOf: (trackId: number) => FragmentDefaults;
}

/**
 * A `moof` with new sample sizes, ISO/IEC 14496-12 clause 8.8. Data offsets and base offsets follow; everything else
 * stays byte for byte.
 * @param sizes by where the `trun` begins.
 */
export function patchFragment(
  moof: Uint8Array,
  body: number,
  sizes: ReadonlyMap<number, readonly number[]>,
  context: FragmentContext,
): { readonly bytes: Uint8Array; readonly growth: number } {
  const parts: Buffer[] = [Buffer.from(moof.subarray(0, body))];
  const offsets: { readonly at: number; readonly run: FragmentRun }[] = [];
  const bases: { readonly at: number; readonly base: number }[] = [];
  let length = body;
  const put = (bytes: Buffer): number => {
    parts.push(bytes);
    length += bytes.length;
    return length - bytes.length;
  };
  for (const child of boxesIn(moof, body, moof.length)) {
    if (child.type !== 'traf') {
      put(Buffer.from(moof.subarray(child.start, child.end)));
      continue;
    }
    const header = Buffer.from(moof.subarray(child.start, child.body));
    const trafAt = put(header);
    for (const box of boxesIn(moof, child.body, child.end)) {
      const at = length;
      if (box.type === 'tfhd' && (u32(moof, box.body) & BASE_OFFSET_FLAG) !== 0) {
        bases.push({ at: at + box.body + 8 - box.start, base: u64(moof, box.body + 8) });
      }
      const run = context.runs.find(({ trun }) => trun.start === box.start);
      const bytes = Buffer.from(moof.subarray(box.start, box.end));
      put(run === undefined ? bytes : patchRun(moof, box, bytes, sizes.get(box.start) ?? null, run));
      if (run !== undefined && run.samples.length > 0 && (u32(moof, box.body) & DATA_OFFSET_FLAG) !== 0) {
        offsets.push({ at: at + box.body + 8 - box.start, run });
      }
    }
    header.writeUInt32BE(length - trafAt, 0);
  }
  const out = Buffer.concat(parts);
  const growth = out.length - moof.length;
  if (body === 16) out.writeBigUInt64BE(BigInt(out.length), 8);
  else out.writeUInt32BE(out.length, 0);
  // What lies behind this box also moves by what the box itself has grown.
  const moved = (offset: number): number => context.shifted(offset) + (offset > context.moofAt ? growth : 0);
  for (const { at, base } of bases) out.writeBigUInt64BE(BigInt(moved(base)), at);
  for (const { at, run } of offsets) out.writeInt32BE(i32(out, at) + movement(run, moved), at);
  return { bytes: out, growth };
}

/** How much farther from its base the run's data lie than before: that may be the data of the track before it. */
function movement({ base, samples }: FragmentRun, moved: (offset: number) => number): number {
  const first = samples[0]!.offset;
  return moved(first) - moved(base) - (first - base);
}

/** @param bytes the box as it was, to be changed. */
function patchRun(
  moof: Uint8Array,
  box: Box,
  bytes: Buffer,
  sizes: readonly number[] | null,
  run: FragmentRun,
): Buffer {
  if (sizes === null || sizes.every((size, i) => size === run.samples[i]!.size)) return bytes;
  const field = trunSizeField(moof, box);
  if (field !== null) {
    for (const [i, size] of sizes.entries()) bytes.writeUInt32BE(size, field.at - box.start + i * field.step);
    return bytes;
  }
  return withSizes(moof, box, sizes);
}

/** A `trun` whose sizes were the track's default, with sizes of its own. */
function withSizes(moof: Uint8Array, box: Box, sizes: readonly number[]): Buffer {
  const flags = u32(moof, box.body) & 0xff_ffff;
  const fixed = 8 + ((flags & DATA_OFFSET_FLAG) === 0 ? 0 : 4) + ((flags & FIRST_FLAGS_FLAG) === 0 ? 0 : 4);
  const width = (list: readonly number[]): number => list.filter((flag) => (flags & flag) !== 0).length * 4;
  const before = width(BEFORE_SIZE_FLAGS);
  const after = width(AFTER_SIZE_FLAGS);
  const head = Buffer.from(moof.subarray(box.start, box.body + fixed));
  head.writeUInt32BE(box.end - box.start + sizes.length * 4, 0);
  head.writeUInt32BE(u32(moof, box.body) | SIZE_FLAG, box.body - box.start);
  const rows = sizes.map((size, i) => {
    const at = box.body + fixed + i * (before + after);
    const own = Buffer.alloc(4);
    own.writeUInt32BE(size);
    return Buffer.concat([
      moof.subarray(at, at + before),
      own,
      moof.subarray(at + before, at + before + after),
    ]);
  });
  return Buffer.concat([head, ...rows]);
}
