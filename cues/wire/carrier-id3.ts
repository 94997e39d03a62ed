import { STAMP_TEXT_LIMIT } from './stamp.ts';

/**
 * `scheme_id_uri` of the event message (AOM, "Carriage of ID3 Timed Metadata in CMAF"): the one scheme that hls.js,
 * Shaka Player and Apple's players all hand out without being asked to. Its message is an ID3v2.4 tag.
 */
export const EMSG_SCHEME = 'https://aomedia.org/emsg/ID3';
/** `value` of the event message: whose ID3 it is. */
export const EMSG_VALUE = 'urn:framecue:stamp';
/** Description of the TXXX frame whose value is the stamp's text. */
export const ID3_DESCRIPTION = 'framecue';

const HEADER_BYTES = 10;
const UTF_8 = 3;
const ISO_8859_1 = 0;

/** An ID3v2.4.0 tag with one TXXX frame (section 4.2.6), UTF-8. */
export function writeId3(text: string): Uint8Array {
  const content = new TextEncoder().encode(`${ID3_DESCRIPTION}\0${text}`);
  const frameBytes = 1 + content.length;
  const tag = new Uint8Array(2 * HEADER_BYTES + frameBytes);
  tag.set([0x49, 0x44, 0x33, 4, 0, 0, ...synchsafe(HEADER_BYTES + frameBytes)]);
  tag.set([0x54, 0x58, 0x58, 0x58, ...synchsafe(frameBytes), 0, 0, UTF_8], HEADER_BYTES);
  tag.set(content, 2 * HEADER_BYTES + 1);
  return tag;
}

/**
 * The stamp's text in an ID3v2.3 or 2.4 tag, wherever its TXXX frame stands; null where there is none of ours. Tags
 * that are compressed, encrypted or unsynchronised are nobody's of ours.
 */
export function readId3(tag: Uint8Array): string | null {
  if (tag.length < HEADER_BYTES || latin(tag, 0, 3) !== 'ID3' || tag[5] !== 0) return null;
  const version = tag[3];
  if (version !== 3 && version !== 4) return null;
  const end = Math.min(tag.length, HEADER_BYTES + unsynchsafe(tag, 6));
  let at = HEADER_BYTES;
  while (at + HEADER_BYTES < end && tag[at] !== 0) {
    const bytes = version === 4 ? unsynchsafe(tag, at + 4) : uint32(tag, at + 4);
    const from = at + HEADER_BYTES;
    if (bytes === 0 || bytes > end - from) return null;
    if (latin(tag, at, 4) === 'TXXX') {
      const text = textOf(tag.subarray(from, from + bytes));
      if (text !== null) return text;
    }
    at = from + bytes;
  }
  return null;
}

/** The value of a TXXX frame with our description. */
function textOf(frame: Uint8Array): string | null {
  if ((frame[0] !== UTF_8 && frame[0] !== ISO_8859_1) || frame.length > STAMP_TEXT_LIMIT + 16) return null;
  const split = frame.indexOf(0, 1);
  if (split < 0 || latin(frame, 1, split - 1) !== ID3_DESCRIPTION) return null;
  // Some writers end the value with a zero.
  const last = frame.at(-1) === 0 && frame.length - 1 > split ? frame.length - 1 : frame.length;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(frame.subarray(split + 1, last));
  } catch {
    // Not UTF-8: no stamp, and the caller counts it as none.
    return null;
  }
}

const latin = (bytes: Uint8Array, at: number, count: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + count));

/** Four bytes of seven bits, ID3v2.4 section 6.2. */
const synchsafe = (value: number): number[] => [21, 14, 7, 0].map((shift) => (value >> shift) & 0x7f);
const unsynchsafe = (b: Uint8Array, at: number): number =>
  (b[at]! << 21) | (b[at + 1]! << 14) | (b[at + 2]! << 7) | b[at + 3]!;
const uint32 = (b: Uint8Array, at: number): number =>
  ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
