import { isOwnOutput, outputName } from '../shared/cue-outputs.ts';
import type { OutputReport } from './outputs.ts';
import type { Problem } from './report.ts';
import { formatMoment } from './words.ts';

/** A master playlist may have a dozen renditions, and all of them the same trouble. */
const NAMES_SHOWN = 3;

type Words = (names: string, since: string, isOne: boolean) => string;

const LATE = 'viewers there get cues only late, by the events path';
const KINDS: { readonly [code: string]: { readonly level: Problem['level']; readonly words: Words } } = {
  'output-own-missing': {
    level: 'bad',
    words: (names, since, isOne) => `${names} of this server ${lose(isOne)} cues${since}: ${LATE}.`,
  },
  'output-no-stamps': {
    level: 'bad',
    words: (names, since, isOne) => `${names} ${keep(isOne)} no stamps${since}: ${LATE}.`,
  },
  'output-cue-lost': {
    level: 'bad',
    words: (names, since, isOne) =>
      `${names} ${keep(isOne)} stamps, but ${lose(isOne)} cues${since}: ${LATE}.`,
  },
  'output-forged': {
    level: 'bad',
    words: (names, since, isOne) =>
      `${names} ${isOne ? 'has' : 'have'} cues whose signature does not verify${since}: ${LATE}.`,
  },
  'output-missing': {
    level: 'bad',
    words: (names, since, isOne) => `${names} ${lose(isOne)} cues${since}: ${LATE}.`,
  },
  'output-own-carrier': {
    level: 'warn',
    words: (names, since, isOne) =>
      `${names} of this server ${keep(isOne)} no stamps${since}: cues come beside the video only, less exactly.`,
  },
  'output-carrier': {
    level: 'warn',
    words: (names, since, isOne) =>
      `${names} ${keep(isOne)} no stamps${since}: viewers there get cues beside the video only, less exactly.`,
  },
};

const lose = (isOne: boolean): string => (isOne ? 'loses' : 'lose');
const keep = (isOne: boolean): string => (isOne ? 'keeps' : 'keep');

/** Outputs that lost their newest cue, or have it beside the video only: those of one kind in one sentence. */
export function* outputProblems(outputs: readonly OutputReport[], at: number): Generator<Problem> {
  for (const [code, { level, words }] of Object.entries(KINDS)) {
    const found = outputs.filter((output) => codeOf(output) === code);
    if (found.length === 0) continue;
    yield { level, code, text: words(namesOf(found), sinceWords(found, at), found.length === 1) };
  }
}

/** Null where nothing is lost. What could not be read says nothing about cues. */
function codeOf({ name, last }: OutputReport): string | null {
  const isOwn = isOwnOutput(name);
  if (last?.seen === 'carrier') return isOwn ? 'output-own-carrier' : 'output-carrier';
  if (last?.seen !== 'missing') return null;
  if (isOwn) return 'output-own-missing';
  switch (last.problem) {
    case 'NO_STAMPS':
      return 'output-no-stamps';
    case 'CUE_LOST':
      return 'output-cue-lost';
    case 'SIGNATURE_BAD':
      return 'output-forged';
    default:
      return 'output-missing';
  }
}

/** Those that cannot be read now: no trouble of the stream, but nobody watches what comes out there. */
export const unreadOutputs = (outputs: readonly OutputReport[]): readonly OutputReport[] =>
  outputs.filter(({ isRead, problem }) => !isRead && problem !== null);

/** `a`, `a and b`, `a, b, c and 4 more` */
export function namesOf(outputs: readonly OutputReport[]): string {
  const names = outputs.map(({ name }) => outputName(name));
  const shown = names.slice(0, names.length > NAMES_SHOWN + 1 ? NAMES_SHOWN : names.length);
  const more = names.length - shown.length;
  const last = more > 0 ? `${more} more` : shown.pop();
  return shown.length === 0 ? `${last}` : `${shown.join(', ')} and ${last}`;
}

function sinceWords(outputs: readonly OutputReport[], at: number): string {
  const moments = outputs.flatMap(({ last }) => (typeof last?.since === 'number' ? [last.since] : []));
  return moments.length === 0 ? '' : ` since ${formatMoment(Math.min(...moments), at)}`;
}
