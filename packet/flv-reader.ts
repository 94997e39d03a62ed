import { FramecueError } from './errors.ts';
import {
  FLV_HEADER_BYTES,
  FLV_MAX_BODY_BYTES,
  FLV_TAG_HEADER_BYTES,
  FLV_TRAILER_BYTES,
  FlvTagType,
  type IgnoredTag,
  parseTagBody,
} from './flv-tag.ts';
import type { MediaPacket } from './packet.ts';
import { RtmpTimeUnwrapper } from './time.ts';

/** One tag of an FLV stream; `offset` is where it begins, in bytes since the stream's first. */
export type FlvItem =
  | { readonly kind: 'packet'; readonly offset: number; readonly packet: MediaPacket }
  | { readonly kind: 'ignored'; readonly offset: number; readonly reason: IgnoredTag['reason'] }
  /** The tag is lost, and no other: the next one is found by this one's size. */
  | { readonly kind: 'corrupt'; readonly offset: number; readonly error: FramecueError };

export interface FlvReaderOptions {
  /** Larger tag bodies are refused before a byte of them is kept. Default 8 MiB. */
  readonly maxBodyBytes?: number;
}

const DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024;
/** A header longer than its 9 bytes is legal (E.2 DataOffset); one longer than this is no header. */
const MAX_HEADER_BYTES = 1024;
/** Type byte, E.4.1: two reserved bits, the filter (encryption) bit, five bits of type. */
const RESERVED_BITS = 0xc0;
const FILTER_BIT = 0x20;
const TYPE_BITS = 0x1f;
const MEDIA_TYPES: ReadonlySet<number> = new Set(Object.values(FlvTagType));

type Expected = 'file-header' | 'header-rest' | 'tag-header' | 'body' | 'trailer';

/**
 * Reads an FLV stream from chunks of any size. It holds at most one tag, and only while that tag is incomplete.
 *
 * A tag whose body is wrong is reported and passed over. A wrong PreviousTagSize, which some writers leave at 0, is
 * counted where the tag that follows is one; else the framing is lost, and that ends the reading: from there on
 * nothing could be told apart.
 */
export class FlvReader {
  readonly #maxBodyBytes: number;
  readonly #time = new RtmpTimeUnwrapper();
  #expected: Expected = 'file-header';
  #need = FLV_HEADER_BYTES;
  /** What has come of the part that is expected, while it is incomplete. */
  #partial: Uint8Array | null = null;
  #partialBytes = 0;
  /** Bytes of the stream before the part that is expected. */
  #offset = 0;
  #tag = { offset: 0, typeByte: 0, bodyBytes: 0, timestamp: 0 };
  #failed: FramecueError | null = null;
  /** A PreviousTagSize that does not fit, until the next tag's header has shown whether the framing still holds. */
  #doubt: { readonly offset: number; readonly what: string } | null = null;
  #wrongTagSizes = 0;

  constructor(options: FlvReaderOptions = {}) {
    this.#maxBodyBytes = Math.min(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, FLV_MAX_BODY_BYTES);
  }

  /** PreviousTagSize fields that did not fit their tag, and were passed over. */
  get wrongTagSizes(): number {
    return this.#wrongTagSizes;
  }

  /** Bytes held of an incomplete part. */
  get heldBytes(): number {
    return this.#partial?.length ?? 0;
  }

