/**
 * Boxes of the ISO base media file format (ISO/IEC 14496-12 clause 4.2), built from the inside out: a box is its
 * size, its type, and its content, which is fields and other boxes.
 */
export type Content = Uint8Array | readonly Content[];

const encoder = new TextEncoder();

/** A box; sizes are 32 bits, for nothing here comes near to 4 GiB. */
export function box(type: string, ...content: readonly Content[]): Uint8Array {
  const parts = flatten(content);
  const size = 8 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(size);
  bytes.set(u32(size), 0);
  bytes.set(text(type), 4);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A FullBox, clause 4.2.2: with version and flags. */
export const fullBox = (
  type: string,
  version: number,
  flags: number,
  ...content: readonly Content[]
): Uint8Array => box(type, u8(version), u24(flags), ...content);

export const u8 = (value: number): Uint8Array => Uint8Array.of(value);
export const u16 = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >>> 8, value]));
export const u24 = (value: number): Uint8Array => Uint8Array.of(value >>> 16, value >>> 8, value);
/** Unsigned, or signed as two's complement. */
export const u32 = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >>> 24, value >>> 16, value >>> 8, value]));
/** Whole and below 2^53. */
export const u64 = (value: number): Uint8Array => u32(Math.floor(value / 2 ** 32), value % 2 ** 32);
export const text = (value: string): Uint8Array => encoder.encode(value);
export const zeros = (count: number): Uint8Array => new Uint8Array(count);

function flatten(content: readonly Content[]): Uint8Array[] {
  return content.flatMap((part) => (part instanceof Uint8Array ? [part] : flatten(part)));
}
