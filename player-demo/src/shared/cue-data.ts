import { isObject, listOf, numberOf, textOf } from './json.ts';

/** What viewers may see of a question: the `data` of its opening cue. */
export interface QuestionData {
  readonly interaction: string;
  readonly question: string;
  readonly options: readonly string[];
}

/** The `data` of a reveal. */
export interface RevealData {
  readonly interaction: string;
  readonly correct: number | null;
  readonly counts: readonly number[] | null;
}

/** Null where it is no question that can be shown. */
export function readQuestion(data: unknown): QuestionData | null {
  if (!isObject(data)) return null;
  const interaction = textOf(data.interaction);
  const question = textOf(data.question);
  const options = listOf(data.options, textOf);
  if (interaction === null || question === null || options === null || options.length < 2) return null;
  return { interaction, question, options };
}

export function readReveal(data: unknown): RevealData | null {
  if (!isObject(data)) return null;
  const interaction = textOf(data.interaction);
  if (interaction === null) return null;
  return { interaction, correct: numberOf(data.correct), counts: listOf(data.counts, numberOf) };
}
