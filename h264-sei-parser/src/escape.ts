import { findAfterZeros } from './find.ts';

/**
 * Emulation prevention, H.264 clause 7.4.1: inside a NAL unit no three bytes may read 000000, 000001 or 000002,
 * and none 000003 but for a prevention byte; an encoder puts 03 after any two zero bytes followed by 00..03, and
 * after two zero bytes at the very end (cabac_zero_words). HEVC does the same (H.265 clause 7.4.2).
 */
const PREVENTION = 3;
/** Up to this many bytes on average between prevention bytes, a loop copies faster than one `set` for each. */
const DENSE = 32;

/** Where the prevention bytes of a NAL unit's payload stand, found as clause 7.3.1 reads it. */
function escapesIn(payload: Uint8Array): number[] {
  const find = findAfterZeros(payload, PREVENTION);
  const escapes: number[] = [];
  for (let at = find(0); at !== -1; at = find(at + 3)) escapes.push(at + 2);
  return escapes;
}

/**
 * RBSP of a NAL unit's payload. A prevention byte is taken out whatever follows it, at the very end too, as clause
 * 7.3.1 reads. Returns the very same array where there is nothing to take out.
 */
export function unescapeRbsp(payload: Uint8Array): Uint8Array {
  const escapes = escapesIn(payload);
  if (escapes.length === 0) return payload;
  const rbsp = new Uint8Array(payload.length - escapes.length);
  let from = 0;
  let to = 0;
  for (const at of escapes) {
    to = copy(payload, from, at, rbsp, to);
    from = at + 1;
  }
  copy(payload, from, payload.length, rbsp, to);
  return rbsp;
}

/**
 * A NAL unit's payload from its RBSP. An RBSP that ends in two zero bytes (a cabac_zero_word) gets a last 03.
 * Returns the very same array where nothing needs escaping.
 */
export function escapeRbsp(rbsp: Uint8Array): Uint8Array {
  const escapes: number[] = [];
  const length = rbsp.length;
  for (let at = 1; at < length; ) {
    if (rbsp[at] !== 0) {
      at += 2;
    } else if (rbsp[at - 1] !== 0) {
      at += 1;
    } else if (at + 1 === length || rbsp[at + 1]! <= PREVENTION) {
      escapes.push(at + 1);
      at += 2;
    } else {
      at += 3;
    }
  }
  if (escapes.length === 0) return rbsp;
  const payload = new Uint8Array(length + escapes.length);
  let from = 0;
  let to = 0;
  for (const at of escapes) {
    to = copy(rbsp, from, at, payload, to);
    payload[to++] = PREVENTION;
    from = at;
  }
  copy(rbsp, from, length, payload, to);
  return payload;
}

/** Where a byte of the RBSP stands in the payload that it was unescaped from. */
export function payloadOffsetOf(payload: Uint8Array, rbspOffset: number): number {
  let before = 0;
  for (const at of escapesIn(payload)) {
    if (at - before > rbspOffset) break;
    before++;
  }
  return rbspOffset + before;
}

/** `[from, end)` of `source` to `target` at `to`; gives the offset behind it. */
function copy(source: Uint8Array, from: number, end: number, target: Uint8Array, to: number): number {
  const length = end - from;
  if (length > DENSE) target.set(source.subarray(from, end), to);
  else for (let i = 0; i < length; i++) target[to + i] = source[from + i]!;
  return to + length;
}
