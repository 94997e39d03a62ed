import { BitstreamError } from './errors.ts';
import { escapeRbsp, payloadOffsetOf, unescapeRbsp } from './escape.ts';
import { HevcNalType } from './hevc.ts';
import { type Codec, NalType, nalTypeOf } from './nal.ts';

/** One SEI message: its framing only. What the payload means is another file's matter. */
export interface SeiMessage {
  readonly payloadType: number;
  /** Emulation bytes removed. A view into the RBSP it was read from. */
  readonly payload: Uint8Array;
}

/** A message that was read leniently. */
export interface SeiMessageRead extends SeiMessage {
  /** As the message says; more than `payload.length` where it outruns its NAL unit. */
  readonly payloadSize: number;
  /** Where the message begins, in the NAL unit. */
  readonly offset: number;
}

/** All that could be read of an SEI NAL unit, and what is wrong with it. */
export interface SeiReading {
  readonly messages: readonly SeiMessageRead[];
  /** ERR_SEI_NOT_SEI, ERR_SEI_TRUNCATED, ERR_SEI_TRAILING_BITS; offsets are in the NAL unit. */
  readonly problems: readonly BitstreamError[];
}

/** `rbsp_trailing_bits` of a byte-aligned RBSP, H.264 clause 7.3.2.11. */
const STOP_BYTE = 0x80;

/** NAL unit headers of SEI, never a reference (H.264 clause 7.4.1), base layer (H.265 clause 7.4.2.2). */
export const SEI_HEADER = {
  h264: Uint8Array.of(NalType.sei),
  hevcPrefix: Uint8Array.of(HevcNalType.prefixSei << 1, 1),
  hevcSuffix: Uint8Array.of(HevcNalType.suffixSei << 1, 1),
} as const;

/** True for `nal_unit_type` 6 (H.264), 39 and 40 (HEVC). */
export const isSei = (type: number, codec: Codec = 'h264'): boolean =>
  codec === 'h264' ? type === NalType.sei : type === HevcNalType.prefixSei || type === HevcNalType.suffixSei;

const headerBytes = (codec: Codec): number => (codec === 'h264' ? 1 : 2);

/**
 * All SEI messages in one RBSP: NAL header gone, emulation bytes removed. H.264 clause 7.3.2.3.
 * Payloads are views into `rbsp`.
 * @throws {BitstreamError} ERR_SEI_TRUNCATED when a message outruns it, ERR_SEI_TRAILING_BITS when the stop bit is missing.
 */
export function parseSeiRbsp(rbsp: Uint8Array): SeiMessage[] {
  const { messages, problem } = readMessages(rbsp, true);
  if (problem !== null) throw seiError(problem, problem.at);
  return messages.map(({ payloadType, payload }) => ({ payloadType, payload }));
}

/**
 * All SEI messages of one SEI NAL unit, header included.
 * @throws {BitstreamError} ERR_SEI_NOT_SEI for another NAL unit type, else as {@link parseSeiRbsp}; offsets are
 * in `nal`.
 */
export function parseSeiNal(nal: Uint8Array, codec: Codec = 'h264'): SeiMessage[] {
  checkType(nal, codec);
  const header = headerBytes(codec);
  const payload = nal.subarray(header);
  const { messages, problem } = readMessages(unescapeRbsp(payload), true);
  if (problem !== null) throw seiError(problem, header + payloadOffsetOf(payload, problem.at));
  return messages.map(({ payloadType, payload: bytes }) => ({ payloadType, payload: bytes }));
}

/**
 * Reads an SEI NAL unit as players do: a message that outruns it is given as far as it goes, trailing bits may be
 * missing. Never throws: a NAL unit that is no SEI has a problem and no messages.
 */
export function readSeiNal(nal: Uint8Array, codec: Codec = 'h264'): SeiReading {
  try {
    checkType(nal, codec);
  } catch (error) {
    return { messages: [], problems: [error as BitstreamError] };
  }
  const header = headerBytes(codec);
  const payload = nal.subarray(header);
  const offsetOf = (at: number): number => header + payloadOffsetOf(payload, at);
  const { messages, problem } = readMessages(unescapeRbsp(payload), false);
  return {
    messages: messages.map(({ at, ...message }) => ({ ...message, offset: offsetOf(at) })),
    problems: problem === null ? [] : [seiError(problem, offsetOf(problem.at))],
  };
}