  /**
   * The tags that this chunk completes. Iterate to the end before the next call; the chunk may be used again
   * afterwards.
   * @throws {FramecueError} ERR_FLV_HEADER or ERR_FLV_TAG with `details.offset`, on wrong framing; then again on
   *   every later call.
   */
  *read(chunk: Uint8Array): Generator<FlvItem, void> {
    if (this.#failed !== null) throw this.#failed;
    let at = 0;
    while (true) {
      const part = this.#take(chunk, at);
      if (part === null) return;
      at = part.after;
      const offset = this.#offset;
      this.#offset += part.bytes.length;
      const item = this.#accept(part.bytes, offset);
      if (item !== null) yield item;
    }
  }

  /** @throws {FramecueError} ERR_FLV_TRUNCATED with `details.offset` when the stream ended inside a tag. */
  end(): void {
    if (this.#failed !== null) throw this.#failed;
    const betweenTags = this.#expected === 'tag-header' && this.#partial === null;
    // A stream that was cut right after its last tag lacks nothing but PreviousTagSize.
    const onlyTrailerMissing = this.#expected === 'trailer' && this.#partial === null;
    if (betweenTags || onlyTrailerMissing) return;
    this.#failOnDoubt();
    throw new FramecueError('ERR_FLV_TRUNCATED', undefined, {
      details: { offset: this.#offset + this.#partialBytes },
    });
  }

  /** The expected part, as a view where the chunk holds all of it; null when more has to come. */
  #take(chunk: Uint8Array, at: number): { bytes: Uint8Array; after: number } | null {
    const left = chunk.length - at;
    if (this.#partial === null && left >= this.#need) {
      return { bytes: chunk.subarray(at, at + this.#need), after: at + this.#need };
    }
    if (left === 0) return null;
    this.#partial ??= new Uint8Array(this.#need);
    const missing = this.#need - this.#partialBytes;
    const piece = chunk.subarray(at, at + Math.min(missing, left));
    this.#partial.set(piece, this.#partialBytes);
    this.#partialBytes += piece.length;
    if (this.#partialBytes < this.#need) return null;
    const bytes = this.#partial;
    this.#partial = null;
    this.#partialBytes = 0;
    return { bytes, after: at + piece.length };
  }

  #accept(bytes: Uint8Array, offset: number): FlvItem | null {
    switch (this.#expected) {
      case 'file-header':
        this.#acceptFileHeader(bytes, offset);
        return null;
      case 'header-rest':
        this.#expect('tag-header', FLV_TAG_HEADER_BYTES);
        return null;
      case 'tag-header':
        return this.#acceptTagHeader(bytes, offset);
      case 'body':
        this.#expect('trailer', FLV_TRAILER_BYTES);
        return this.#acceptBody(bytes);
      case 'trailer':
        this.#acceptTrailer(bytes, offset);
        return null;
    }
  }

  #acceptFileHeader(bytes: Uint8Array, offset: number): void {
    if (bytes[0] !== 0x46 || bytes[1] !== 0x4c || bytes[2] !== 0x56) {
      throw this.#fail('ERR_FLV_HEADER', offset, 'it does not begin with FLV');
    }
    if (bytes[3] !== 1) throw this.#fail('ERR_FLV_HEADER', offset + 3, `version ${bytes[3]}`);
    const headerBytes = uint32(bytes, 5);
    if (headerBytes < FLV_HEADER_BYTES || headerBytes > MAX_HEADER_BYTES) {
      throw this.#fail('ERR_FLV_HEADER', offset + 5, `a header of ${headerBytes} bytes`);
    }
    // PreviousTagSize0 comes with what may follow the known part of the header.
    this.#expect('header-rest', headerBytes - FLV_HEADER_BYTES + FLV_TRAILER_BYTES);
  }

  #acceptTagHeader(bytes: Uint8Array, offset: number): FlvItem | null {
    const typeByte = bytes[0]!;
    const bodyBytes = uint24(bytes, 1);
    const streamId = uint24(bytes, 8);
    const isTag = MEDIA_TYPES.has(typeByte) && streamId === 0 && bodyBytes <= this.#maxBodyBytes;
    if (!isTag) this.#failOnDoubt();
    this.#doubt = null;
    if ((typeByte & RESERVED_BITS) !== 0) {
      throw this.#fail('ERR_FLV_TAG', offset, `a tag of type 0x${typeByte.toString(16)}`);
    }
    if (streamId !== 0) throw this.#fail('ERR_FLV_TAG', offset + 8, `a tag of stream ${streamId}`);
    if (bodyBytes > this.#maxBodyBytes) {
      throw this.#fail(
        'ERR_FLV_TAG',
        offset + 1,
        `a body of ${bodyBytes} bytes, limit ${this.#maxBodyBytes}`,
      );
    }
    // TimestampExtended holds the upper 8 bits.
    const timestamp = bytes[7]! * 0x100_0000 + uint24(bytes, 4);
    this.#tag = { offset, typeByte, bodyBytes, timestamp };
    if (bodyBytes > 0) {
      this.#expect('body', bodyBytes);
      return null;
    }
    this.#expect('trailer', FLV_TRAILER_BYTES);
    return this.#acceptBody(bytes.subarray(0, 0));
  }

  #acceptBody(body: Uint8Array): FlvItem {
    const { offset, typeByte, timestamp } = this.#tag;
    const dts = this.#time.unwrap(timestamp);
    const type = typeByte & TYPE_BITS;
    if ((typeByte & FILTER_BIT) !== 0) return corrupt(offset, 'an encrypted tag');
    if (type !== FlvTagType.audio && type !== FlvTagType.video && type !== FlvTagType.script) {
      return corrupt(offset, `a tag of type ${type}`);
    }
    try {
      const parsed = parseTagBody(type, body, dts);
      return parsed.kind === 'ignored'
        ? { kind: 'ignored', offset, reason: parsed.reason }
        : { kind: 'packet', offset, packet: parsed };
    } catch (error) {
      if (!(error instanceof FramecueError)) throw error;
      return { kind: 'corrupt', offset, error };
    }
  }

  #acceptTrailer(bytes: Uint8Array, offset: number): void {
    const size = uint32(bytes, 0);
    const expected = FLV_TAG_HEADER_BYTES + this.#tag.bodyBytes;
    if (size !== expected) {
      this.#wrongTagSizes++;
      this.#doubt = { offset, what: `PreviousTagSize ${size} after a tag of ${expected} bytes` };
    }
    this.#expect('tag-header', FLV_TAG_HEADER_BYTES);
  }

  #failOnDoubt(): void {
    if (this.#doubt !== null) throw this.#fail('ERR_FLV_TAG', this.#doubt.offset, this.#doubt.what);
  }

  #expect(part: Expected, bytes: number): void {
    this.#expected = part;
    this.#need = bytes;
  }

  #fail(code: 'ERR_FLV_HEADER' | 'ERR_FLV_TAG', offset: number, what: string): FramecueError {
    const subject = code === 'ERR_FLV_HEADER' ? 'This is not an FLV stream' : 'The FLV stream is corrupt';
    this.#failed = new FramecueError(code, `${subject}: ${what}.`, { details: { offset } });
    return this.#failed;
  }
}

function corrupt(offset: number, what: string): FlvItem {
  const error = new FramecueError('ERR_FLV_TAG', `The FLV tag is corrupt: ${what}.`, { details: { offset } });
  return { kind: 'corrupt', offset, error };
}

const uint24 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! * 0x1_0000 + bytes[at + 1]! * 0x100 + bytes[at + 2]!;

const uint32 = (bytes: Uint8Array, at: number): number => bytes[at]! * 0x100_0000 + uint24(bytes, at + 1);
