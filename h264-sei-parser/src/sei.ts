import { BitstreamError } from './errors.ts';
import { escapeRbsp, unescapeRbsp } from './escape.ts';
import { NalType } from './nal.ts';

/** One SEI message: its framing only. What the payload means is another file's matter. */
export interface SeiMessage {
  readonly payloadType: number;
  /** Emulation bytes removed. A view into the RBSP it was read from. */
  readonly payload: Uint8Array;
}

/** `rbsp_trailing_bits` of a byte-aligned RBSP, H.264 clause 7.3.2.11. */
const STOP_BYTE = 0x80;
/** `nal_ref_idc` 0, `nal_unit_type` 6: an SEI NAL unit is never a reference (clause 7.4.1). */
const SEI_HEADER = NalType.sei;

/**
 * All SEI messages in one RBSP: NAL header gone, emulation bytes removed. H.264 clause 7.3.2.3.
 * Payloads are views into `rbsp`.
 * @throws {BitstreamError} ERR_SEI_TRUNCATED when a message outruns it, ERR_SEI_TRAILING_BITS when the stop bit is missing.
 */
export function parseSeiRbsp(rbsp: Uint8Array): SeiMessage[] {
  let end = rbsp.length;
  while (end > 0 && rbsp[end - 1] === 0) end--;
  if (end === 0 || rbsp[end - 1] !== STOP_BYTE) {
    throw new BitstreamError('ERR_SEI_TRAILING_BITS', Math.max(0, end - 1), 'rbsp_trailing_bits are missing');
  }
  end--;
  const messages: SeiMessage[] = [];
  let at = 0;
  while (at < end) {
    const type = readChained(rbsp, at, end);
    const size = readChained(rbsp, type.after, end);
    if (size.value > end - size.after) {
      throw new BitstreamError(
        'ERR_SEI_TRUNCATED',
        size.after,
        `an SEI payload of ${size.value} bytes where ${end - size.after} are left`,
      );
    }
    messages.push({ payloadType: type.value, payload: rbsp.subarray(size.after, size.after + size.value) });
    at = size.after + size.value;
  }
  return messages;
}

/**
 * All SEI messages of one SEI NAL unit, header byte included.
 * @throws {BitstreamError} ERR_SEI_NOT_SEI for another NAL unit type, else as {@link parseSeiRbsp}.
 */
export function parseSeiNal(nal: Uint8Array): SeiMessage[] {
  if (nal.length === 0 || (nal[0]! & 0x1f) !== NalType.sei) {
    throw new BitstreamError('ERR_SEI_NOT_SEI', 0, 'not an SEI NAL unit');
  }
  return parseSeiRbsp(unescapeRbsp(nal.subarray(1)));
}

/** One SEI NAL unit, header byte included, emulation prevention done. H.264 clauses 7.3.1, 7.3.2.3. */
export function writeSeiNal(messages: readonly SeiMessage[]): Uint8Array {
  let size = 1;
  for (const { payloadType, payload } of messages) {
    size += chainedLength(payloadType) + chainedLength(payload.length) + payload.length;
  }
  const rbsp = new Uint8Array(size);
  let at = 0;
  for (const { payloadType, payload } of messages) {
    at = writeChained(rbsp, at, payloadType);
    at = writeChained(rbsp, at, payload.length);
    rbsp.set(payload, at);
    at += payload.length;
  }
  rbsp[at] = STOP_BYTE;
  const escaped = escapeRbsp(rbsp);
  const nal = new Uint8Array(escaped.length + 1);
  nal[0] = SEI_HEADER;
  nal.set(escaped, 1);
  return nal;
}

/** ff_byte* last_byte, H.264 clause 7.3.2.3.1. */
function readChained(rbsp: Uint8Array, from: number, end: number): { value: number; after: number } {
  let value = 0;
  for (let at = from; at < end; at++) {
    const byte = rbsp[at]!;
    value += byte;
    if (byte !== 0xff) return { value, after: at + 1 };
  }
  throw new BitstreamError('ERR_SEI_TRUNCATED', from, 'the data ends inside an SEI message header');
}

const chainedLength = (value: number): number => Math.floor(value / 255) + 1;

function writeChained(target: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest >= 255; rest -= 255) target[at++] = 0xff;
  target[at++] = rest;
  return at;
}
