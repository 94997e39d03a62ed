/** Formats that people have and nobody here reads: told by name, with the way out. */

const REMUX = '`ffmpeg -i IN -c copy OUT.mp4` puts the same video into MP4';
const NO_VIDEO = 'give a recording or a stream';

interface OtherFormat {
  readonly name: string;
  readonly advice: string;
  readonly at?: number;
  readonly bytes: string;
}

/** `bytes` in Latin-1, at offset `at` (0). */
const SIGNATURES: readonly OtherFormat[] = [
  { name: 'a Matroska or WebM file', advice: REMUX, bytes: '\x1a\x45\xdf\xa3' },
  { name: 'an AVI file', advice: REMUX, at: 8, bytes: 'AVI ' },
  { name: 'an MPEG program stream', advice: REMUX, bytes: '\x00\x00\x01\xba' },
  { name: 'an ASF or WMV file', advice: REMUX, bytes: '\x30\x26\xb2\x75\x8e\x66' },
  { name: 'an MXF file', advice: REMUX, bytes: '\x06\x0e\x2b\x34' },
  { name: 'an IVF file', advice: 'only H.264 can carry stamps', bytes: 'DKIF' },
  { name: 'a WAVE file', advice: NO_VIDEO, at: 8, bytes: 'WAVE' },
  { name: 'an Ogg file', advice: NO_VIDEO, bytes: 'OggS' },
  { name: 'an MP3 file', advice: NO_VIDEO, bytes: 'ID3' },
  { name: 'a FLAC file', advice: NO_VIDEO, bytes: 'fLaC' },
  { name: 'a PNG picture', advice: NO_VIDEO, bytes: '\x89PNG' },
  { name: 'a JPEG picture', advice: NO_VIDEO, bytes: '\xff\xd8\xff' },
  { name: 'a GIF picture', advice: NO_VIDEO, bytes: 'GIF8' },
  { name: 'a WebP picture', advice: NO_VIDEO, at: 8, bytes: 'WEBP' },
  { name: 'a PDF document', advice: NO_VIDEO, bytes: '%PDF' },
  { name: 'a gzip file', advice: 'unpack it first', bytes: '\x1f\x8b' },
  { name: 'a ZIP file', advice: 'unpack it first', bytes: 'PK\x03\x04' },
];

/** MPEG audio and ADTS begin with a sync word alone: not before everything else has been tried. */
const SYNC_WORDS: readonly OtherFormat[] = [
  { name: 'AAC sound', advice: NO_VIDEO, bytes: '\xff\xf1' },
  { name: 'AAC sound', advice: NO_VIDEO, bytes: '\xff\xf9' },
  { name: 'an MP3 file', advice: NO_VIDEO, bytes: '\xff\xfb' },
];

const found = (list: readonly OtherFormat[], text: string): OtherFormat | null =>
  list.find(({ bytes, at = 0 }) => text.startsWith(bytes, at)) ?? null;

/** Another format, for certain: its first bytes may look like a start code further on. */
export function otherFormat(head: Uint8Array): OtherFormat | null {
  return found(SIGNATURES, Buffer.from(head.subarray(0, 64)).toString('latin1'));
}

/** What something unreadable is, and what to do, as the end of a sentence. */
export function describeOther(head: Uint8Array): string {
  const text = Buffer.from(head).toString('latin1');
  const known = found(SIGNATURES, text) ?? found(SYNC_WORDS, text);
  if (known !== null) return `${known.name}: ${known.advice}`;
  const begin = text.slice(0, 1024).trimStart().toLowerCase();
  if (begin.startsWith('<!doctype html') || begin.startsWith('<html'))
    return 'a web page: give the address of the stream itself (.flv, .m3u8, .ts, .mp4)';
  if (begin.includes('<mpd')) return 'a DASH manifest: give the HLS playlist, or one of its files';
  const isText = head.length > 0 && head.subarray(0, 512).every(isTextByte);
  if (isText) return 'text: give FLV, MP4, MPEG-TS, an HLS playlist (#EXTM3U) or an H.264 byte stream';
  return 'none of FLV, MP4, MPEG-TS, HLS playlist and H.264 or HEVC byte stream';
}

/** Line ends, tabs, and all that is neither a control character nor none of Latin-1 or UTF-8. */
const isTextByte = (byte: number): boolean =>
  byte === 9 || byte === 10 || byte === 13 || (byte >= 0x20 && byte !== 0x7f);
