/** PAT and PMT, ISO/IEC 13818-1 clause 2.4.4. */

export interface TsProgram {
  readonly number: number;
  readonly pmtPid: number;
}

export interface TsStream {
  readonly pid: number;
  readonly type: number;
}

const MAX_SECTION_BYTES = 4096;
const TABLE = { pat: 0, pmt: 2 } as const;

/** Sections of one PID from its packets' payloads. */
export class SectionReader {
  #held: number[] = [];

  /** The section that this payload completes, its CRC good; `bad-crc`; or null while it is incomplete. */
  push(payload: Uint8Array, startsUnit: boolean): Uint8Array | 'bad-crc' | null {
    if (startsUnit) this.#held = [...payload.subarray(1 + (payload[0] ?? 0))];
    else if (this.#held.length > 0) this.#held.push(...payload);
    if (this.#held.length < 3) return null;
    const size = 3 + (((this.#held[1]! & 0x0f) << 8) | this.#held[2]!);
    if (size > MAX_SECTION_BYTES) {
      this.#held = [];
      return 'bad-crc';
    }
    if (this.#held.length < size) return null;
    const section = Uint8Array.from(this.#held.slice(0, size));
    this.#held = [];
    return crc32(section) === 0 ? section : 'bad-crc';
  }
}

/** All programs; null for another table, or one that does not hold yet (`current_next_indicator`). */
export function programsOfPat(section: Uint8Array): TsProgram[] | null {
  if (section[0] !== TABLE.pat || (section[5]! & 1) === 0) return null;
  const programs: TsProgram[] = [];
  for (let at = 8; at + 4 <= section.length - 4; at += 4) {
    const number = section[at]! * 256 + section[at + 1]!;
    // Program 0 names the network's table.
    const pmtPid = ((section[at + 2]! & 0x1f) << 8) | section[at + 3]!;
    if (number !== 0 && pmtPid !== 0) programs.push({ number, pmtPid });
  }
  return programs;
}

export function streamsOfPmt(section: Uint8Array): TsStream[] | null {
  if (section[0] !== TABLE.pmt || (section[5]! & 1) === 0) return null;
  const streams: TsStream[] = [];
  let at = 12 + (((section[10]! & 0x0f) << 8) | section[11]!);
  while (at + 5 <= section.length - 4) {
    streams.push({ type: section[at]!, pid: ((section[at + 1]! & 0x1f) << 8) | section[at + 2]! });
    at += 5 + (((section[at + 3]! & 0x0f) << 8) | section[at + 4]!);
  }
  return streams;
}

/** stream_type, table 2-34. */
export const TS_VIDEO: Readonly<Record<number, 'h264' | 'hevc'>> = { 27: 'h264', 36: 'hevc' };
export const TS_AUDIO: Readonly<Record<number, string>> = {
  3: 'mp3',
  4: 'mp3',
  15: 'aac-adts',
  17: 'aac-latm',
  129: 'ac-3',
  135: 'e-ac-3',
};
/** Other video, by name: for refusing it. */
export const TS_OTHER_VIDEO: Readonly<Record<number, string>> = {
  1: 'MPEG-1 video',
  2: 'MPEG-2 video',
  16: 'MPEG-4 part 2',
  51: 'VVC',
  219: 'H.264 under SAMPLE-AES',
};

/** CRC of a section, annex A; 0 over a whole good section. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  }
  return crc >>> 0;
}
