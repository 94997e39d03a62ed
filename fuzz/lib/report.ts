import { BITSTREAM_ERRORS } from '../../h264-sei-parser/src/index.ts';
import type { FuzzTotals } from './fuzz-run.ts';
import type { Target } from './target.ts';

/** Below this many inputs a code that was not reached says nothing. */
export const LONG_RUN = 1_000_000;
/** Percent of the inputs. */
export const LEAST_PAST_FRAMING = 30;

export interface Summary {
  readonly inputs: number;
  readonly seconds: number;
  readonly inputsPerSecond: number;
  /** Percent. */
  readonly pastFraming: number;
  readonly pastFramingOf: Readonly<Record<string, number>>;
  readonly codesReached: readonly string[];
  readonly codesMissing: readonly string[];
  readonly keptSeeds: number;
}

/** Every code that these targets are to reach: all of the parser's table, and what they name. */
export function expectedCodes(targets: readonly Target[]): string[] {
  return [...new Set([...Object.keys(BITSTREAM_ERRORS), ...targets.flatMap(({ codes }) => codes)])].sort();
}

export function summaryOf(
  { stats, inputs, seconds, keptSeeds }: FuzzTotals,
  targets: readonly Target[],
): Summary {
  const reached = new Set(Object.values(stats).flatMap(({ codes }) => Object.keys(codes)));
  const all = Object.values(stats);
  const past = all.reduce((sum, one) => sum + one.past, 0);
  const counted = all.reduce((sum, one) => sum + one.inputs, 0);
  return {
    inputs,
    seconds,
    inputsPerSecond: seconds > 0 ? inputs / seconds : 0,
    pastFraming: percent(past, counted),
    pastFramingOf: Object.fromEntries(
      Object.entries(stats).map(([name, one]) => [name, percent(one.past, one.inputs)]),
    ),
    codesReached: [...reached].sort(),
    codesMissing: expectedCodes(targets).filter((code) => !reached.has(code)),
    keptSeeds,
  };
}

/** `name: value unit`, one a line. */
export function linesOf(summary: Summary, findings: number): string[] {
  const { inputs, seconds, inputsPerSecond, pastFraming, pastFramingOf, keptSeeds } = summary;
  const expected = summary.codesMissing.length;
  return [
    `inputs: ${inputs} inputs`,
    `time: ${seconds.toFixed(1)} s`,
    `rate: ${inputsPerSecond.toFixed(0)} inputs/s`,
    `past_framing: ${pastFraming.toFixed(1)} %`,
    ...Object.entries(pastFramingOf).map(([name, share]) => `past_framing_${name}: ${share.toFixed(1)} %`),
    `codes_reached: ${summary.codesReached.length} codes`,
    `codes_missing: ${expected} codes`,
    `seeds_kept: ${keptSeeds} inputs`,
    `findings: ${findings} findings`,
  ];
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
