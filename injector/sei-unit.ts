import { STAMP_UUID_TEXT } from '../cues/wire/index.ts';
import {
  type SeiMessage,
  sameUuid,
  USER_DATA_UNREGISTERED,
  unescapeRbsp,
  uuidFromText,
} from '../h264-sei-parser/src/index.ts';

export const STAMP_UUID = uuidFromText(STAMP_UUID_TEXT);
const STAMP_UUID_BUFFER = Buffer.from(STAMP_UUID);

/** payloadType of `buffering_period` and `recovery_point`, H.264 clause D.1.1. */
export const BUFFERING_PERIOD = 0;
export const RECOVERY_POINT = 6;

/** Encoders write a handful; what goes beyond is not read any further. */
const MAX_MESSAGES = 64;
/** `rbsp_trailing_bits` of a byte-aligned RBSP, H.264 clause 7.3.2.11. */
const STOP_BYTE = 0x80;
const NO_MESSAGES: readonly SeiMessage[] = [];

export type SeiProblem = 'trailing-bits' | 'overrun' | 'too-many';

/** What one SEI NAL unit holds, read leniently: as far as it can be read. */
export interface SeiReading {
  /** Whole messages, in order; payloads are views. */
  readonly messages: readonly SeiMessage[];
  /** Null: well formed (H.264 clause 7.3.2.3). */
  readonly problem: SeiProblem | null;
  /** Messages with our UUID, counted as the most lenient player counts. */
  readonly stamps: number;
}

/** @param nal with its header byte. */
export function readSeiUnit(nal: Uint8Array): SeiReading {
  const rbsp = unescapeRbsp(nal.subarray(1));
  const stamps = mayHoldStamp(nal) ? countStamps(rbsp) : 0;
  let end = rbsp.length;
  while (end > 0 && rbsp[end - 1] === 0) end--;
  const hasStop = end > 0 && rbsp[end - 1] === STOP_BYTE;
  // Without its stop byte a message may reach to the very end of the NAL unit.
  const bodyEnd = hasStop ? end - 1 : rbsp.length;
  let problem: SeiProblem | null = hasStop && bodyEnd > 0 ? null : 'trailing-bits';
  let messages: SeiMessage[] | null = null;
  let at = 0;
  while (at < bodyEnd) {
    let payloadType = 0;
    let size = 0;
    while (at < bodyEnd && rbsp[at] === 0xff) payloadType += rbsp[at++]!;
    payloadType += rbsp[at++] ?? 0;
    while (at < bodyEnd && rbsp[at] === 0xff) size += rbsp[at++]!;
    if (at >= bodyEnd) return { messages: messages ?? NO_MESSAGES, problem: 'overrun', stamps };
    size += rbsp[at++]!;
    if (size > bodyEnd - at) {
      // Its last byte only looked like the stop byte.
      if (size > rbsp.length - at) return { messages: messages ?? NO_MESSAGES, problem: 'overrun', stamps };
      problem = 'trailing-bits';
    }
    if (messages !== null && messages.length >= MAX_MESSAGES)
      return { messages, problem: 'too-many', stamps };
    messages ??= [];
    messages.push({ payloadType, payload: rbsp.subarray(at, at + size) });
    at += size;
  }
  return { messages: messages ?? NO_MESSAGES, problem, stamps };
}

/**
 * For what is too long to be read: it passes as it came, unless our UUID stands in it anywhere.
 * @param nal with its header byte.
 */
export const unreadSeiUnit = (nal: Uint8Array): SeiReading => ({
  messages: NO_MESSAGES,
  problem: 'too-many',
  stamps: mayHoldStamp(nal) ? 1 : 0,
});

/** The text of a stamp; null for any other message. */
export const stampTextOf = ({ payloadType, payload }: SeiMessage): Uint8Array | null =>
  payloadType === USER_DATA_UNREGISTERED && sameUuid(payload, STAMP_UUID)
    ? payload.subarray(STAMP_UUID.length)
    : null;

/** Our UUID has no zero byte, so that no emulation prevention byte can stand inside it: a plain search finds it. */
const mayHoldStamp = (nal: Uint8Array): boolean =>
  nal.length > STAMP_UUID.length &&
  Buffer.from(nal.buffer, nal.byteOffset, nal.length).includes(STAMP_UUID_BUFFER);

/**
 * Messages with our UUID, wherever in the NAL unit. Players take a message whose size is wrong, or whose trailing
 * bits are missing, so those count too.
 */
function countStamps(rbsp: Uint8Array): number {
  let count = 0;
  let at = 0;
  const readChained = (): number => {
    let value = 0;
    while (rbsp[at] === 0xff) value += rbsp[at++]!;
    return value + (rbsp[at++] ?? 0);
  };
  while (at < rbsp.length) {
    const type = readChained();
    const size = readChained();
    if (type === USER_DATA_UNREGISTERED && sameUuid(rbsp.subarray(at, at + STAMP_UUID.length), STAMP_UUID))
      count++;
    at += size;
  }
  return count;
}
