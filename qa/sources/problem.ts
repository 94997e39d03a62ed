import type { Place, ProblemItem } from './items.ts';
import { PROBLEMS, type ProblemCode } from './problem-codes.ts';

/** @param detail what was found, after the table's sentence. */
export function problem(code: ProblemCode, place: Place, detail?: string): ProblemItem {
  const { severity, clause, text } = PROBLEMS[code];
  const full = detail === undefined ? text : `${text.replace(/\.$/, '')}: ${detail}.`;
  return { kind: 'problem', code, severity, clause, text: full, ...place };
}
