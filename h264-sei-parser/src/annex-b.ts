import { type Codec, type NalRange, nalTypeOf } from './nal.ts';

/**
 * Walks the NAL units of an Annex B byte stream (H.264 clause B.1) without copying: three- and four-byte start
 * codes, trailing zero bytes left out. Bytes before the first start code are passed over.
 */
export function* nalUnitsOfAnnexB(data: Uint8Array, codec: Codec = 'h264'): Generator<NalRange, void> {
  let start = afterStartCode(data, 0);
  while (start !== -1) {
    const next = afterStartCode(data, start);
    let end = next === -1 ? data.length : next - 3;
    while (end > start && data[end - 1] === 0) end--;
    if (end > start) yield { type: nalTypeOf(data[start]!, codec), start, end };
    start = next;
  }
}

/** The offset behind the next 000001 that begins at `from` or later; -1: none. */
function afterStartCode(data: Uint8Array, from: number): number {
  // The search steps from 01 to 01: far fewer stops in coded video than zeros.
  let one = data.indexOf(1, from + 2);
  while (one !== -1) {
    if (data[one - 1] === 0 && data[one - 2] === 0) return one + 1;
    one = data.indexOf(1, one + 1);
  }
  return -1;
}

/** NAL units as a byte stream, clause B.1, each with the four-byte start code. */
export function writeAnnexB(nalUnits: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(nalUnits.reduce((size, nal) => size + 4 + nal.length, 0));
  let at = 0;
  for (const nal of nalUnits) {
    out[at + 3] = 1;
    out.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return out;
}
