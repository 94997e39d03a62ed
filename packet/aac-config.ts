import { FramecueError } from './errors.ts';

/** What an AudioSpecificConfig says. */
export interface AacConfig {
  /** Audio object type of the core coder: 2 is AAC-LC. Without SBR and PS, which are told apart below. */
  readonly objectType: number;
  /** Hz, of the core coder: what its frames count in. */
  readonly sampleRate: number;
  /** Output channels, or null where a program_config_element would have to be read. */
  readonly channels: number | null;
  /** Samples per frame and channel at `sampleRate`. */
  readonly samplesPerFrame: number;
  /** Spectral band replication is signalled: output at `outputSampleRate`. */
  readonly sbr: boolean;
  readonly outputSampleRate: number;
  /** `mp4a.40.` and the object type that was written first (RFC 6381 section 3.3). */
  readonly codec: string;
}

/** Table 1.18 of ISO/IEC 14496-3; 13 and 14 are reserved, 15 means: written out in 24 bits. */
const FREQUENCIES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const EXPLICIT_FREQUENCY = 15;
/** Table 1.19: channels by channelConfiguration; 0 means a program_config_element. */
const CHANNELS: Readonly<Record<number, number>> = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 5,
  6: 6,
  7: 8,
  11: 7,
  12: 8,
  14: 8,
};
const ESCAPED_TYPE = 31;
const TYPE_SBR = 5;
const TYPE_PS = 29;
/** Those with a GASpecificConfig (table 1.17), whose first bit tells 960 from 1,024 samples. */
const GENERAL_AUDIO = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);
const LOW_DELAY = 23;
const SBR_SYNC = 0x2b7;

/**
 * Reads an AudioSpecificConfig, ISO/IEC 14496-3 clause 1.6.2.1. SBR is seen in its explicit signalling, both
 * the hierarchical and the backward compatible one (1.6.5); a backward compatible extension that is cut off or
 * not understood counts as absent, because decoders find SBR by themselves.
 * @throws {FramecueError} ERR_AAC_CONFIG with `details.bit` where reading failed.
 */
export function parseAacConfig(data: Uint8Array): AacConfig {
  const bits = new Bits(data);
  const firstType = readObjectType(bits);
  let objectType = firstType;
  const sampleRate = readFrequency(bits);
  const channelConfiguration = bits.read(4);
  if (channelConfiguration > 7 && CHANNELS[channelConfiguration] === undefined) {
    throw corrupt(bits.at, `channel configuration ${channelConfiguration}`);
  }
  let outputSampleRate = sampleRate;
  let sbr = firstType === TYPE_SBR || firstType === TYPE_PS;
  if (sbr) {
    outputSampleRate = readFrequency(bits);
    objectType = readObjectType(bits);
  }
  let samplesPerFrame = 1024;
  if (GENERAL_AUDIO.has(objectType)) {
    const short = bits.read(1) === 1;
    samplesPerFrame = objectType === LOW_DELAY ? (short ? 480 : 512) : short ? 960 : 1024;
    if (!sbr) {
      const extended = findSbrExtension(bits);
      if (extended !== null) {
        sbr = true;
        outputSampleRate = extended;
      }
    }
  }
  return {
    objectType,
    sampleRate,
    channels: CHANNELS[channelConfiguration] ?? null,
    samplesPerFrame,
    sbr,
    outputSampleRate,
    codec: `mp4a.40.${firstType}`,
  };
}

function readObjectType(bits: Bits): number {
  const type = bits.read(5);
  if (type === 0) throw corrupt(bits.at, 'audio object type 0');
  return type === ESCAPED_TYPE ? 32 + bits.read(6) : type;
}

function readFrequency(bits: Bits): number {
  const index = bits.read(4);
  const frequency = index === EXPLICIT_FREQUENCY ? bits.read(24) : FREQUENCIES[index];
  if (frequency === undefined) throw corrupt(bits.at, `sampling frequency index ${index}`);
  if (frequency === 0) throw corrupt(bits.at, 'a sampling frequency of 0');
  return frequency;
}

/** The output rate that a backward compatible SBR extension (syncExtensionType 0x2b7) names, or null. */
function findSbrExtension(bits: Bits): number | null {
  if (bits.left < 2) return null;
  if (bits.read(1) === 1) {
    if (bits.left < 15) return null;
    bits.read(14); // coreCoderDelay
  }
  bits.read(1); // extensionFlag: what it brings is for object types that carry no SBR
  if (bits.left < 17 || bits.read(11) !== SBR_SYNC) return null;
  if (bits.read(5) !== TYPE_SBR || bits.read(1) === 0 || bits.left < 4) return null;
  const index = bits.read(4);
  if (index === EXPLICIT_FREQUENCY) return bits.left < 24 ? null : bits.read(24) || null;
  return FREQUENCIES[index] ?? null;
}

class Bits {
  readonly #data: Uint8Array;
  at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get left(): number {
    return this.#data.length * 8 - this.at;
  }

  read(count: number): number {
    if (count > this.left) throw corrupt(this.at, 'it ends early');
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      value = value * 2 + ((this.#data[this.at >> 3]! >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }
}

function corrupt(bit: number, what: string): FramecueError {
  return new FramecueError('ERR_AAC_CONFIG', `The AAC AudioSpecificConfig is corrupt: ${what}.`, {
    details: { bit },
  });
}
