import { type QuestionData, readQuestion } from '../shared/cue-data.ts';
import type { Result } from '../shared/events-api.ts';
import { isObject, listOf, numberOf, textOf } from '../shared/json.ts';

/** A cue that is due, of `GET .../now`, as far as it is about an interaction. Moments are Unix milliseconds. */
export interface DueCue {
  readonly interaction: string;
  readonly question: QuestionData | null;
  readonly fireAt: number;
  readonly durationMs: number | null;
  /** Its round counts for nothing, and has its result elsewhere. */
  readonly rehearsal: boolean;
}

export interface Now {
  readonly at: number;
  readonly cues: readonly DueCue[];
}

export function readNow(value: unknown): Now | null {
  if (!isObject(value)) return null;
  const at = numberOf(value.at);
  const cues = listOf(value.cues, (raw) => (isObject(raw) ? raw : null));
  if (at === null || cues === null) return null;
  return { at: at / 1000, cues: cues.map(readDueCue).filter((cue) => cue !== null) };
}

/** Null for what is about no interaction. */
function readDueCue(raw: { readonly [name: string]: unknown }): DueCue | null {
  const interaction = isObject(raw.data) ? textOf(raw.data.interaction) : null;
  const fireAt = numberOf(raw.fireAt);
  const about = textOf(raw.type)?.startsWith('interaction.') === true;
  if (!about || interaction === null || fireAt === null) return null;
  return {
    interaction,
    question: readQuestion(raw.data),
    fireAt: fireAt / 1000,
    durationMs: numberOf(raw.durationMs),
    rehearsal: raw.rehearsal === true,
  };
}

export interface StageState {
  /** Server's clock less the monotonic clock, milliseconds; null before the first answer. */
  readonly offsetMs: number | null;
  readonly current: Current | null;
  readonly result: Result | null;
}

export interface Current {
  readonly interaction: string;
  /** Null until it is known. */
  readonly question: QuestionData | null;
  /** Of the newest cue about it. */
  readonly since: number;
  readonly closesAt: number | null;
  readonly rehearsal: boolean;
}

export interface Remembered {
  readonly interaction: string;
  readonly since: number;
  readonly rehearsal?: boolean;
}

export type StageEvent =
  /** What this screen showed before it was loaded again. */
  | { readonly kind: 'remembered'; readonly remembered: Remembered }
  /** `receivedAt`: monotonic clock. */
  | { readonly kind: 'now'; readonly now: Now; readonly receivedAt: number }
  | { readonly kind: 'question'; readonly question: QuestionData }
  | { readonly kind: 'result'; readonly result: Result };

export const FIRST_STAGE: StageState = { offsetMs: null, current: null, result: null };

export function nextStage(state: StageState, event: StageEvent): StageState {
  switch (event.kind) {
    case 'now': {
      const { now, receivedAt } = event;
      const offsetMs = betterOffset(state.offsetMs, now.at - receivedAt);
      return followed({ ...state, offsetMs }, newestOf(now.cues));
    }
    case 'remembered':
      if (state.current !== null) return state;
      return { ...state, current: { rehearsal: false, ...event.remembered, question: null, closesAt: null } };
    case 'question':
      if (state.current?.interaction !== event.question.interaction) return state;
      return { ...state, current: { ...state.current, question: event.question } };
    case 'result':
      return state.current?.interaction === event.result.id ? { ...state, result: event.result } : state;
  }
}

const STEP_MS = 5000;

/**
 * An answer is never newer than now, and out of a cache it is older by up to a second: so the greatest difference is
 * the nearest. One that is far off means that a clock was set, and begins anew.
 */
function betterOffset(known: number | null, measured: number): number {
  if (known === null || Math.abs(measured - known) > STEP_MS) return measured;
  return Math.max(known, measured);
}

const newestOf = (cues: readonly DueCue[]): DueCue | null =>
  cues.reduce<DueCue | null>(
    (newest, cue) => (newest === null || cue.fireAt >= newest.fireAt ? cue : newest),
    null,
  );

function followed(state: StageState, cue: DueCue | null): StageState {
  const { current } = state;
  if (cue === null || (current !== null && cue.fireAt < current.since)) return state;
  const same =
    current !== null && current.interaction === cue.interaction && current.rehearsal === cue.rehearsal;
  if (same && cue.fireAt === current.since && current.question !== null) return state;
  const closesAt = cue.durationMs === null ? null : cue.fireAt + cue.durationMs;
  return {
    ...state,
    result: same ? state.result : null,
    current: {
      interaction: cue.interaction,
      question: cue.question ?? (same ? current.question : null),
      since: cue.fireAt,
      closesAt: closesAt ?? (same ? current.closesAt : null),
      rehearsal: cue.rehearsal,
    },
  };
}

export type StagePhase = 'waiting' | 'open' | 'locked' | 'result' | 'cancelled';

/** @param now the server's clock, Unix milliseconds. */
export function stagePhase({ current, result }: StageState, now: number): StagePhase {
  if (current === null || current.question === null) return 'waiting';
  switch (result?.state) {
    case 'RESOLVED':
      return 'result';
    case 'CANCELED':
      return 'cancelled';
    case 'LOCKED':
      return 'locked';
    default: {
      const closesAt = closesAtOf({ current, result });
      return closesAt !== null && now >= closesAt ? 'locked' : 'open';
    }
  }
}

/** When it closes by itself, on the server's clock; null where it does not. */
export const closesAtOf = ({ current, result }: Pick<StageState, 'current' | 'result'>): number | null =>
  result?.locksAt ?? current?.closesAt ?? null;
