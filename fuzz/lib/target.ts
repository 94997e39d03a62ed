import { BITSTREAM_ERRORS, BitstreamError } from '../../h264-sei-parser/src/index.ts';

/** What an input is of; each kind has seeds of its own and changes that keep its framing. */
export const KINDS = [
  /** Annex B byte stream, H.264. */
  'annex-b',
  /** Annex B byte stream, HEVC. */
  'hevc',
  /** One access unit: a byte that chooses the length size (1, 2, 4, 4 by its two low bits), then AVCC. */
  'avcc',
  /** One H.264 SEI NAL unit, header byte included. */
  'sei',
  /** One H.264 NAL unit of any type. */
  'nal',
  /** An SEI payload behind one byte that is its payload type. */
  'payload',
  /** An FLV file. */
  'flv',
  /** MPEG-TS. */
  'ts',
  /** MP4: boxes one behind the other. */
  'mp4',
  /** AVCDecoderConfigurationRecord. */
  'record',
  /** AudioSpecificConfig. */
  'aac',
  /** Text of a stamp. */
  'stamp',
  /** Decisions, byte by byte: what a target makes of them is its own matter. */
  'program',
] as const;
export type Kind = (typeof KINDS)[number];

/** One thing that is fuzzed, and what must hold of it. */
export interface Target {
  readonly name: string;
  readonly kinds: readonly Kind[];
  /** How often it is chosen, beside the others; 10 where not said. Costly ones less often, cheap and deep ones more. */
  readonly weight?: number;
  /** When an input counts as past framing; one sentence. */
  readonly pastFraming: string;
  /** Error codes that it is expected to reach, beside those that all targets share. */
  readonly codes: readonly string[];
  /**
   * Takes one input. What it throws is a finding. It must depend on the input's bytes alone, and leave them as
   * they are.
   */
  readonly run: (input: Uint8Array, probe: Probe) => void;
}

/** What a target says while it runs. */
export interface Probe {
  /** The input got past framing. */
  past(): void;
  /** A coded error was given as a value, or counted. */
  code(code: string): void;
  /** Something that few inputs reach: those that do are kept as seeds. */
  saw(what: string | number): void;
  /**
   * What `run` gives, or undefined where it threw an error with a code; any other error passes through and is a
   * finding.
   * @param input what was read: a bitstream error's offset must lie in it or right behind it.
   */
  attempt<T>(run: () => T, input?: Uint8Array): T | undefined;
}

/** An invariant that does not hold. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export function holds(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Broken(invariant);
}

/** The code of an error that the project throws on purpose; null for any other, which is a defect. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  const isOurs = ['BitstreamError', 'FramecueError', 'StampError'].includes(error.name);
  return isOurs && error.code.startsWith('ERR_') ? error.code : null;
}

/** @throws {Broken} where a bitstream error does not say where and against which clause. */
export function checkError(error: unknown, input: Uint8Array | undefined): void {
  if (!(error instanceof BitstreamError)) return;
  const { code, offset, clause } = error;
  holds(Object.hasOwn(BITSTREAM_ERRORS, code), `${code} stands in the table`);
  holds(clause !== '', `${code} names a clause`);
  const isPlace = Number.isInteger(offset) && offset >= 0;
  holds(isPlace, `the offset of ${code} is a place (${offset})`);
  if (input !== undefined) {
    holds(offset <= input.length, `the offset of ${code}, ${offset}, lies in the ${input.length} bytes read`);
  }
}