/**
 * One SEI NAL unit, header included, emulation prevention done. H.264 clauses 7.3.1, 7.3.2.3; H.265 clause 7.3.5.
 * @param header The NAL unit's header bytes: one of {@link SEI_HEADER}, or those of the NAL unit that was read.
 */
export function writeSeiNal(
  messages: readonly SeiMessage[],
  header: Uint8Array = SEI_HEADER.h264,
): Uint8Array {
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
  const nal = new Uint8Array(header.length + escaped.length);
  nal.set(header);
  nal.set(escaped, header.length);
  return nal;
}

/**
 * True where reading `nal` and writing its messages under the same header gives the same bytes. False for damaged
 * ones, for bytes after the trailing bits (cabac_zero_words, padding), and for needless emulation prevention.
 */
export function isCanonicalSeiNal(nal: Uint8Array, codec: Codec = 'h264'): boolean {
  const { messages, problems } = readSeiNal(nal, codec);
  if (problems.length > 0) return false;
  const written = writeSeiNal(messages, nal.subarray(0, headerBytes(codec)));
  return written.length === nal.length && written.every((byte, i) => byte === nal[i]);
}

function checkType(nal: Uint8Array, codec: Codec): void {
  if (nal.length < headerBytes(codec) || !isSei(nalTypeOf(nal[0]!, codec), codec)) {
    throw new BitstreamError('ERR_SEI_NOT_SEI', 0, 'not an SEI NAL unit');
  }
}

interface Problem {
  readonly code: 'ERR_SEI_TRUNCATED' | 'ERR_SEI_TRAILING_BITS';
  /** In the RBSP. */
  readonly at: number;
  readonly message: string;
}

interface Reading {
  /** `at`: in the RBSP. */
  readonly messages: (SeiMessage & { readonly payloadSize: number; readonly at: number })[];
  readonly problem: Problem | null;
}

const seiError = ({ code, message }: Problem, offset: number): BitstreamError =>
  new BitstreamError(code, offset, message);

/** sei_rbsp(), clause 7.3.2.3. Strict: ends at the first fault. Else it goes on as far as anything can be read. */
function readMessages(rbsp: Uint8Array, strict: boolean): Reading {
  let end = rbsp.length;
  while (end > 0 && rbsp[end - 1] === 0) end--;
  const stopped = end > 0 && rbsp[end - 1] === STOP_BYTE;
  const missing: Problem = {
    code: 'ERR_SEI_TRAILING_BITS',
    at: Math.max(0, end - 1),
    message: 'rbsp_trailing_bits are missing',
  };
  const messages: Reading['messages'] = [];
  let problem = stopped ? null : missing;
  if (stopped) end--;
  else if (strict) return { messages, problem };
  for (let at = 0; at < end; ) {
    const type = readChained(rbsp, at, end);
    const size = type === null ? null : readChained(rbsp, type.after, end);
    if (type === null || size === null) {
      const cut: Problem = {
        code: 'ERR_SEI_TRUNCATED',
        at: type?.after ?? at,
        message: 'the data ends inside an SEI message header',
      };
      return { messages, problem: cut };
    }
    let next = size.after + size.value;
    if (next > end) {
      // What looks like trailing bits can be the end of a payload that lacks them.
      const fits = !strict && next <= rbsp.length;
      if (!fits) next = end;
      const outrun: Problem = {
        code: 'ERR_SEI_TRUNCATED',
        at: size.after,
        message: `an SEI payload of ${size.value} bytes where ${end - size.after} are left`,
      };
      problem = fits ? missing : outrun;
      if (strict) return { messages, problem };
    }
    const payload = rbsp.subarray(size.after, next);
    messages.push({ payloadType: type.value, payload, payloadSize: size.value, at });
    at = next;
  }
  return { messages, problem };
}

/** ff_byte* last_byte, H.264 clause 7.3.2.3.1; null where the data ends inside. */
function readChained(rbsp: Uint8Array, from: number, end: number): { value: number; after: number } | null {
  let value = 0;
  for (let at = from; at < end; at++) {
    const byte = rbsp[at]!;
    value += byte;
    if (byte !== 0xff) return { value, after: at + 1 };
  }
  return null;
}

const chainedLength = (value: number): number => Math.floor(value / 255) + 1;

function writeChained(target: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest >= 255; rest -= 255) target[at++] = 0xff;
  target[at++] = rest;
  return at;
}
