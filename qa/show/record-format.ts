import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ClockReading } from '../../packet/held-clock.ts';
import { type MediaPacket, ptsOf } from '../../packet/packet.ts';
import { ms, unixUs, us } from '../../packet/time.ts';
import type { OutputRecord, ShowRecord, StreamInput } from './entry.ts';
import { fromJsonText, toJsonText } from './json-bytes.ts';

/**
 * A show's log on disk, format 1. All numbers little endian.
 *
 * ```
 * segment   "framecueshow" u32 format, u32 index (from 1), f64 records before it, u32 CRC-32 of those; then records
 * record    u32 length of body, u32 CRC-32 of body, body
 * body      u8 type, u8 nested, u16 after, f64 monotonic us, f64 Unix us, and by type:
 *   1 packet  u8 kind, u8 keyframe, f64 DTS ms, f64 composition offset ms, payload
 *   2 output  u8 kind, u8 keyframe, f64 DTS ms, f64 PTS ms, u32 payload's size, 32 bytes SHA-256 of the payload
 *   3 other   JSON, UTF-8
 *   4 waited  u8 kind, u8 keyframe, f64 DTS ms, f64 composition offset ms, f64 monotonic us of arrival, payload
 * ```
 */
export const SHOW_FORMAT = 1;
export const SEGMENT_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 8;
/** An FLV tag's body is the largest that a packet can be, and a state's JSON is far smaller. */
export const MAX_RECORD_BYTES = 0x100_0000 + 1024;

const MAGIC = Buffer.from('framecueshow', 'latin1');
const TYPE = { packet: 1, output: 2, other: 3, waited: 4 } as const;
const COMMON_BYTES = 20;
const PACKET_BYTES = COMMON_BYTES + 18;
const WAITED_BYTES = PACKET_BYTES + 8;
const SHA256_BYTES = 32;
const OUTPUT_BYTES = COMMON_BYTES + 22 + SHA256_BYTES;
const KINDS = ['avc-config', 'avc-frame', 'aac-config', 'aac-frame', 'script'] as const;
const MAX_AFTER = 0xffff;

/** A record as it is written: its parts, so that no payload is copied. */
export interface EncodedRecord {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  /** Of these there are many, and a show without some of them can still be read: they are the first to go. */
  readonly isBulk: boolean;
}

export function segmentHeader(index: number, recordsBefore: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(SHOW_FORMAT, 12);
  header.writeUInt32LE(index, 16);
  header.writeDoubleLE(recordsBefore, 20);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  return header;
}

export interface SegmentHeader {
  readonly format: number;
  readonly index: number;
  readonly recordsBefore: number;
}

/** Null for what is no segment, or a header that is not whole. */
export function readSegmentHeader(header: Buffer): SegmentHeader | null {
  if (header.length < SEGMENT_HEADER_BYTES || !header.subarray(0, 12).equals(MAGIC)) return null;
  if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28))) return null;
  return {
    format: header.readUInt32LE(12),
    index: header.readUInt32LE(16),
    recordsBefore: header.readDoubleLE(20),
  };
}

type PacketInput = Extract<StreamInput, { readonly kind: 'packet' }>;

export function encodeInput(input: StreamInput, at: ClockReading, after: number | null): EncodedRecord {
  if (input.kind === 'packet') return encodePacket(input, at, after);
  return encodeOther({ kind: 'input', input, ...at, after });
}

export function encodeOther(record: Exclude<ShowRecord, OutputRecord>): EncodedRecord {
  const { monotonicUs, unixUs, ...rest } = record;
  const after = record.kind === 'input' ? record.after : null;
  const text = Buffer.from(toJsonText(rest), 'utf8');
  const head = headOf(TYPE.other, COMMON_BYTES, { monotonicUs, unixUs }, after);
  return framed(head, text, false);
}

function encodePacket(
  { packet, arrivedUs }: PacketInput,
  at: ClockReading,
  after: number | null,
): EncodedRecord {
  const head =
    arrivedUs === undefined
      ? headOf(TYPE.packet, PACKET_BYTES, at, after)
      : headOf(TYPE.waited, WAITED_BYTES, at, after);
  if (arrivedUs !== undefined) head.writeDoubleLE(arrivedUs, RECORD_HEADER_BYTES + PACKET_BYTES);
  const isFrame = packet.kind === 'avc-frame';
  head[RECORD_HEADER_BYTES + COMMON_BYTES] = KINDS.indexOf(packet.kind);
  head[RECORD_HEADER_BYTES + COMMON_BYTES + 1] = isFrame && packet.isKeyframe ? 1 : 0;
  head.writeDoubleLE(packet.dts, RECORD_HEADER_BYTES + COMMON_BYTES + 2);
  head.writeDoubleLE(isFrame ? packet.compositionOffset : 0, RECORD_HEADER_BYTES + COMMON_BYTES + 10);
  return framed(head, payloadOf(packet), true);
}

