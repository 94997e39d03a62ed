import { FramecueError } from '../../packet/errors.ts';
import {
  FLV_HEADER_BYTES,
  FLV_TAG_HEADER_BYTES,
  FLV_TRAILER_BYTES,
  FlvTagType,
  parseTagBody,
} from '../../packet/flv-tag.ts';
import { ms, RtmpTimeUnwrapper } from '../../packet/time.ts';
import { ByteWindow } from './byte-window.ts';
import { type ReadConfig, readAvcRecord, readHevcRecord } from './configs.ts';
import {
  type ContainerReader,
  DEFAULT_READER_OPTIONS,
  type Framing,
  type Place,
  type ReaderOptions,
  type SourceItem,
  type VideoCodec,
} from './items.ts';
import { problem } from './problem.ts';

/** Type byte, E.4.1: two reserved bits, the filter (encryption) bit, five bits of type. */
const RESERVED_BITS = 0xc0;
const FILTER_BIT = 0x20;
const TYPE_BITS = 0x1f;
const EX_HEADER_BIT = 0x80;
const HEVC_CODEC_ID = 12;
/** Enhanced RTMP v2, VideoPacketType. */
const EX_PACKET = { sequenceStart: 0, codedFrames: 1, sequenceEnd: 2, codedFramesX: 3 } as const;

/**
 * FLV, read leniently: what `packet/flv-reader.ts` ends at (lost framing) or passes over (a wrong PreviousTagSize) is reported here
 * and reading goes on, and HEVC tags (Enhanced RTMP, and the older codec id 12) are taken too.
 */
export class FlvSourceReader implements ContainerReader {
  readonly #options: ReaderOptions;
  readonly #window = new ByteWindow(1 << 18);
  readonly #time = new RtmpTimeUnwrapper();
  #headerRead = false;
  /** Framing is lost: looking for a tag whose size fits the PreviousTagSize behind it. */
  #lost = false;
  #framing: Framing | null = null;
  #index = 0;
  #items: SourceItem[] = [];
  readonly #otherCodecs = new Set<string>();

  constructor(options: Partial<ReaderOptions> = {}) {
    this.#options = { ...DEFAULT_READER_OPTIONS, ...options };
  }

  push(chunk: Uint8Array): SourceItem[] {
    this.#window.append(chunk);
    return this.#read(false);
  }

