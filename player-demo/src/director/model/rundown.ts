import {
  booleanOf,
  given,
  isObject,
  type JsonObject,
  listOf,
  momentOf,
  numberOf,
  textOf,
} from '../../shared/json.ts';

export const ITEM_STATES = [
  'pending',
  'armed',
  'taken',
  'announced',
  'landed',
  'ended',
  'missed',
  'uncertain',
  'cancelled',
  'skipped',
] as const;
export type ItemState = (typeof ITEM_STATES)[number];

/** One line of the running order. Spans are milliseconds, moments Unix milliseconds. */
export interface Item {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly state: ItemState;
  /** Its cue, once there is one. */
  readonly cue: string | null;
  readonly landedPts: number | null;
  readonly reason: string | null;
  /** It gives prizes: armed first, then taken. */
  readonly prize: boolean;
  /** Runs by itself at a moment or after another item; else by hand. */
  readonly starts: Starts;
  /** When it runs by itself, as far as is known now, Unix milliseconds. */
  readonly runsAt: number | null;
  /** Before which it is refused: a reveal, before the lock and the spread of the viewers. Unix milliseconds. */
  readonly notBefore: number | null;
  readonly ref: string | null;
  readonly interaction: string | null;
  readonly durationMs: number | null;
  readonly alignInMs: number | null;
  readonly private: boolean;
  readonly notes: string | null;
}

export type Starts =
  | { readonly kind: 'hand' }
  | { readonly kind: 'at'; readonly at: number }
  | { readonly kind: 'after'; readonly item: string; readonly ms: number };

export interface Rundown {
  readonly id: string;
  readonly title: string;
  readonly rev: number | null;
  /** The item that a plain take takes; null at the end. */
  readonly next: string | null;
  readonly items: readonly Item[];
}

const BY_HAND: Starts = { kind: 'hand' };

export function readRundown(value: unknown): Rundown | null {
  if (!isObject(value)) return null;
  const id = textOf(value.id);
  const items = listOf(value.items, readItem);
  if (id === null || items === null) return null;
  return {
    id,
    title: textOf(value.title) ?? id,
    rev: numberOf(value.rev),
    next: textOf(value.next),
    items,
  };
}

function readItem(value: unknown): Item | null {
  if (!isObject(value)) return null;
  const id = textOf(value.id);
  const type = textOf(value.type);
  const state = ITEM_STATES.find((known) => known === value.state);
  if (id === null || type === null || state === undefined) return null;
  return {
    ...{ id, type, state },
    title: textOf(value.title) ?? id,
    cue: textOf(value.cue),
    landedPts: numberOf(value.landedPts),
    reason: reasonOf(value.reason),
    prize: booleanOf(value.prize) ?? false,
    starts: startsOf(value),
    runsAt: momentOf(value.runsAt),
    notBefore: momentOf(value.notBefore),
    ref: textOf(value.ref),
    interaction: textOf(value.interaction),
    durationMs: numberOf(value.durationMs),
    alignInMs: numberOf(value.alignInMs),
    private: value.audience === 'private' || (isObject(value.audience) && value.audience.private === true),
    notes: textOf(value.notes),
  };
}

const reasonOf = (value: unknown): string | null =>
  isObject(value) ? (textOf(value.text) ?? textOf(value.code)) : textOf(value);

function startsOf({ at, after }: JsonObject): Starts {
  const moment = momentOf(at);
  if (moment !== null) return { kind: 'at', at: moment };
  if (!isObject(after)) return BY_HAND;
  const item = textOf(after.item);
  return item === null ? BY_HAND : { kind: 'after', item, ms: numberOf(after.ms) ?? 0 };
}

/** Nothing has come of it yet, and something still can. */
export const isWaiting = ({ state }: Item): boolean => state === 'pending' || state === 'armed';

/** On its way to its picture, or the players show it. */
export const isUnderWay = ({ state }: Item): boolean =>
  state === 'taken' || state === 'announced' || state === 'landed';

/** The item that keys act on: the one that was chosen, while it can still be taken, else the next. */
export function itemAtHand(rundown: Rundown | null, chosen: string | null): Item | null {
  if (rundown === null) return null;
  const find = (id: string | null): Item | null => rundown.items.find((item) => item.id === id) ?? null;
  return find(chosen) ?? find(rundown.next);
}

/** The item that many steps from the one at hand, at most the ends. */
export function stepped(rundown: Rundown, from: string | null, by: number): string | null {
  if (rundown.items.length === 0) return null;
  const at = rundown.items.findIndex(({ id }) => id === from);
  const to = Math.min(rundown.items.length - 1, Math.max(0, (at < 0 ? 0 : at) + by));
  return rundown.items[to]!.id;
}

/** One thing that is wrong with a rundown's file. */
export interface RundownIssue {
  readonly item: string | null;
  readonly line: number | null;
  readonly field: string | null;
  readonly code: string | null;
  readonly problem: string;
}

/** All that a refusal lists; nothing where it lists nothing. */
export function readIssues(details: JsonObject | undefined): readonly RundownIssue[] {
  const issues = listOf(details?.issues, readIssue) ?? [];
  return [...issues].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function readIssue(value: unknown): RundownIssue | null {
  if (!isObject(value)) return null;
  const known = {
    ...given('item', textOf(value.item)),
    ...given('line', numberOf(value.line)),
    ...given('field', textOf(value.field)),
    ...given('code', textOf(value.code)),
  };
  const problem = textOf(value.problem) ?? 'is not right';
  return { item: null, line: null, field: null, code: null, ...known, problem };
}
