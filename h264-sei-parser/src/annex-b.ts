import { findAfterZeros } from './find.ts';
import { type Codec, type NalRange, nalTypeOf } from './nal.ts';

/**
 * Walks the NAL units of an Annex B byte stream (H.264 clause B.1) without copying: three- and four-byte start
 * codes, trailing zero bytes left out. Bytes before the first start code are passed over.
 */
export function* nalUnitsOfAnnexB(data: Uint8Array, codec: Codec = 'h264'): Generator<NalRange, void> {
  const find = findAfterZeros(data, 1);
  let code = find(0);
  while (code !== -1) {
    const start = code + 3;
    code = find(start);
    let end = code === -1 ? data.length : code;
    while (end > start && data[end - 1] === 0) end--;
    if (end > start) yield { type: nalTypeOf(data[start]!, codec), start, end };
  }
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
