import { FramecueError } from '../../packet/errors.ts';
import { boxesIn, boxIn, type Mp4Track, u32, u64 } from '../sources/mp4-boxes.ts';

const LARGEST_32 = 0xffff_ffff;

/**
 * A `moov` whose chunk offsets and video sample sizes are those of the output; everything else byte for byte.
 * @param growth bytes that the sample size box gets for its table, 0 where it has one.
 * @param shifted where a byte of the input stands in the output.
 */
export function patchIndex(
  moov: Uint8Array,
  tracks: readonly Mp4Track[],
  video: Mp4Track,
  sizes: readonly number[],
  growth: number,
  shifted: (offset: number) => number,
): Uint8Array {
  const out = Buffer.from(moov);
  for (const { stbl } of tracks) {
    for (const box of boxesIn(moov, stbl.body, stbl.end)) {
      if (box.type !== 'stco' && box.type !== 'co64') continue;
      const count = u32(moov, box.body + 4);
      for (let i = 0; i < count; i++) {
        const at = box.body + 8 + i * (box.type === 'co64' ? 8 : 4);
        if (box.type === 'co64') out.writeBigUInt64BE(BigInt(shifted(u64(moov, at))), at);
        else out.writeUInt32BE(within32(shifted(u32(moov, at))), at);
      }
    }
  }
  const stsz = boxIn(moov, video.stbl, 'stsz');
  if (stsz === null || sizes.length === 0) return out;
  if (growth === 0) {
    for (const [i, size] of sizes.entries()) out.writeUInt32BE(size, stsz.body + 12 + i * 4);
    return out;
  }
  const table = Buffer.alloc(growth);
  for (const [i, size] of sizes.entries()) table.writeUInt32BE(size, i * 4);
  // sample_size 0: each has its own.
  out.writeUInt32BE(0, stsz.body + 4);
  grow(out, 0, moov.length, stsz.start, growth);
  return Buffer.concat([out.subarray(0, stsz.end), table, out.subarray(stsz.end)]);
}

/** Adds to the size of every box that holds the one at `target`, itself among them. */
function grow(out: Buffer, from: number, end: number, target: number, growth: number): void {
  for (const box of boxesIn(out, from, end)) {
    if (target < box.start || target >= box.end) continue;
    if (box.body - box.start === 16)
      out.writeBigUInt64BE(BigInt(box.end - box.start + growth), box.start + 8);
    else out.writeUInt32BE(box.end - box.start + growth, box.start);
    if (box.start === target) return;
    // The children are looked for in what was there before.
    grow(out, box.body, box.end, target, growth);
    return;
  }
}

function within32(offset: number): number {
  if (offset <= LARGEST_32) return offset;
  throw new FramecueError(
    'ERR_SOURCE_LIMIT',
    'The file would pass 4 GiB, which its chunk offsets (stco) cannot say.',
  );
}
