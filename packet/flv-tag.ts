import { FramecueError } from './errors.ts';
import type { MediaPacket } from './packet.ts';
import { type Milliseconds, ms } from './time.ts';

/** FLV tag types (Adobe Flash Video File Format 10.1, E.4.1); RTMP's message types are the same numbers. */
export const FlvTagType = { audio: 8, video: 9, script: 18 } as const;
export type FlvTagType = (typeof FlvTagType)[keyof typeof FlvTagType];

/** A tag that carries no media: nothing is wrong with it, and nothing is lost by passing over it. */
export interface IgnoredTag {
  readonly kind: 'ignored';
  readonly reason: 'avc-end-of-sequence' | 'command-frame' | 'empty-frame' | 'clear-data-frame';
}

export const FLV_HEADER_BYTES = 9;
export const FLV_TAG_HEADER_BYTES = 11;
/** PreviousTagSize, after every tag and after the file header. */
export const FLV_TRAILER_BYTES = 4;
/** DataSize is UI24. */
export const FLV_MAX_BODY_BYTES = 0xff_ffff;

const FRAME_TYPE = { key: 1, inter: 2, generatedKey: 4, command: 5 } as const;
const AVC_CODEC = 7;
const AVC_PACKET = { config: 0, nalUnits: 1, endOfSequence: 2 } as const;
const AVC_HEADER_BYTES = 5;
const AAC_FORMAT = 10;
const AAC_PACKET = { config: 0, raw: 1 } as const;
const AAC_HEADER_BYTES = 2;
/**
 * AAC, 44 kHz, 16 bit, stereo. E.4.2.1 asks for exactly this with AAC, whatever the stream's real rate and
 * channels, and players ignore it: so another publisher's other flags are written as these.
 */
const AAC_FLAGS = 0xaf;
const EX_HEADER_AUDIO_FORMAT = 9;
const EX_HEADER_BIT = 0x80;

/** Legacy codec numbers, E.4.3.1 and E.4.2.1, and H.265 by the number that some encoders took for it. */
const VIDEO_CODECS: Readonly<Record<number, string>> = {
  1: 'JPEG',
  2: 'Sorenson H.263',
  3: 'Screen Video',
  4: 'On2 VP6',
  5: 'On2 VP6 with alpha',
  6: 'Screen Video 2',
  12: 'H.265 (codec id 12)',
};
const AUDIO_FORMATS: Readonly<Record<number, string>> = {
  0: 'Linear PCM',
  1: 'ADPCM',
  2: 'MP3',
  3: 'Linear PCM, little endian',
  4: 'Nellymoser 16 kHz',
  5: 'Nellymoser 8 kHz',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 mu-law',
  11: 'Speex',
  13: 'Opus (sound format 13)',
  14: 'MP3 8 kHz',
};
/** FourCCs of Enhanced RTMP v2. */
const FOUR_CC: Readonly<Record<string, string>> = {
  avc1: 'H.264 with the Enhanced RTMP header (avc1)',
  hvc1: 'H.265 (hvc1)',
  av01: 'AV1 (av01)',
  vp09: 'VP9 (vp09)',
  vp08: 'VP8 (vp08)',
  vvc1: 'H.266 (vvc1)',
  mp4a: 'AAC with the Enhanced RTMP header (mp4a)',
  Opus: 'Opus (Opus)',
  fLaC: 'FLAC (fLaC)',
  'ac-3': 'AC-3 (ac-3)',
  'ec-3': 'E-AC-3 (ec-3)',
  '.mp3': 'MP3 (.mp3)',
};

/** AMF0 string marker, its length, `@setDataFrame`: what RTMP puts in front of a script tag's own values. */
const SET_DATA_FRAME = amf0Text('@setDataFrame');
const CLEAR_DATA_FRAME = amf0Text('@clearDataFrame');

/**
 * One FLV tag body, or RTMP message payload, as a packet. What the packet holds is copied out of `body`,
 * which may be used again at once.
 *
 * H.264 with the legacy header and AAC are taken. H.264 or AAC behind an Enhanced RTMP header are refused like
 * any other codec, by name: the encoders in use send them that way only when asked to.
 *
 * @throws {FramecueError} ERR_PUBLISH_CODEC for another codec (`details`: `media`, `codec`), ERR_FLV_TAG for a
 *   body that is too short or not well formed (`details.offset` in `body`).
 */
export function parseTagBody(
  type: FlvTagType,
  body: Uint8Array,
  dts: Milliseconds,
): MediaPacket | IgnoredTag {
  if (body.length === 0) throw corruptTag(0, 'an empty tag');
  switch (type) {
    case FlvTagType.video:
      return parseVideo(body, dts);
    case FlvTagType.audio:
      return parseAudio(body, dts);
    case FlvTagType.script:
      return parseScript(body, dts);
  }
}

