import {
  byOutput,
  OUTPUT_VERDICTS,
  type OutputVerdict,
  outputLook,
  outputName,
} from '../shared/cue-outputs.ts';
import { formatSpan } from '../shared/format.ts';
import { isObject, listOf, numberOf, textOf } from '../shared/json.ts';

/** An output that the server reads back. */
export interface OutputReport {
  readonly name: string;
  readonly isRead: boolean;
  /** Why it is not read: a code. */
  readonly problem: string | null;
  readonly lastPictureAgeMs: number | null;
  /** What became of the newest cue there. */
  readonly last: {
    readonly seen: OutputVerdict;
    /** The first of an unbroken row of cues of which the same was seen; Unix milliseconds. */
    readonly since: number | null;
    readonly delayMs: number | null;
    readonly problem: string | null;
  } | null;
}

/** None where the server does not read its outputs back, or does not tell. */
export const readAudit = (value: unknown): readonly OutputReport[] =>
  isObject(value) ? [...(listOf(value.outputs, readOutput) ?? [])].sort(byOutput) : [];

function readOutput(value: unknown): OutputReport | null {
  const name = isObject(value) ? textOf(value.output) : null;
  if (!isObject(value) || name === null) return null;
  const last = isObject(value.last) ? value.last : null;
  const seen = OUTPUT_VERDICTS.find((known) => known === last?.seen);
  return {
    name,
    isRead: value.state === 'reading',
    problem: textOf(value.problem),
    lastPictureAgeMs: numberOf(value.lastPictureAgeMs),
    last:
      last === null || seen === undefined
        ? null
        : {
            ...{ seen, since: numberOf(last.since) },
            ...{ delayMs: numberOf(last.delayMs), problem: textOf(last.problem) },
          },
  };
}

export interface OutputLine {
  readonly name: string;
  readonly value: string;
  readonly level: 'warn' | 'bad' | null;
}

/** `FLV: newest cue seen after 2 ms`. A lost cue is bad; an output elsewhere that is away is worth a look. */
export function outputLine({ name, isRead, problem, last }: OutputReport): OutputLine {
  const state = isRead ? 'read' : problem === null ? 'not read' : `not read (${problem})`;
  const look = last === null ? null : outputLook({ name, ...last });
  const delay = last?.delayMs === null || last === null ? '' : ` after ${formatSpan(last.delayMs)}`;
  const saysNothing = look === null || (!isRead && last?.seen === 'unread');
  const cue = saysNothing ? null : `newest cue ${look?.words ?? `seen${delay}`}`;
  const level = look?.tone === 'bad' ? 'bad' : look?.tone === 'warn' || problem !== null ? 'warn' : null;
  // What a cue showed says that it is read.
  const parts = isRead && cue !== null ? [cue] : cue === null ? [state] : [state, cue];
  return { name: outputName(name), value: parts.join(', '), level };
}
