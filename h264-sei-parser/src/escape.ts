/**
 * Emulation prevention, H.264 clause 7.4.1: inside a NAL unit no three bytes may read 000000, 000001 or 000002,
 * and none 000003 but for a prevention byte; an encoder puts 03 after any two zero bytes followed by 00..03, and
 * after two zero bytes at the very end (cabac_zero_words). HEVC does the same (H.265 clause 7.4.2).
 */

/** Where the prevention bytes of a NAL unit's payload stand, found as clause 7.3.1 reads it. */
function escapesIn(payload: Uint8Array): number[] {
  const escapes: number[] = [];
  for (let at = payload.indexOf(3, 2); at !== -1; at = payload.indexOf(3, at + 1)) {
    if (payload[at - 1] === 0 && payload[at - 2] === 0) escapes.push(at);
  }
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
    rbsp.set(payload.subarray(from, at), to);
    to += at - from;
    from = at + 1;
  }
  rbsp.set(payload.subarray(from), to);
  return rbsp;
}

/**
 * A NAL unit's payload from its RBSP. An RBSP that ends in two zero bytes (a cabac_zero_word) gets a last 03.
 * Returns the very same array where nothing needs escaping.
 */
export function escapeRbsp(rbsp: Uint8Array): Uint8Array {
  const escapes: number[] = [];
  const length = rbsp.length;
  // From zero byte to zero byte: in coded video far fewer stops than bytes.
  for (let at = rbsp.indexOf(0); at !== -1 && at + 1 < length; at = rbsp.indexOf(0, at)) {
    if (rbsp[at + 1] !== 0) {
      at += 2;
    } else if (at + 2 === length || rbsp[at + 2]! <= 3) {
      at += 2;
      escapes.push(at);
    } else {
      at += 3;
    }
  }
  if (escapes.length === 0) return rbsp;
  const payload = new Uint8Array(length + escapes.length);
  let from = 0;
  let to = 0;
  for (const at of escapes) {
    payload.set(rbsp.subarray(from, at), to);
    to += at - from;
    payload[to++] = 3;
    from = at;
  }
  payload.set(rbsp.subarray(from), to);
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
