/** ISO/IEC 13818-1: transport packets and PES headers, as views. */

export const TS_PACKET_BYTES = 188;
export const TS_SYNC = 0x47;
const CLOCK_HZ_PER_MS = 90;
const WRAP = 2 ** 33;

/** Clause 2.4.3.2. */
export interface TsPacket {
  readonly pid: number;
  readonly transportError: boolean;
  readonly startsUnit: boolean;
  readonly scrambled: boolean;
  readonly hasPayload: boolean;
  readonly counter: number;
  /** discontinuity_indicator and random_access_indicator of the adaptation field. */
  readonly discontinuity: boolean;
  readonly randomAccess: boolean;
  /** Where the payload begins in the packet; 188 where there is none. */
  readonly payloadAt: number;
}

/** The packet at `at`, which begins with 0x47; null where its adaptation field outruns it. */
export function tsPacketAt(bytes: Uint8Array, at: number): TsPacket | null {
  const flags = bytes[at + 3]!;
  const hasAdaptation = (flags & 0x20) !== 0;
  const hasPayload = (flags & 0x10) !== 0;
  const adaptationBytes = hasAdaptation ? bytes[at + 4]! : 0;
  const payloadAt = 4 + (hasAdaptation ? 1 + adaptationBytes : 0);
  if (payloadAt > TS_PACKET_BYTES) return null;
  const adaptationFlags = adaptationBytes > 0 ? bytes[at + 5]! : 0;
  return {
    pid: ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!,
    transportError: (bytes[at + 1]! & 0x80) !== 0,
    startsUnit: (bytes[at + 1]! & 0x40) !== 0,
    scrambled: (flags & 0xc0) !== 0,
    hasPayload,
    counter: flags & 0x0f,
    discontinuity: (adaptationFlags & 0x80) !== 0,
    randomAccess: (adaptationFlags & 0x40) !== 0,
    payloadAt: hasPayload ? payloadAt : TS_PACKET_BYTES,
  };
}

export interface PesHeader {
  /** Ticks of 90 kHz, 33 bits. */
  readonly pts: number | null;
  readonly dts: number | null;
  /** PES_packet_length; 0: not said. */
  readonly length: number;
  readonly headerBytes: number;
}

/** Clause 2.4.3.6; null where it is none, or cut. */
export function pesHeaderOf(pes: Uint8Array): PesHeader | null {
  if (pes.length < 9 || pes[0] !== 0 || pes[1] !== 0 || pes[2] !== 1 || (pes[6]! & 0xc0) !== 0x80)
    return null;
  const headerBytes = 9 + pes[8]!;
  const which = pes[7]! >> 6;
  const need = which === 3 ? 10 : which === 2 ? 5 : 0;
  if (pes[8]! < need || pes.length < headerBytes) return null;
  return {
    pts: which >= 2 ? ticksAt(pes, 9) : null,
    dts: which === 3 ? ticksAt(pes, 14) : which === 2 ? ticksAt(pes, 9) : null,
    length: pes[4]! * 256 + pes[5]!,
    headerBytes,
  };
}

function ticksAt(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! >> 1) & 7;
  const middle = (bytes[at + 1]! * 256 + bytes[at + 2]!) >> 1;
  const low = (bytes[at + 3]! * 256 + bytes[at + 4]!) >> 1;
  return high * 2 ** 30 + middle * 2 ** 15 + low;
}

/** 33-bit time stamps, which pass zero every 26.5 hours, as milliseconds that go on. */
export class TsTimeUnwrapper {
  #last: number | null = null;

  unwrap(ticks: number): number {
    const laps = this.#last === null ? 0 : Math.round((this.#last - ticks) / WRAP);
    this.#last = ticks + laps * WRAP;
    return this.#last / CLOCK_HZ_PER_MS;
  }
}
