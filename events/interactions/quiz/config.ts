import { z } from 'zod';

const MAX_OPTIONS = 8;

/** `config` of a quiz. `correct` may stay open until the reveal cue says it. */
export const QuizConfig = z
  .strictObject({
    question: z.string().min(1).max(300),
    options: z.array(z.string().min(1).max(120)).min(2).max(MAX_OPTIONS),
    /** Index into `options`. */
    correct: z
      .int()
      .min(0)
      .max(MAX_OPTIONS - 1)
      .optional(),
    /** Length of the window where the opening cue says none. */
    durationMs: z.int().min(1_000).max(3_600_000),
  })
  .refine(({ correct, options }) => correct === undefined || correct < options.length, {
    path: ['correct'],
    error: 'there is no such option',
  });

export type QuizConfig = z.infer<typeof QuizConfig>;
