/**
 * Emulation prevention, H.264 clause 7.4.1: inside a NAL unit no three bytes may read 000000, 000001 or 000002,
 * and none 000003 but for a prevention byte; an encoder puts 03 after any two zero bytes followed by 00..03.
 */

/** RBSP of a NAL unit's payload. Returns the very same array where there is nothing to take out. */
export function unescapeRbsp(payload: Uint8Array): Uint8Array {
  const escapes: number[] = [];
  for (let at = payload.indexOf(3, 2); at !== -1; at = payload.indexOf(3, at + 1)) {
    if (payload[at - 1] === 0 && payload[at - 2] === 0) {
      escapes.push(at);
    }
  }
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

/** A NAL unit's payload from its RBSP. Returns the very same array where nothing needs escaping. */
export function escapeRbsp(rbsp: Uint8Array): Uint8Array {
  const escapes: number[] = [];
  let zeros = 0;
  for (let at = 0; at < rbsp.length; at++) {
    const byte = rbsp[at]!;
    if (zeros >= 2 && byte <= 3) {
      escapes.push(at);
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  // A NAL unit must not end in a zero byte (7.4.1: cabac_zero_words); an RBSP ends in its stop bit, so it does not.
  if (escapes.length === 0) return rbsp;
  const payload = new Uint8Array(rbsp.length + escapes.length);
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
