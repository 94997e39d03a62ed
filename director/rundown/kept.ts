import type { Cue } from '../../cues/cue.ts';
import type { RundownDocument } from '../../cues/rundown/index.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type { Pass } from './messages.ts';

/** A rundown as it is kept: what was loaded, and how the ids of its cues are made. */
export interface KeptRundown {
  readonly document: RundownDocument;
  readonly loadedAt: UnixMilliseconds;
  /** Name of the token that loaded it; what runs by itself runs in this name. */
  readonly by: string;
  /** In every cue id of a pass: of no other loading, so that no cue is ever taken for another one's. */
  readonly tags: Readonly<Record<Pass, string>>;
  readonly pass: Pass;
  /** A token that only rehearses has loaded it: it stays a rehearsal's, whatever becomes of that token. */
  readonly rehearsal?: true;
}

export interface Why {
  readonly code: string;
  readonly text: string;
}

export type ItemState =
  | 'pending'
  | 'armed'
  | 'taken'
  | 'announced'
  | 'landed'
  | 'ended'
  | 'missed'
  | 'uncertain'
  | 'cancelled'
  | 'skipped';

/** What is noted of an item beside its cue. An item without one is as it was loaded. */
export interface ItemMark {
  /** How often it was put back to the start: each time its cue has another id. */
  readonly runs: number;
  /** The cue that it brought along from the rundown before; null: the one of its own id. */
  readonly cue: string | null;
  /** How it ended; null: as its cue says, or not yet. */
  readonly settled: Settled | null;
}

export interface Settled {
  readonly state: Extract<ItemState, 'ended' | 'missed' | 'cancelled' | 'skipped'>;
  /** Its cue; null where it never had one. */
  readonly cue: string | null;
  readonly landedPts: number | null;
  /** Unix milliseconds at which its picture passed. */
  readonly landedAt: number | null;
  readonly reason: Why | null;
}

export const UNMARKED: ItemMark = { runs: 0, cue: null, settled: null };

/**
 * The id of an item's cue. It is known before the cue is entered and the same after every restart, and no log takes
 * one id twice: so no item fires twice, whatever happens between the log's commit and our knowing of it.
 */
export const cueIdOf = (item: string, tag: string, { runs, cue }: ItemMark): string =>
  cue ?? `${item}-${tag}${runs === 0 ? '' : `-${runs}`}`;

/** An item's state from what is noted of it and from its cue, as the log has it. */
export function stateOf({ settled }: ItemMark, cue: Cue | null): ItemState {
  if (settled !== null) return settled.state;
  if (cue === null) return 'pending';
  if (cue.voided !== undefined) return 'cancelled';
  return cue.state === 'accepted' ? 'taken' : cue.state;
}

/** On its way to its picture, or open. */
export const isOnAir = (state: ItemState): boolean =>
  state === 'taken' || state === 'announced' || state === 'landed';

/** Nothing has come of it yet, and something still can. */
export const isWaiting = (state: ItemState): boolean => state === 'pending' || state === 'armed';

const VOIDED: Why = { code: 'VOIDED', text: 'It was taken back after it had been announced.' };

export function reasonOf({ settled }: ItemMark, cue: Cue | null): Why | null {
  if (settled !== null) return settled.reason;
  if (cue?.voided !== undefined) return { code: VOIDED.code, text: `${VOIDED.text} (${cue.voided.by})` };
  return cue?.reason ?? null;
}

/** What is kept of a cue that nothing can come of any more; null while something can. */
export function settledBy(cue: Cue): Settled | null {
  const state = stateOf(UNMARKED, cue);
  if (state !== 'ended' && state !== 'missed' && state !== 'cancelled') return null;
  // What is void still has to be told to players; its own state says when that is over.
  if (cue.voided !== undefined && cue.state === 'landed') return null;
  return {
    state,
    cue: cue.id,
    landedPts: cue.landing?.pts ?? null,
    landedAt: cue.landing === null ? null : Math.round(cue.landing.fireAtUs / 1_000),
    reason: reasonOf(UNMARKED, cue),
  };
}
