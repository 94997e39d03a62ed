import type { EmsgItem, Place } from './items.ts';
import { u32, u64 } from './mp4-boxes.ts';

/** DASHEventMessageBox, ISO/IEC 23009-1 clause 5.10.3.3; null where it is not well formed. */
export function emsgOf(box: Uint8Array, body: number, place: Place): EmsgItem | null {
  const version = box[body];
  if (version === undefined || version > 1) return null;
  const fixed = version === 0 ? 16 : 20;
  let at = body + 4;
  const numbersAt = (from: number): Omit<EmsgItem, 'kind' | 'schemeIdUri' | 'value' | 'data' | 'offset'> => {
    const timescale = u32(box, from) || 1;
    const time = version === 0 ? u32(box, from + 4) : u64(box, from + 4);
    const rest = from + (version === 0 ? 8 : 12);
    return {
      timescale,
      presentationMs: (time / timescale) * 1000,
      isRelative: version === 0,
      durationMs: (u32(box, rest) / timescale) * 1000,
      id: u32(box, rest + 4),
    };
  };
  const text = (): string | null => {
    const end = box.indexOf(0, at);
    if (end === -1) return null;
    const value = new TextDecoder().decode(box.subarray(at, end));
    at = end + 1;
    return value;
  };
  if (version === 1) {
    if (box.length < at + fixed) return null;
    const numbers = numbersAt(at);
    at += fixed;
    const [schemeIdUri, value] = [text(), text()];
    if (schemeIdUri === null || value === null) return null;
    return { kind: 'emsg', schemeIdUri, value, ...numbers, data: box.slice(at), ...place };
  }
  const [schemeIdUri, value] = [text(), text()];
  if (schemeIdUri === null || value === null || box.length < at + fixed) return null;
  const numbers = numbersAt(at);
  return { kind: 'emsg', schemeIdUri, value, ...numbers, data: box.slice(at + fixed), ...place };
}
