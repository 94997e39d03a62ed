import { given, isObject, listOf, momentOf, numberOf, textOf } from './json.ts';

/** What the events service says. Moments are Unix milliseconds. */
export const INTERACTION_STATES = ['SCHEDULED', 'ACTIVE', 'LOCKED', 'RESOLVED', 'CANCELED'] as const;
export type InteractionState = (typeof INTERACTION_STATES)[number];

export interface Interaction {
  readonly id: string;
  readonly state: InteractionState;
  readonly question: string;
  readonly options: readonly string[];
  /** Only who may direct sees it before the end. */
  readonly correct: number | null;
  readonly durationMs: number | null;
  readonly createdAt: number | null;
  readonly lockedAt: number | null;
}

export interface Result {
  readonly id: string;
  readonly state: InteractionState;
  readonly total: number;
  readonly counts: readonly number[];
  readonly correct: number | null;
  readonly openedAt?: number;
  /** May be ahead. */
  readonly locksAt?: number;
  readonly lockedAt?: number;
  /** Until then answers of viewers who had not seen the lock are counted; may be ahead. */
  readonly settlesAt?: number;
  readonly resolvedAt?: number;
}

const stateOf = (value: unknown): InteractionState | null =>
  INTERACTION_STATES.includes(value as InteractionState) ? (value as InteractionState) : null;

export function readInteraction(value: unknown): Interaction | null {
  if (!isObject(value)) return null;
  const config = isObject(value.config) ? value.config : value;
  const id = textOf(value.id);
  const state = stateOf(value.state);
  const question = textOf(config.question);
  const options = listOf(config.options, textOf);
  if (id === null || state === null || question === null || options === null) return null;
  return {
    id,
    state,
    question,
    options,
    correct: numberOf(config.correct) ?? numberOf(value.correct),
    durationMs: numberOf(config.durationMs),
    createdAt: momentOf(value.createdAt),
    lockedAt: momentOf(value.lockedAt),
  };
}

export function readInteractions(value: unknown): readonly Interaction[] | null {
  const list = isObject(value) ? value.interactions : value;
  // Lotteries and sales have pages of their own; a list that holds one is a list of questions all the same.
  const isQuestion = (entry: unknown) =>
    !isObject(entry) || textOf(entry.type) === null || entry.type === 'quiz';
  return Array.isArray(list) ? listOf(list.filter(isQuestion), readInteraction) : null;
}

export function readResult(value: unknown): Result | null {
  if (!isObject(value)) return null;
  const id = textOf(value.id);
  const state = stateOf(value.state);
  // A round without options (a lottery) counts none.
  const counts = value.counts === undefined ? [] : listOf(value.counts, numberOf);
  if (id === null || state === null || counts === null) return null;
  return {
    id,
    state,
    counts,
    total: numberOf(value.total) ?? counts.reduce((sum, count) => sum + count, 0),
    correct: numberOf(value.correct),
    ...given('openedAt', momentOf(value.openedAt)),
    ...given('locksAt', momentOf(value.locksAt)),
    ...given('lockedAt', momentOf(value.lockedAt)),
    ...given('settlesAt', momentOf(value.settlesAt)),
    ...given('resolvedAt', momentOf(value.resolvedAt)),
  };
}