  end(): SourceItem[] {
    const items = this.#read(true);
    if (this.#window.length > 0 && !this.#lost) {
      items.push(problem('SOURCE_TRUNCATED', { offset: this.#window.offset }, 'the FLV data ends in a tag'));
    }
    return items;
  }

  #read(atEnd: boolean): SourceItem[] {
    this.#items = [];
    const bytes = this.#window.bytes;
    let at = 0;
    if (!this.#headerRead) {
      const after = this.#readHeader(bytes);
      if (after === null) return this.#items;
      at = after;
      this.#headerRead = true;
    }
    while (true) {
      const after = this.#lost ? this.#resync(bytes, at, atEnd) : this.#readTag(bytes, at, atEnd);
      if (after === null) break;
      at = after;
    }
    this.#window.drop(at);
    return this.#items;
  }

  #readHeader(bytes: Uint8Array): number | null {
    if (bytes.length < FLV_HEADER_BYTES + FLV_TRAILER_BYTES) return null;
    const headerBytes = uint32(bytes, 5);
    if (headerBytes >= FLV_HEADER_BYTES && headerBytes <= 1024) {
      return bytes.length < headerBytes + FLV_TRAILER_BYTES ? null : headerBytes + FLV_TRAILER_BYTES;
    }
    this.#report('FLV_TAG_SIZE', 5, `a file header of ${headerBytes} bytes`);
    return FLV_HEADER_BYTES + FLV_TRAILER_BYTES;
  }

  /** The tag at `at`; where the next one begins, or null while bytes are missing. */
  #readTag(bytes: Uint8Array, at: number, atEnd: boolean): number | null {
    const left = bytes.length - at;
    if (left < FLV_TAG_HEADER_BYTES) return null;
    if (!isTagHeader(bytes, at, false)) return this.#lose(at, 'a tag header that is none');
    const bodyBytes = uint24(bytes, at + 1);
    const tagEnd = at + FLV_TAG_HEADER_BYTES + bodyBytes;
    const after = tagEnd + FLV_TRAILER_BYTES;
    if (bytes.length < after) {
      // A stream that was cut right behind its last tag lacks nothing but PreviousTagSize.
      if (!atEnd || bytes.length < tagEnd) return null;
      this.#acceptTag(bytes, at, tagEnd);
      return bytes.length;
    }
    const size = uint32(bytes, tagEnd);
    const expected = FLV_TAG_HEADER_BYTES + bodyBytes;
    if (size !== expected) {
      if (bytes.length < after + FLV_TAG_HEADER_BYTES && !atEnd) return null;
      const isLast = bytes.length === after;
      if (!isLast && !isTagHeader(bytes, after, true)) {
        return this.#lose(
          at,
          `a tag of ${expected} bytes with ${size} as PreviousTagSize and no tag behind it`,
        );
      }
      this.#report('FLV_PREVIOUS_TAG_SIZE', tagEnd, `${size} after a tag of ${expected} bytes`);
    }
    this.#acceptTag(bytes, at, tagEnd);
    return after;
  }

  #lose(at: number, detail: string): number {
    this.#report('FLV_TAG_SIZE', at, detail);
    this.#lost = true;
    return at + 1;
  }

  /** Goes on to the next tag whose size stands behind it again. */
  #resync(bytes: Uint8Array, from: number, atEnd: boolean): number | null {
    for (let at = from; at + FLV_TAG_HEADER_BYTES <= bytes.length; at++) {
      if (!isTagHeader(bytes, at, true)) continue;
      const size = FLV_TAG_HEADER_BYTES + uint24(bytes, at + 1);
      if (at + size + FLV_TRAILER_BYTES > bytes.length) {
        if (atEnd) continue;
        // It may be a tag: what comes will tell. Bytes before it are given up.
        return at === from ? null : at;
      }
      if (uint32(bytes, at + size) !== size) continue;
      this.#lost = false;
      return at;
    }
    const rest = Math.max(from, bytes.length - FLV_TAG_HEADER_BYTES + 1);
    return rest > from ? rest : null;
  }

  #acceptTag(bytes: Uint8Array, at: number, tagEnd: number): void {
    const typeByte = bytes[at]!;
    const type = typeByte & TYPE_BITS;
    const dts = this.#time.unwrap(bytes[at + 7]! * 0x100_0000 + uint24(bytes, at + 4));
    const body = bytes.subarray(at + FLV_TAG_HEADER_BYTES, tagEnd);
    const place = this.#place(at);
    if ((typeByte & FILTER_BIT) !== 0) this.#report('FLV_TAG_CORRUPT', at, 'an encrypted tag');
    else if (type === FlvTagType.video && this.#acceptHevc(body, dts, place)) return;
    else if (type === FlvTagType.audio || type === FlvTagType.video || type === FlvTagType.script) {
      this.#acceptBody(type, body, dts, at);
    } else this.#report('FLV_UNKNOWN_TAG', at, `type ${type}`);
  }

  #acceptBody(type: FlvTagType, body: Uint8Array, dts: number, at: number): void {
    try {
      this.#acceptPacket(parseTagBody(type, body, ms(dts)), this.#place(at));
    } catch (error) {
      if (!(error instanceof FramecueError)) throw error;
      const codec = String(error.details?.codec);
      if (error.code !== 'ERR_PUBLISH_CODEC') this.#report('FLV_TAG_CORRUPT', at, bare(error.message));
      else if (!this.#otherCodecs.has(codec)) {
        // Once for each codec: a file has thousands of them.
        this.#otherCodecs.add(codec);
        this.#report('FLV_OTHER_CODEC', at, codec);
      }
    }
  }

  #acceptPacket(packet: ReturnType<typeof parseTagBody>, place: Place): void {
    switch (packet.kind) {
      case 'avc-config':
        this.#acceptConfig(readAvcRecord(packet.record, place));
        return;
      case 'avc-frame': {
        const { data, dts, compositionOffset, isKeyframe } = packet;
        this.#acceptFrame('h264', data, dts, compositionOffset, isKeyframe, place);
        return;
      }
      case 'aac-frame':
        if (this.#options.audio) {
          this.#items.push({ kind: 'audio', codec: 'aac', pts: packet.dts, data: packet.data, ...place });
        }
        return;
      case 'script':
        if (this.#options.metadata) {
          const name = new TextDecoder().decode(packet.data.subarray(3, 3 + uint16(packet.data, 1)));
          this.#items.push({ kind: 'script', dts: packet.dts, name, data: packet.data, ...place });
        }
        return;
      case 'aac-config':
      case 'ignored':
        return;
      default:
        packet satisfies never;
    }
  }

  /** H.265 by codec id 12, and H.264 or H.265 behind the Enhanced RTMP header; false for all other tags. */
  #acceptHevc(body: Uint8Array, dts: number, place: Place): boolean {
    const flags = body[0];
    if (flags === undefined) return false;
    const isKeyframe = ((flags >> 4) & 7) === 1;
    if ((flags & EX_HEADER_BIT) === 0) {
      if ((flags & 0xf) !== HEVC_CODEC_ID || body.length < 5) return false;
      const data = body.slice(5);
      if (body[1] === 0) this.#acceptConfig(readHevcRecord(data, place));
      else if (body[1] === 1) this.#acceptFrame('hevc', data, dts, int24(body, 2), isKeyframe, place);
      return true;
    }
    const fourCc = String.fromCharCode(...body.subarray(1, 5));
    if (fourCc !== 'hvc1' && fourCc !== 'avc1') return false;
    const codec = fourCc === 'hvc1' ? 'hevc' : 'h264';
    switch (flags & 0xf) {
      case EX_PACKET.sequenceStart:
        this.#acceptConfig((codec === 'hevc' ? readHevcRecord : readAvcRecord)(body.slice(5), place));
        return true;
      case EX_PACKET.codedFrames:
        if (body.length < 8) return false;
        this.#acceptFrame(codec, body.slice(8), dts, int24(body, 5), isKeyframe, place);
        return true;
      case EX_PACKET.codedFramesX:
        this.#acceptFrame(codec, body.slice(5), dts, 0, isKeyframe, place);
        return true;
      default:
        return true;
    }
  }

  #acceptConfig(read: ReadConfig): void {
    if (read.problem !== null) this.#items.push(read.problem);
    if (read.config === null) return;
    this.#framing = read.config.framing;
    this.#items.push(read.config);
  }

  #acceptFrame(
    codec: VideoCodec,
    data: Uint8Array,
    dts: number,
    compositionOffset: number,
    isKeyframe: boolean,
    place: Place,
  ): void {
    if (this.#framing === null) {
      this.#items.push(problem('CONFIG_MISSING', place));
      this.#framing = { kind: 'avcc', lengthSize: 4 };
    }
    const framing = this.#framing;
    const pts = dts + compositionOffset;
    const index = this.#index++;
    this.#items.push({ kind: 'access-unit', index, pts, dts, isKeyframe, codec, framing, data, ...place });
  }

  #place(at: number): Place {
    return { offset: this.#window.offset + at };
  }

  #report(code: Parameters<typeof problem>[0], at: number, detail: string): void {
    this.#items.push(problem(code, this.#place(at), detail));
  }
}

/** @param strict only the three types that FLV defines, and a body of plausible size. */
function isTagHeader(bytes: Uint8Array, at: number, strict: boolean): boolean {
  const typeByte = bytes[at]!;
  if ((typeByte & RESERVED_BITS) !== 0) return false;
  if (bytes.length - at >= FLV_TAG_HEADER_BYTES && uint24(bytes, at + 8) !== 0) return false;
  if (!strict) return true;
  const type = typeByte & TYPE_BITS;
  return type === FlvTagType.audio || type === FlvTagType.video || type === FlvTagType.script;
}

/** A sentence's own point would stand before the table's. */
const bare = (text: string): string => text.replace(/^The FLV tag is corrupt: /, '').replace(/\.$/, '');

const uint16 = (bytes: Uint8Array, at: number): number => bytes[at]! * 0x100 + bytes[at + 1]!;
const uint24 = (bytes: Uint8Array, at: number): number => bytes[at]! * 0x1_0000 + uint16(bytes, at + 1);
const uint32 = (bytes: Uint8Array, at: number): number => bytes[at]! * 0x100_0000 + uint24(bytes, at + 1);
const int24 = (bytes: Uint8Array, at: number): number => (uint24(bytes, at) << 8) >> 8;
