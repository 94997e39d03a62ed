import { isOutcomeUnknown } from '../shared/failure-words.ts';
import type { ApiFailure } from '../shared/http.ts';
import type { Cue, CueState } from '../shared/media-api.ts';
import type { Action } from './keys.ts';

/** One press of a button or key. It is sent once; only a person sends it again, with the same key. */
export interface Mark {
  /** Idempotency-Key of the request. */
  readonly key: string;
  readonly action: Action;
  readonly interaction: string;
  /** Unix milliseconds. */
  readonly pressedAt: number;
  /** PTS on screen at the press; null while it is not known. */
  readonly mediaTime: number | null;
  /** The request as it was sent, so that sending it again is the same request. */
  readonly request: MarkRequest;
  readonly outcome: MarkOutcome;
}

export interface MarkRequest {
  /** Under the media base URL. */
  readonly path: string;
  readonly body: unknown;
}

export type MarkOutcome =
  | { readonly kind: 'sending' }
  | { readonly kind: 'taken'; readonly cueId: string }
  | { readonly kind: 'refused'; readonly failure: ApiFailure }
  /** No answer: the cue may be on its way or not. */
  | { readonly kind: 'unknown'; readonly failure: ApiFailure };

export interface Marks {
  /** Newest first. */
  readonly marks: readonly Mark[];
  /** What the server has, newest first. */
  readonly cues: readonly Cue[];
}

export type MarksEvent =
  | { readonly kind: 'pressed'; readonly mark: Omit<Mark, 'outcome'> }
  | { readonly kind: 'taken'; readonly key: string; readonly cue: Cue }
  | { readonly kind: 'failed'; readonly key: string; readonly failure: ApiFailure }
  | { readonly kind: 'again'; readonly key: string }
  | { readonly kind: 'cues'; readonly cues: readonly Cue[] };

export const FIRST_MARKS: Marks = { marks: [], cues: [] };
const KEPT = 50;

export function nextMarks(state: Marks, event: MarksEvent): Marks {
  switch (event.kind) {
    case 'pressed': {
      const mark: Mark = { ...event.mark, outcome: { kind: 'sending' } };
      return { ...state, marks: [mark, ...state.marks].slice(0, KEPT) };
    }
    case 'taken':
      return {
        marks: withOutcome(state.marks, event.key, { kind: 'taken', cueId: event.cue.id }),
        cues: merged(state.cues, [event.cue]),
      };
    case 'failed': {
      const { failure } = event;
      const kind = isOutcomeUnknown(failure) ? 'unknown' : 'refused';
      return settled({ ...state, marks: withOutcome(state.marks, event.key, { kind, failure }) });
    }
    case 'again':
      return { ...state, marks: withOutcome(state.marks, event.key, { kind: 'sending' }) };
    case 'cues':
      return settled({ ...state, cues: merged(state.cues, event.cues) });
  }
}

const withOutcome = (marks: readonly Mark[], key: string, outcome: MarkOutcome): readonly Mark[] =>
  marks.map((mark) => (mark.key === key ? { ...mark, outcome } : mark));

/** A press of which nothing was heard, whose cue is in the list all the same: only the answer was lost. */
function settled(state: Marks): Marks {
  if (!state.marks.some(({ outcome }) => outcome.kind === 'unknown')) return state;
  const claimed = new Set(state.marks.map(({ outcome }) => (outcome.kind === 'taken' ? outcome.cueId : '')));
  const marks = state.marks.map((mark) => {
    if (mark.outcome.kind !== 'unknown') return mark;
    const cue = state.cues.find((found) => !claimed.has(found.id) && isOf(mark, found));
    if (cue === undefined) return mark;
    claimed.add(cue.id);
    return { ...mark, outcome: { kind: 'taken', cueId: cue.id } } as const;
  });
  return { ...state, marks };
}

const isOf = (mark: Mark, cue: Cue): boolean =>
  cue.type === `interaction.${mark.action}` &&
  cue.interaction === mark.interaction &&
  cue.askedPts === (mark.mediaTime === null ? null : Math.round(mark.mediaTime));

/** How far a cue has come. An answer that was slow on its way never turns one back. */
const RANK: { readonly [state in CueState]: number } = {
  accepted: 0,
  armed: 1,
  taken: 2,
  announced: 3,
  uncertain: 4,
  landed: 5,
  ended: 6,
  cancelled: 7,
  missed: 7,
};

function merged(known: readonly Cue[], news: readonly Cue[]): readonly Cue[] {
  const byId = new Map(known.map((cue) => [cue.id, cue]));
  for (const cue of news) {
    const before = byId.get(cue.id);
    // Back from announced to accepted is a new epoch, and has no landing to lose.
    if (before === undefined || before.landing === null || RANK[cue.state] >= RANK[before.state])
      byId.set(cue.id, cue);
  }
  return [...byId.values()].sort((a, b) => b.markedAt - a.markedAt).slice(0, KEPT);
}

/** One line of the list: a cue of the server, or a press that is none yet. */
export type Row =
  | {
      readonly kind: 'cue';
      readonly key: string;
      readonly at: number;
      readonly cue: Cue;
      readonly mark: Mark | null;
    }
  | { readonly kind: 'mark'; readonly key: string; readonly at: number; readonly mark: Mark };

export function rowsOf({ marks, cues }: Marks): readonly Row[] {
  const markOf = new Map<string, Mark>();
  const rows: Row[] = [];
  for (const mark of marks) {
    if (mark.outcome.kind === 'taken') markOf.set(mark.outcome.cueId, mark);
    else rows.push({ kind: 'mark', key: mark.key, at: mark.pressedAt, mark });
  }
  for (const cue of cues) {
    rows.push({ kind: 'cue', key: cue.id, at: cue.markedAt, cue, mark: markOf.get(cue.id) ?? null });
  }
  return rows.sort((a, b) => b.at - a.at).slice(0, KEPT);
}

/** The newest press of an action on a question, while its cue is not known. */
export function openPress(
  marks: readonly Mark[],
  interaction: string,
  action: Action,
): 'sending' | 'unknown' | null {
  const kind = marks.find((mark) => mark.interaction === interaction && mark.action === action)?.outcome.kind;
  return kind === 'sending' || kind === 'unknown' ? kind : null;
}

/** What changed between two lists that a director should see and hear. */
export type News = { readonly kind: 'landed' | 'missed' | 'uncertain'; readonly cue: Cue };

/** @param before null where this is the first list: what it holds is history. */
export function newsBetween(before: readonly Cue[] | null, after: readonly Cue[]): readonly News[] {
  if (before === null) return [];
  const known = new Map(before.map((cue) => [cue.id, cue.state]));
  const news: News[] = [];
  for (const cue of after) {
    // One that landed faster than its acceptance was heard of is news as well.
    const was = known.get(cue.id) ?? 'accepted';
    if (was === cue.state) continue;
    if (cue.landing !== null && !hadLanded(was)) news.push({ kind: 'landed', cue });
    else if (cue.state === 'missed' || cue.state === 'uncertain') news.push({ kind: cue.state, cue });
  }
  return news;
}

const hadLanded = (state: CueState): boolean => state === 'landed' || state === 'ended';
