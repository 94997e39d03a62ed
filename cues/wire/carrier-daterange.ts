import { STAMP_TEXT_LIMIT } from './stamp.ts';

/** CLASS of the EXT-X-DATERANGE tags of cues and of epochs (RFC 8216, 4.3.2.7). */
export const DATERANGE_CUE_CLASS = 'framecue.cue';
export const DATERANGE_EPOCH_CLASS = 'framecue.epoch';
/** The stamp's text as a hexadecimal-sequence. */
export const DATERANGE_TEXT = 'X-FRAMECUE';
/** Fire PTS (of an epoch: the PTS in its text) in milliseconds, a decimal-floating-point. */
export const DATERANGE_PTS = 'X-FRAMECUE-PTS';

/** RFC 8216 4.2, hexadecimal-sequence: `0x` and upper-case digits. */
export function toHexSequence(text: string): string {
  let hex = '0x';
  for (const byte of new TextEncoder().encode(text)) hex += byte.toString(16).padStart(2, '0').toUpperCase();
  return hex;
}

/** The text in a hexadecimal-sequence, of either case; null where it is none, too long or not UTF-8. */
export function fromHexSequence(hex: string): string | null {
  if (hex.length > 2 + 2 * STAMP_TEXT_LIMIT || !/^0[xX]([0-9A-Fa-f]{2})+$/.test(hex)) return null;
  const bytes = new Uint8Array((hex.length - 2) / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 + 2 * i, 4 + 2 * i), 16);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // What is not UTF-8 is no stamp: the caller counts it.
    return null;
  }
}
