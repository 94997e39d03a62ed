import type { Cue } from '../../shared/media-api.ts';
import { newsBetween } from '../marks.ts';
import { type Guard, isOver } from './guard.ts';
import { type Link, nextLink } from './link.ts';
import { nextOrders, type Order, type OrderEvent } from './orders.ts';
import type { Rundown } from './rundown.ts';
import type { AsRunLine, Control, Seat } from './together.ts';

/** Everything that the console knows of the show. Nothing in it is set but by `nextShow`. */
export interface ShowState {
  readonly link: Link;
  /** Newest first. Null: not told yet. */
  readonly cues: readonly Cue[] | null;
  /** Null: none is loaded. */
  readonly rundown: Rundown | null;
  /** Null: the server knows no control, so nobody is kept out. */
  readonly control: Control | null;
  /** Null: the server knows no modes. */
  readonly rehearsal: boolean | null;
  readonly presence: readonly Seat[];
  /** What was done, by anybody, newest first. */
  readonly log: readonly AsRunLine[];
  /** This console's own presses, newest first. */
  readonly orders: readonly Order[];
  readonly guard: Guard | null;
  /** The item that the director has stepped to; null: whichever is next. */
  readonly chosen: string | null;
  /** What a press came to that did nothing; the newest. */
  readonly hint: Hint | null;
  /** What became of cues lately, to be seen and heard once. `seq` counts up. */
  readonly news: News | null;
}

export interface Hint {
  readonly text: string;
  /** Monotonic, milliseconds. */
  readonly at: number;
}

export interface News {
  readonly seq: number;
  readonly kind: 'landed' | 'missed' | 'uncertain';
  readonly cue: Cue;
  /** Monotonic, milliseconds. */
  readonly at: number;
}

export const FIRST_SHOW: ShowState = {
  link: { kind: 'connecting' },
  cues: null,
  rundown: null,
  control: null,
  rehearsal: null,
  presence: [],
  log: [],
  orders: [],
  guard: null,
  chosen: null,
  hint: null,
  news: null,
};

/** `now`: monotonic, milliseconds. */
export type ShowEvent =
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'cues'; readonly cues: readonly Cue[]; readonly now: number }
  | { readonly kind: 'cue'; readonly cue: Cue; readonly now: number }
  | { readonly kind: 'rundown'; readonly rundown: Rundown | null }
  | { readonly kind: 'control'; readonly control: Control | null }
  | { readonly kind: 'mode'; readonly rehearsal: boolean | null }
  | { readonly kind: 'presence'; readonly presence: readonly Seat[] }
  | { readonly kind: 'log'; readonly lines: readonly AsRunLine[] }
  | { readonly kind: 'order'; readonly event: OrderEvent }
  | { readonly kind: 'guard'; readonly guard: Guard | null }
  | { readonly kind: 'choose'; readonly item: string | null }
  | { readonly kind: 'hint'; readonly text: string; readonly now: number }
  | { readonly kind: 'tick'; readonly now: number };

const LOG_KEPT = 60;
const CUES_KEPT = 120;
const HINT_MS = 6_000;

export function nextShow(state: ShowState, event: ShowEvent): ShowState {
  switch (event.kind) {
    case 'link':
      return { ...state, link: nextLink(state.link, event.link) };
    case 'cues':
      return withCues(state, merged(state.cues, event.cues), event.now);
    case 'cue':
      return withCues(state, merged(state.cues, [event.cue]), event.now);
    case 'rundown':
      return withRundown(state, event.rundown);
    case 'control':
      return { ...state, control: event.control };
    case 'mode':
      return { ...state, rehearsal: event.rehearsal };
    case 'presence':
      return { ...state, presence: event.presence };
    case 'log':
      return { ...state, log: mergedLog(state.log, event.lines) };
    case 'order':
      return {
        ...state,
        orders: nextOrders(state.orders, event.event),
        // What becomes of an earlier press is no reason to take back what was said to this one.
        hint: event.event.kind === 'sent' ? null : state.hint,
      };
    case 'guard':
      return { ...state, guard: event.guard };
    case 'choose':
      return { ...state, chosen: event.item, hint: null };
    case 'hint':
      return { ...state, hint: { text: event.text, at: event.now } };
    case 'tick': {
      const guard = state.guard !== null && isOver(state.guard, event.now) ? null : state.guard;
      const hint = state.hint !== null && event.now - state.hint.at > HINT_MS ? null : state.hint;
      return guard === state.guard && hint === state.hint ? state : { ...state, guard, hint };
    }
  }
}

function withCues(state: ShowState, cues: readonly Cue[], now: number): ShowState {
  const last = newsBetween(state.cues, cues).at(-1);
  if (last === undefined) return { ...state, cues };
  return {
    ...state,
    cues,
    news: { seq: (state.news?.seq ?? 0) + 1, kind: last.kind, cue: last.cue, at: now },
  };
}

/** Cues told later replace those of the same id, unless they tell of an earlier state (two ways lead here). */
function merged(before: readonly Cue[] | null, told: readonly Cue[]): readonly Cue[] {
  const byId = new Map((before ?? []).map((cue) => [cue.id, cue]));
  for (const cue of told) {
    const known = byId.get(cue.id);
    if (known === undefined || progress(cue) >= progress(known)) byId.set(cue.id, cue);
  }
  return [...byId.values()].sort((a, b) => b.markedAt - a.markedAt).slice(0, CUES_KEPT);
}

const PROGRESS = {
  accepted: 0,
  armed: 0,
  taken: 1,
  // An announced cue whose epoch ended is accepted again.
  announced: 1,
  uncertain: 2,
  landed: 3,
  ended: 4,
  cancelled: 4,
  missed: 4,
} as const;

const progress = (cue: Cue): number =>
  (cue.state === 'accepted' ? 1 : PROGRESS[cue.state]) + (cue.voided === undefined ? 0 : 0.5);

/** The choice falls back to the next item once the chosen one is through. */
function withRundown(state: ShowState, rundown: Rundown | null): ShowState {
  const was = state.rundown?.items.find(({ id }) => id === state.chosen);
  const is = rundown?.items.find(({ id }) => id === state.chosen);
  const gone = is === undefined || (was !== undefined && was.state !== is.state && isThrough(is.state));
  return { ...state, rundown, chosen: gone ? null : state.chosen };
}

const isThrough = (state: string): boolean => state !== 'pending' && state !== 'armed';

function mergedLog(before: readonly AsRunLine[], told: readonly AsRunLine[]): readonly AsRunLine[] {
  const bySeq = new Map([...before, ...told].map((line) => [line.seq, line]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, LOG_KEPT);
}
