import type { ContainerName } from './items.ts';
import { otherFormat } from './other-formats.ts';

const TS_PACKET = 188;
const SYNC = 0x47;
/** So many in a row are no accident. */
const ENOUGH_PACKETS = 4;
/** Bytes that are enough to tell every format. */
export const SNIFF_BYTES = 4096;

const MP4_FIRST_BOXES = new Set([
  'ftyp',
  'styp',
  'moov',
  'moof',
  'mdat',
  'free',
  'skip',
  'sidx',
  'wide',
  'emsg',
  'prft',
]);

/** What a source is, by its first bytes; null where they are none of the formats. */
export function sniff(head: Uint8Array): ContainerName | null {
  if (ascii(head, 0, 3) === 'FLV') return 'flv';
  const text = ascii(head, head[0] === 0xef ? 3 : 0, 7);
  if (text === '#EXTM3U') return 'hls';
  if (MP4_FIRST_BOXES.has(ascii(head, 4, 4))) return 'mp4';
  if (tsLayoutOf(head) !== null) return 'mpegts';
  return otherFormat(head) === null && isAnnexB(head) ? 'annexb' : null;
}

/** How transport packets lie in a file. */
export interface TsLayout {
  /** From one packet to the next. */
  readonly stride: number;
  /** Bytes before the sync byte: TP_extra_header of M2TS. */
  readonly lead: number;
}

/** Plain; M2TS (BDAV, AVCHD: an arrival time before each packet); with 16 bytes of error correction behind each. */
const TS_LAYOUTS: readonly TsLayout[] = [
  { stride: TS_PACKET, lead: 0 },
  { stride: 192, lead: 4 },
  { stride: 204, lead: 0 },
];
export const TS_PLAIN: TsLayout = TS_LAYOUTS[0]!;
/** So many bytes tell the layouts apart. */
export const TS_LAYOUT_BYTES = 204 * (ENOUGH_PACKETS + 1);

/** Where several packets in a row stand, each with 0x47; null where there are none. */
export function tsLayoutOf(head: Uint8Array): TsLayout | null {
  for (let start = 0; start < Math.min(204, head.length); start++) {
    for (const layout of TS_LAYOUTS) {
      const { stride, lead } = layout;
      if (head[start + lead] !== SYNC) continue;
      let packets = 0;
      while (packets < ENOUGH_PACKETS && head[start + lead + packets * stride] === SYNC) packets++;
      const isWhole = start === 0 && packets > 0 && lead + packets * stride >= head.length;
      if (packets === ENOUGH_PACKETS || isWhole) return layout;
    }
  }
  return null;
}

/** A start code within the first bytes, and a NAL unit header behind it that H.264 or HEVC allows. */
function isAnnexB(head: Uint8Array): boolean {
  for (let at = 0; at + 3 < Math.min(head.length, 64); at++) {
    if (head[at] !== 0 || head[at + 1] !== 0 || head[at + 2] !== 1) continue;
    // forbidden_zero_bit is the first of both headers.
    return (head[at + 3]! & 0x80) === 0;
  }
  return false;
}

/** H.264 or HEVC, by the first NAL units: parameter sets and delimiters have numbers that tell them apart. */
export function sniffCodec(head: Uint8Array): 'h264' | 'hevc' {
  for (let at = 0; at + 4 < head.length; at++) {
    if (head[at] !== 0 || head[at + 1] !== 0 || head[at + 2] !== 1) continue;
    const byte = head[at + 3]!;
    const hevcType = (byte >> 1) & 0x3f;
    const h264Type = byte & 0x1f;
    if (hevcType >= 32 && hevcType <= 35 && head[at + 4] === 1) return 'hevc';
    if (h264Type === 7 || h264Type === 9) return 'h264';
  }
  return 'h264';
}

const ascii = (bytes: Uint8Array, from: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(from, from + length));
