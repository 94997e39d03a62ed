/** A question as it is typed. */
export interface Draft {
  readonly question: string;
  readonly options: readonly string[];
  /** Index of the right option; null: none is. */
  readonly correct: number | null;
  readonly durationS: number;
}

export const LIMITS = {
  question: 300,
  option: 120,
  leastOptions: 2,
  mostOptions: 4,
  leastDurationS: 1,
  mostDurationS: 3600,
} as const;

/**
 * Question and options stand in every stamp, sealed. About this much of them, in UTF-8 bytes as JSON, fits under
 * the default limit of 1,024 bytes for a stamp's text. The limit is a setting: a longer one is said, not refused.
 */
export const STAMP_ROOM = 300;

export const EMPTY_DRAFT: Draft = { question: '', options: ['', ''], correct: null, durationS: 10 };

/** So that the very first key press has something to open. */
export const SAMPLES: readonly Draft[] = [
  {
    question: 'Which planet has the most known moons?',
    options: ['Jupiter', 'Saturn', 'Uranus', 'Neptune'],
    correct: 1,
    durationS: 20,
  },
  {
    question: 'Which of these is the oldest video codec?',
    options: ['H.264', 'MPEG-2', 'H.261'],
    correct: 2,
    durationS: 20,
  },
  {
    question: 'How many pictures does a second of PAL television show?',
    options: ['24', '25', '30', '50'],
    correct: 1,
    durationS: 15,
  },
];

export type DraftProblem = { readonly field: 'question' | 'options' | 'durationS'; readonly text: string };

/** Nothing where it can be created. */
export function problemsOf(draft: Draft): readonly DraftProblem[] {
  const problems: DraftProblem[] = [];
  const question = draft.question.trim();
  const options = draft.options.map((option) => option.trim());
  if (question === '') problems.push({ field: 'question', text: 'Write the question.' });
  else if (question.length > LIMITS.question) {
    problems.push({ field: 'question', text: `At most ${LIMITS.question} characters.` });
  }
  if (options.some((option) => option === '')) {
    problems.push({ field: 'options', text: 'Fill in every option, or remove it.' });
  } else if (options.some((option) => option.length > LIMITS.option)) {
    problems.push({ field: 'options', text: `At most ${LIMITS.option} characters an option.` });
  } else if (new Set(options).size < options.length) {
    problems.push({ field: 'options', text: 'Two options are the same.' });
  }
  const { durationS } = draft;
  if (!(durationS >= LIMITS.leastDurationS && durationS <= LIMITS.mostDurationS)) {
    problems.push({
      field: 'durationS',
      text: `From ${LIMITS.leastDurationS} to ${LIMITS.mostDurationS} seconds.`,
    });
  }
  return problems;
}

/** UTF-8 bytes that question and options take as JSON. */
export function roomTaken({ question, options }: Draft): number {
  const json = JSON.stringify([question.trim(), ...options.map((option) => option.trim())]);
  return new TextEncoder().encode(json).length;
}

/** `config` of the interaction. */
export function configOf(draft: Draft): {
  readonly question: string;
  readonly options: readonly string[];
  readonly correct?: number;
  readonly durationMs: number;
} {
  return {
    question: draft.question.trim(),
    options: draft.options.map((option) => option.trim()),
    durationMs: Math.round(draft.durationS * 1000),
    ...(draft.correct === null ? {} : { correct: draft.correct }),
  };
}

/** The draft without one option; the right one keeps its mark. */
export function withoutOption(draft: Draft, index: number): Draft {
  const { correct } = draft;
  return {
    ...draft,
    options: draft.options.filter((_, at) => at !== index),
    correct: correct === null || correct === index ? null : correct > index ? correct - 1 : correct,
  };
}
