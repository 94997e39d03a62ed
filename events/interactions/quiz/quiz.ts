import type { JsonObject } from '../../../cues/wire/index.ts';
import { ms } from '../../../packet/time.ts';
import type { InteractionFacts } from '../../ledger/facts.ts';
import { judgeWindow } from '../judge.ts';
import { type AnswerRead, defineType } from '../type.ts';
import { QuizConfig } from './config.ts';

/** A question with 2 to 8 options, one of them right; each viewer chooses one. */
export const quiz = defineType({
  name: 'quiz',
  configSchema: QuizConfig,
  prepare(config) {
    const { question, options, durationMs } = config;
    const buckets = options.map((_, index) => String(index));
    const answers = options.map(
      (_, index): AnswerRead => ({ kind: 'answer', answer: { choice: index }, bucket: buckets[index]! }),
    );
    const invalid: AnswerRead = {
      kind: 'invalid',
      field: 'choice',
      problem: `give the index of an option, 0 to ${options.length - 1}`,
    };
    return {
      durationMs: ms(durationMs),
      readAnswer: (body) => (typeof body.choice === 'number' ? (answers[body.choice] ?? invalid) : invalid),
      judge: judgeWindow,
      openingData: { question, options },
      publicConfig(facts) {
        const correct = correctOf(config, facts);
        return { question, options, durationMs, ...(correct === null ? {} : { correct }) };
      },
      result(tally, facts) {
        const correct = correctOf(config, facts);
        return {
          counts: buckets.map((bucket) => tally.buckets[bucket] ?? 0),
          ...(correct === null ? {} : { correct }),
        };
      },
    };
  },
});

/** Null until the reveal. What the reveal cue showed to everybody goes before what was planned. */
function correctOf(config: QuizConfig, { revealed }: InteractionFacts): number | null {
  if (revealed === null) return null;
  const shown: unknown = (revealed.data as JsonObject).correct;
  const isOption =
    Number.isInteger(shown) && (shown as number) >= 0 && (shown as number) < config.options.length;
  return isOption ? (shown as number) : (config.correct ?? null);
}
