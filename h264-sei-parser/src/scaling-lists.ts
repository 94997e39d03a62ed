import type { BitReader } from './bit-reader.ts';

/** The scaling lists of a parameter set, H.264 clauses 7.3.2.1.1.1 and 7.3.2.2: nobody asks for them, so they are passed over. */
export function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
  }
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  for (let i = 0; i < size; i++) {
    const next = (last + bits.se('delta_scale')) & 0xff;
    // The rest of the list repeats the last value.
    if (next === 0) return;
    last = next;
  }
}
