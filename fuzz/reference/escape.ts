/**
 * Emulation prevention as H.264 clause 7.3.1 spells it, byte by byte and without any shortcut: slow, and easy to
 * believe. The parser's own is held against it.
 */
export function escapeByBytes(rbsp: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(rbsp.length * 1.5) + 1);
  let to = 0;
  const endsInZeros = (): boolean => to >= 2 && out[to - 1] === 0 && out[to - 2] === 0;
  for (let at = 0; at < rbsp.length; at++) {
    const byte = rbsp[at]!;
    if (byte <= 3 && endsInZeros()) out[to++] = 3;
    out[to++] = byte;
  }
  // 7.4.1: a cabac_zero_word at the very end.
  if (endsInZeros()) out[to++] = 3;
  return out.slice(0, to);
}

/** `emulation_prevention_three_byte` taken out: every 03 that stands behind two zero bytes of the payload. */
export function unescapeByBytes(payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(payload.length);
  let to = 0;
  for (let at = 0; at < payload.length; at++) {
    const isEscape = payload[at] === 3 && at >= 2 && payload[at - 1] === 0 && payload[at - 2] === 0;
    if (!isEscape) out[to++] = payload[at]!;
  }
  return out.slice(0, to);
}
