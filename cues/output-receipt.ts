import type { Milliseconds } from '../packet/time.ts';
import type { Carrier } from './wire/index.ts';

export const OUTPUT_VERDICTS = ['sei', 'carrier', 'missing', 'unread'] as const;
/**
 * - `sei`: its stamp was read, and its signature verifies;
 * - `carrier`: no stamp, but it stands beside the video;
 * - `missing`: the output was read over the cue's picture and beyond, and has neither;
 * - `unread`: nobody knows: the output could not be read when it mattered.
 */
export type OutputVerdict = (typeof OUTPUT_VERDICTS)[number];

/** What is wrong with a cue in an output, or why it was not read. Errors of the reader are named by their own codes. */
export const OUTPUT_PROBLEMS = {
  SEI_LOST: 'The output keeps no stamps: the cue came beside the video only.',
  CUE_LOST: 'The output carries our stamps, but not this cue.',
  NO_STAMPS: 'The output shows pictures, and none carries a stamp of ours.',
  FIRE_COPY_LOST: 'Copies of the cue were read, but the picture that it fires on does not carry one.',
  FIRE_PTS_DIFFERS: 'Copies of the cue name different pictures.',
  PTS_MOVED: "An output of this server gives the cue's picture another PTS than the receipt.",
  SIGNATURE_BAD: "A stamp with the cue's id was read whose signature does not verify.",
  NOT_COVERED: "The output was not read when the cue's picture passed.",
  NOT_CONNECTED: 'The output could not be read.',
} as const;
export type OutputProblem = keyof typeof OUTPUT_PROBLEMS;

/** One output's part of a landing receipt. */
export interface OutputReceipt {
  readonly seen: OutputVerdict;
  /** The fire PTS on the output's own timeline; null where nothing tells it. */
  readonly pts: Milliseconds | null;
  /** `pts` less the landing's: 0 where the output keeps our time stamps. */
  readonly offsetMs: number | null;
  /** From the moment that the access unit was stamped (`at`) to its arrival at the reader. */
  readonly delayMs: number | null;
  /** Access units that carried the cue until this was settled. */
  readonly copies: number;
  /** Beside the SEI: FLV script data, EXT-X-DATERANGE, event messages. */
  readonly carriers: readonly Carrier[];
  /** An {@link OutputProblem}, or the `ERR_*` code of why the output could not be read. */
  readonly problem?: string;
}

/** By output: `flv`, `ws`, `hls`, and whatever was named, each rendition by its own name. */
export type OutputReceipts = { readonly [output: string]: OutputReceipt };