/** VIDEODATA and AVCVIDEOPACKET, E.4.3. */
function parseVideo(body: Uint8Array, dts: Milliseconds): MediaPacket | IgnoredTag {
  const flags = body[0]!;
  const frameType = (flags >> 4) & 0x7;
  if (frameType === FRAME_TYPE.command) return { kind: 'ignored', reason: 'command-frame' };
  if ((flags & EX_HEADER_BIT) !== 0) throw refusedFourCc('video', body);
  const codec = flags & 0xf;
  if (codec !== AVC_CODEC) throw refusedCodec('video', VIDEO_CODECS[codec] ?? `video codec id ${codec}`);
  if (frameType === 0 || frameType > FRAME_TYPE.command) throw corruptTag(0, `frame type ${frameType}`);
  if (body.length < AVC_HEADER_BYTES) throw corruptTag(body.length, 'the tag ends inside its AVC header');
  const packetType = body[1]!;
  switch (packetType) {
    case AVC_PACKET.config:
      if (body.length === AVC_HEADER_BYTES) throw corruptTag(body.length, 'no AVC configuration');
      return { kind: 'avc-config', dts, record: copyFrom(body, AVC_HEADER_BYTES) };
    case AVC_PACKET.nalUnits:
      if (body.length === AVC_HEADER_BYTES) return { kind: 'ignored', reason: 'empty-frame' };
      return {
        kind: 'avc-frame',
        dts,
        isKeyframe: frameType === FRAME_TYPE.key || frameType === FRAME_TYPE.generatedKey,
        // SI24: shifted to the top of 32 bits and back, so that the sign comes along.
        compositionOffset: ms(((body[2]! << 24) | (body[3]! << 16) | (body[4]! << 8)) >> 8),
        data: copyFrom(body, AVC_HEADER_BYTES),
      };
    case AVC_PACKET.endOfSequence:
      return { kind: 'ignored', reason: 'avc-end-of-sequence' };
    default:
      throw corruptTag(1, `AVC packet type ${packetType}`);
  }
}

/** AUDIODATA and AACAUDIODATA, E.4.2. */
function parseAudio(body: Uint8Array, dts: Milliseconds): MediaPacket | IgnoredTag {
  const format = body[0]! >> 4;
  if (format === EX_HEADER_AUDIO_FORMAT) throw refusedFourCc('audio', body);
  if (format !== AAC_FORMAT)
    throw refusedCodec('audio', AUDIO_FORMATS[format] ?? `audio sound format ${format}`);
  if (body.length < AAC_HEADER_BYTES) throw corruptTag(body.length, 'the tag ends inside its AAC header');
  const packetType = body[1]!;
  switch (packetType) {
    case AAC_PACKET.config:
      if (body.length === AAC_HEADER_BYTES) throw corruptTag(body.length, 'no AAC configuration');
      return { kind: 'aac-config', dts, data: copyFrom(body, AAC_HEADER_BYTES) };
    case AAC_PACKET.raw:
      if (body.length === AAC_HEADER_BYTES) return { kind: 'ignored', reason: 'empty-frame' };
      return { kind: 'aac-frame', dts, data: copyFrom(body, AAC_HEADER_BYTES) };
    default:
      throw corruptTag(1, `AAC packet type ${packetType}`);
  }
}

/** SCRIPTDATA, E.4.4: a name as an AMF0 string, then its value. The values are not looked into. */
function parseScript(body: Uint8Array, dts: Milliseconds): MediaPacket | IgnoredTag {
  if (startsWith(body, CLEAR_DATA_FRAME)) return { kind: 'ignored', reason: 'clear-data-frame' };
  const from = startsWith(body, SET_DATA_FRAME) ? SET_DATA_FRAME.length : 0;
  const left = body.length - from;
  if (left < 3 || body[from] !== 2) throw corruptTag(from, 'a script tag that does not begin with a name');
  const nameBytes = body[from + 1]! * 256 + body[from + 2]!;
  if (nameBytes > left - 3) throw corruptTag(from, "a script tag that ends inside its value's name");
  return { kind: 'script', dts, data: copyFrom(body, from) };
}

export const tagTypeOf = (packet: MediaPacket): FlvTagType => {
  switch (packet.kind) {
    case 'avc-config':
    case 'avc-frame':
      return FlvTagType.video;
    case 'aac-config':
    case 'aac-frame':
      return FlvTagType.audio;
    case 'script':
      return FlvTagType.script;
  }
};

/**
 * The FLV tag body of a packet. What {@link parseTagBody} read from a usual encoder comes back bit for bit;
 * where FLV allows more than one spelling (frame types 3 and 4, AAC sound flags, `@setDataFrame`), the usual one.
 */
export function tagBodyOf(packet: MediaPacket): Uint8Array {
  const body = new Uint8Array(bodyBytesOf(packet));
  writeBody(body, 0, packet);
  return body;
}

/**
 * A whole FLV tag: header, body, PreviousTagSize; one allocation. The time stamp's low 32 bits are written
 * (24 bits, then the 8 of TimestampExtended): RTMP's wrap comes back.
 * @throws {FramecueError} ERR_FLV_TAG when the body or the composition offset does not fit its 24 bits.
 */
