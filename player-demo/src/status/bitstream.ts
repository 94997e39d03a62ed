import { formatCount, plural } from '../shared/format.ts';
import type { BitstreamReport, Problem } from './report.ts';

/** What was found is told for that long after its last time. */
const FOUND_TOLD_MS = 30_000;

/** Oddities of the bitstream that some viewer or server may stumble over; those that are only worth knowing stay out. */
export function* bitstreamProblems({ lint }: BitstreamReport, at: number): Generator<Problem> {
  for (const { code, severity, text, count, lastAt } of lint) {
    if (severity === 'info' || at - lastAt > FOUND_TOLD_MS) continue;
    yield { level: severity, code: `lint-${code}`, text: `${text} (${code}, ${plural(count, 'time')})` };
  }
}

const REPAIR_WORDS: { readonly [reason: string]: string } = {
  'annex-b': 'Annex B',
  'empty-nal': 'empty NAL units',
  padding: 'padding',
  'keyframe-flag': 'keyframe flag',
};
const REWRITE_WORDS: { readonly [reason: string]: string } = {
  'sei-moved': 'SEI moved before the slices',
  'sei-behind-buffering-period': 'SEI moved behind a buffering period',
  'delimiter-first': 'delimiter made the first',
  'upstream-stamp-rewritten': "upstream's stamps kept",
};

/** Null where nothing was put right. */
export const repairsLine = ({ repairs }: BitstreamReport): string | null => listed(repairs, REPAIR_WORDS);
export const rewritesLine = ({ rewrites }: BitstreamReport): string | null => listed(rewrites, REWRITE_WORDS);

function listed(counts: BitstreamReport['repairs'], words: typeof REPAIR_WORDS): string | null {
  const parts = Object.entries(counts)
    .filter(([reason, count]) => count > 0 && words[reason] !== undefined)
    .map(([reason, count]) => `${formatCount(count)} ${words[reason]}`);
  return parts.length === 0 ? null : parts.join(', ');
}
