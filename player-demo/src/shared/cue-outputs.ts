import { isObject, numberOf, textOf } from './json.ts';

export const OUTPUT_VERDICTS = ['sei', 'carrier', 'missing', 'unread'] as const;
export type OutputVerdict = (typeof OUTPUT_VERDICTS)[number];

/** Whether one output carries a cue, as reading it back has shown. */
export interface OutputSeen {
  readonly name: string;
  readonly seen: OutputVerdict;
  readonly delayMs: number | null;
  /** A code; null where all is well. */
  readonly problem: string | null;
}

const OWN = ['flv', 'ws', 'hls'];

/** The server's own first, then the others by name. What cannot be read is left out. */
export function readOutputs(value: unknown): readonly OutputSeen[] {
  if (!isObject(value)) return [];
  const outputs = Object.entries(value).flatMap(([name, entry]): OutputSeen[] => {
    const seen = isObject(entry) ? OUTPUT_VERDICTS.find((known) => known === entry.seen) : undefined;
    if (!isObject(entry) || seen === undefined) return [];
    return [{ name, seen, delayMs: numberOf(entry.delayMs), problem: textOf(entry.problem) }];
  });
  return outputs.sort(byOutput);
}

export const byOutput = (a: { readonly name: string }, b: { readonly name: string }): number =>
  rankOf(a.name) - rankOf(b.name) || (a.name < b.name ? -1 : 1);

const rankOf = (name: string): number => (OWN.includes(name) ? OWN.indexOf(name) : OWN.length);

export const isOwnOutput = (name: string): boolean => OWN.includes(name);

/** `FLV` for the server's own outputs; others as they were named. */
export const outputName = (name: string): string => (isOwnOutput(name) ? name.toUpperCase() : name);

export interface OutputLook {
  readonly tone: 'good' | 'warn' | 'bad' | 'plain';
  /** Null where a tick says it all. */
  readonly words: string | null;
}

const PROBLEM_WORDS: { readonly [code: string]: string | undefined } = {
  FIRE_COPY_LOST: 'its picture lost the stamp',
  FIRE_PTS_DIFFERS: 'copies name different pictures',
  PTS_MOVED: 'on another PTS',
  SIGNATURE_BAD: 'a forged stamp beside it',
  NOT_COVERED: 'read too late for its picture',
};

export function outputLook({ seen, problem }: OutputSeen): OutputLook {
  switch (seen) {
    case 'sei':
      if (problem === null) return { tone: 'good', words: null };
      return { tone: 'warn', words: PROBLEM_WORDS[problem] ?? problem };
    case 'carrier':
      return { tone: 'warn', words: 'beside the video only' };
    case 'missing':
      return {
        tone: 'bad',
        words: problem === 'NO_STAMPS' ? 'missing: it carries no stamps' : 'missing',
      };
    case 'unread':
      return { tone: 'plain', words: 'not read' };
  }
}