export function writeFlvTag(packet: MediaPacket): Uint8Array {
  const bodyBytes = bodyBytesOf(packet);
  const tag = new Uint8Array(FLV_TAG_HEADER_BYTES + bodyBytes + FLV_TRAILER_BYTES);
  const time = packet.dts >>> 0;
  tag[0] = tagTypeOf(packet);
  writeUint24(tag, 1, bodyBytes);
  writeUint24(tag, 4, time & 0xff_ffff);
  tag[7] = time >>> 24;
  // StreamID, bytes 8 to 10, is always 0.
  writeBody(tag, FLV_TAG_HEADER_BYTES, packet);
  writeUint32(tag, FLV_TAG_HEADER_BYTES + bodyBytes, FLV_TAG_HEADER_BYTES + bodyBytes);
  return tag;
}

/** The FLV file header (E.2) and the PreviousTagSize0 after it. */
export function flvHeader(has: { readonly audio: boolean; readonly video: boolean }): Uint8Array {
  const header = new Uint8Array(FLV_HEADER_BYTES + FLV_TRAILER_BYTES);
  header.set([0x46, 0x4c, 0x56, 1, (has.audio ? 4 : 0) | (has.video ? 1 : 0), 0, 0, 0, FLV_HEADER_BYTES]);
  return header;
}

function bodyBytesOf(packet: MediaPacket): number {
  const bytes = bodyHeaderBytes(packet) + payloadOf(packet).length;
  if (bytes > FLV_MAX_BODY_BYTES) {
    throw new FramecueError('ERR_FLV_TAG', `A body of ${bytes} bytes does not fit an FLV tag.`, {
      details: { bytes, limit: FLV_MAX_BODY_BYTES },
    });
  }
  return bytes;
}

function bodyHeaderBytes(packet: MediaPacket): number {
  switch (tagTypeOf(packet)) {
    case FlvTagType.video:
      return AVC_HEADER_BYTES;
    case FlvTagType.audio:
      return AAC_HEADER_BYTES;
    case FlvTagType.script:
      return 0;
  }
}

const payloadOf = (packet: MediaPacket): Uint8Array =>
  packet.kind === 'avc-config' ? packet.record : packet.data;

function writeBody(target: Uint8Array, at: number, packet: MediaPacket): void {
  switch (packet.kind) {
    case 'avc-config':
      target[at] = (FRAME_TYPE.key << 4) | AVC_CODEC;
      target[at + 1] = AVC_PACKET.config;
      break;
    case 'avc-frame':
      target[at] = ((packet.isKeyframe ? FRAME_TYPE.key : FRAME_TYPE.inter) << 4) | AVC_CODEC;
      target[at + 1] = AVC_PACKET.nalUnits;
      writeInt24(target, at + 2, packet.compositionOffset);
      break;
    case 'aac-config':
    case 'aac-frame':
      target[at] = AAC_FLAGS;
      target[at + 1] = packet.kind === 'aac-config' ? AAC_PACKET.config : AAC_PACKET.raw;
      break;
    case 'script':
      break;
  }
  target.set(payloadOf(packet), at + bodyHeaderBytes(packet));
}

function writeInt24(target: Uint8Array, at: number, value: number): void {
  if (!(value >= -0x80_0000 && value <= 0x7f_ffff)) {
    throw new FramecueError('ERR_FLV_TAG', `A composition offset of ${value} ms does not fit 24 bits.`, {
      details: { compositionOffset: value },
    });
  }
  writeUint24(target, at, value);
}

function writeUint24(target: Uint8Array, at: number, value: number): void {
  target[at] = value >> 16;
  target[at + 1] = value >> 8;
  target[at + 2] = value;
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  writeUint24(target, at + 1, value & 0xff_ffff);
}

/** Copies, also where `body` is a Node Buffer, whose own `slice` would only be a view. */
const copyFrom = (body: Uint8Array, from: number): Uint8Array => new Uint8Array(body.subarray(from));

function startsWith(body: Uint8Array, prefix: Uint8Array): boolean {
  return body.length >= prefix.length && prefix.every((byte, at) => body[at] === byte);
}

function amf0Text(text: string): Uint8Array {
  return Uint8Array.from([2, text.length >> 8, text.length & 0xff, ...new TextEncoder().encode(text)]);
}

function corruptTag(offset: number, what: string): FramecueError {
  return new FramecueError('ERR_FLV_TAG', `The FLV tag is corrupt: ${what}.`, { details: { offset } });
}

function refusedCodec(media: 'audio' | 'video', codec: string): FramecueError {
  return new FramecueError('ERR_PUBLISH_CODEC', `Publish H.264 video and AAC audio; this is ${codec}.`, {
    details: { media, codec },
  });
}

/** Enhanced RTMP: packet type in the low bits of the first byte, then the codec's FourCC. */
function refusedFourCc(media: 'audio' | 'video', body: Uint8Array): FramecueError {
  const fourCc = body.length >= 5 ? String.fromCharCode(...body.subarray(1, 5)) : '';
  // ModEx and multitrack packets have their FourCC elsewhere or none: no more than the header's kind is known.
  const printable = /^[\x20-\x7e]{4}$/.test(fourCc) ? `FourCC ${fourCc}` : 'an unknown Enhanced RTMP codec';
  return refusedCodec(media, FOUR_CC[fourCc] ?? printable);
}