export function encodeOutput(packet: MediaPacket, at: ClockReading): EncodedRecord {
  const payload = payloadOf(packet);
  const head = headOf(TYPE.output, OUTPUT_BYTES, at, null);
  const from = RECORD_HEADER_BYTES + COMMON_BYTES;
  const isFrame = packet.kind === 'avc-frame';
  head[from] = KINDS.indexOf(packet.kind);
  head[from + 1] = isFrame && packet.isKeyframe ? 1 : 0;
  head.writeDoubleLE(packet.dts, from + 2);
  head.writeDoubleLE(isFrame ? ptsOf(packet) : packet.dts, from + 10);
  head.writeUInt32LE(payload.length, from + 18);
  hash('sha256', payload, 'buffer').copy(head, from + 22);
  return framed(head, null, true);
}

export const payloadOf = (packet: MediaPacket): Uint8Array =>
  packet.kind === 'avc-config' ? packet.record : packet.data;

function headOf(type: number, bytes: number, at: ClockReading, after: number | null): Buffer {
  const head = Buffer.alloc(RECORD_HEADER_BYTES + bytes);
  head[RECORD_HEADER_BYTES] = type;
  head[RECORD_HEADER_BYTES + 1] = after === null ? 0 : 1;
  head.writeUInt16LE(Math.min(after ?? 0, MAX_AFTER), RECORD_HEADER_BYTES + 2);
  head.writeDoubleLE(at.monotonicUs, RECORD_HEADER_BYTES + 4);
  head.writeDoubleLE(at.unixUs, RECORD_HEADER_BYTES + 12);
  return head;
}

function framed(head: Buffer, payload: Uint8Array | null, isBulk: boolean): EncodedRecord {
  const bodyHead = head.subarray(RECORD_HEADER_BYTES);
  const length = bodyHead.length + (payload?.length ?? 0);
  head.writeUInt32LE(length, 0);
  const crc = crc32(bodyHead);
  head.writeUInt32LE(payload === null ? crc : crc32(payload, crc), 4);
  const parts = payload === null ? [head] : [head, payload];
  return { parts, bytes: RECORD_HEADER_BYTES + length, isBulk };
}

/** One body, whose CRC is right; null where it is none of this format. Payloads are copies. */
export function decodeBody(body: Buffer): ShowRecord | null {
  if (body.length < COMMON_BYTES) return null;
  const after = body[1] === 0 ? null : body.readUInt16LE(2);
  const at: ClockReading = { monotonicUs: us(body.readDoubleLE(4)), unixUs: unixUs(body.readDoubleLE(12)) };
  switch (body[0]) {
    case TYPE.packet: {
      const packet = packetOf(body, PACKET_BYTES);
      return packet === null ? null : { kind: 'input', input: { kind: 'packet', packet }, after, ...at };
    }
    case TYPE.waited: {
      const packet = packetOf(body, WAITED_BYTES);
      if (packet === null) return null;
      const arrivedUs = us(body.readDoubleLE(PACKET_BYTES));
      return { kind: 'input', input: { kind: 'packet', packet, arrivedUs }, after, ...at };
    }
    case TYPE.output: {
      const of = KINDS[body[COMMON_BYTES] ?? KINDS.length];
      if (body.length !== OUTPUT_BYTES || of === undefined) return null;
      return {
        kind: 'output',
        of,
        isKeyframe: body[COMMON_BYTES + 1] === 1,
        dts: ms(body.readDoubleLE(COMMON_BYTES + 2)),
        pts: ms(body.readDoubleLE(COMMON_BYTES + 10)),
        size: body.readUInt32LE(COMMON_BYTES + 18),
        sha256: body.toString('hex', COMMON_BYTES + 22),
        ...at,
      };
    }
    case TYPE.other: {
      const rest = fromJsonText(body.toString('utf8', COMMON_BYTES));
      if (typeof rest !== 'object' || rest === null || !('kind' in rest)) return null;
      return { ...(rest as ShowRecord), ...at };
    }
    default:
      return null;
  }
}

function packetOf(body: Buffer, headBytes: number): MediaPacket | null {
  const kind = body.length < headBytes ? undefined : KINDS[body[COMMON_BYTES]!];
  if (kind === undefined) return null;
  const dts = ms(body.readDoubleLE(COMMON_BYTES + 2));
  const data = new Uint8Array(body.subarray(headBytes));
  switch (kind) {
    case 'avc-config':
      return { kind, dts, record: data };
    case 'avc-frame':
      return {
        kind,
        dts,
        isKeyframe: body[COMMON_BYTES + 1] === 1,
        compositionOffset: ms(body.readDoubleLE(COMMON_BYTES + 10)),
        data,
      };
    default:
      return { kind, dts, data };
  }
}
