import { cueAudienceOf, isOpening, momentOf, type RundownItem } from '../../cues/rundown/index.ts';
import { isOnAir } from './kept.ts';
import type { LoadedRundown } from './loaded.ts';

/** A moment that an item has, as far as can be known now. */
export interface Due {
  /** Unix milliseconds. */
  readonly at: number;
  /** The same on the output timeline of `epoch`, where the item that it counts from has landed there. */
  readonly onTimeline: { readonly epoch: string; readonly pts: number } | null;
}

/** What was found already within one look at a rundown, in which nothing changes: chains of items are long. */
export type Known = Map<string, Due | null>;

/**
 * When an item's picture passes or has passed: by its landing, by its cue, or by what it waits for. Null for one
 * that waits for a hand, or for one that nothing will come of.
 */
export function dueOf(run: LoadedRundown, item: RundownItem, known: Known = new Map()): Due | null {
  const found = known.get(item.id);
  if (found !== undefined) return found;
  // Along `after`, which has no circles: the validator saw to it.
  const due = findDue(run, item, known);
  known.set(item.id, due);
  return due;
}

function findDue(run: LoadedRundown, item: RundownItem, known: Known): Due | null {
  const landing = run.landingOf(item.id);
  if (landing !== null) {
    const { at, pts, epoch } = landing;
    return { at, onTimeline: epoch === null ? null : { epoch, pts } };
  }
  const state = run.stateOf(item.id);
  const cue = run.cueOf(item.id);
  if (isOnAir(state) || state === 'uncertain') {
    return cue === null ? null : { at: cue.dueAt ?? cue.acceptedAt, onTimeline: null };
  }
  if (state !== 'pending') return null;
  if (item.at !== undefined) return { at: momentOf(item.at), onTimeline: null };
  const parent = item.after === undefined ? undefined : run.item(item.after.item);
  const from = parent === undefined ? null : dueOf(run, parent, known);
  if (from === null || item.after === undefined) return null;
  const { ms } = item.after;
  const { onTimeline } = from;
  return {
    at: from.at + ms,
    onTimeline: onTimeline === null ? null : { epoch: onTimeline.epoch, pts: onTimeline.pts + ms },
  };
}

/** When a round opens for viewers: its picture, or the common moment behind it. */
function opensAt(run: LoadedRundown, opening: RundownItem, known: Known): number | null {
  const due = dueOf(run, opening, known);
  if (due === null) return null;
  const aligned =
    run.cueOf(opening.id)?.alignAt ??
    (opening.alignAt === undefined ? due.at + (opening.alignInMs ?? 0) : momentOf(opening.alignAt));
  return Math.max(due.at, aligned);
}

/** When a round is locked, as far as is known: by what closes it, or by itself. Unix milliseconds. */
function endsAt(run: LoadedRundown, opening: RundownItem, known: Known): number | null {
  const from = opensAt(run, opening, known);
  const ends = run.closingsOf(opening.id).map((closing) => dueOf(run, closing, known)?.at ?? null);
  if (from !== null && opening.durationMs !== undefined) ends.push(from + opening.durationMs);
  const all = ends.filter((end) => end !== null);
  return all.length === 0 ? null : Math.min(...all);
}

/** Before which a reveal may not be; null: any time. `unlocked`: nothing has locked its round yet. */
export function notBeforeOf(
  run: LoadedRundown,
  item: RundownItem,
  spreadCapMs: number,
  known: Known = new Map(),
): { readonly at: number } | 'unlocked' | null {
  if (item.type !== 'interaction.reveal' || item.ref === undefined) return null;
  const opening = run.item(item.ref);
  if (opening === undefined) return null;
  const others = run.closingsOf(opening.id).filter(({ id }) => id !== item.id);
  const from = opensAt(run, opening, known);
  const ends = others
    .filter(({ type }) => type === 'interaction.lock')
    .map((lock) => dueOf(run, lock, known)?.at ?? null);
  if (from !== null && opening.durationMs !== undefined) ends.push(from + opening.durationMs);
  const all = ends.filter((end) => end !== null);
  return all.length === 0 ? 'unlocked' : { at: Math.min(...all) + spreadCapMs };
}

export interface InTheWay {
  readonly round: string;
  /** When it no longer is; null: nobody knows. */
  readonly until: number | null;
}

/** The round that may not be open together with this one, and is at `at`; null: none. */
export function roundInTheWay(
  run: LoadedRundown,
  item: RundownItem,
  at: number,
  spreadCapMs: number,
): InTheWay | null {
  if (!isOpening(item)) return null;
  const known: Known = new Map();
  const own = isForSome(item);
  for (const other of run.openings) {
    if (other.id === item.id) continue;
    const state = run.stateOf(other.id);
    const apart = own !== isForSome(other);
    const bothGive = item.prize === true && other.prize === true;
    if (!apart && !bothGive) continue;
    if (!isOnAir(state) && !(apart && state === 'ended')) continue;
    const end = endsAt(run, other, known);
    // One that is over without anybody knowing when is over for long: its cue has ended.
    if (end === null && state === 'ended') continue;
    const until = end === null ? null : end + (apart ? spreadCapMs : 0);
    if (until === null || until > at) return { round: other.id, until };
  }
  return null;
}

const isForSome = (item: RundownItem): boolean => cueAudienceOf(item)?.private === true;
