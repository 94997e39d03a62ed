import type { RundownItem } from '../../cues/rundown/index.ts';
import type { ItemState, Why } from './kept.ts';
import type { LoadedRundown } from './loaded.ts';
import { dueOf, type Known, notBeforeOf } from './moments.ts';

/** One item as the API and consoles show it. Moments are Unix milliseconds. */
export type ItemView = RundownItem & {
  readonly state: ItemState;
  /** Id of its cue, once it has one. */
  readonly cue: string | null;
  /** PTS of its picture on the output timeline. */
  readonly landedPts: number | null;
  readonly reason: Why | null;
  /** When it runs by itself, as far as is known now. */
  readonly runsAt: number | null;
  /** Before which it is refused: a reveal, before the lock and the capped spread. */
  readonly notBefore: number | null;
};

/** A stream's rundown as the API and consoles show it. */
export interface RundownView {
  readonly id: string;
  readonly title: string | null;
  readonly show: string | null;
  readonly stream: string;
  /** Counts the rundowns that this stream has had. */
  readonly rev: number;
  readonly loadedAt: number;
  readonly by: string;
  readonly rehearsal: boolean;
  /** What a plain take takes; null at the end. */
  readonly next: string | null;
  readonly items: readonly ItemView[];
}

export function viewOf(run: LoadedRundown, spreadCapMs: number): RundownView {
  const { document, loadedAt, by, pass } = run.kept;
  const known: Known = new Map();
  return {
    id: document.id,
    title: document.title ?? null,
    show: document.show ?? null,
    stream: run.stream,
    rev: run.rev,
    loadedAt,
    by,
    rehearsal: pass === 'rehearsal',
    next: run.next(),
    items: document.items.map((item) => itemView(run, item, spreadCapMs, known)),
  };
}

function itemView(run: LoadedRundown, item: RundownItem, spreadCapMs: number, known: Known): ItemView {
  const state = run.stateOf(item.id);
  const isPending = state === 'pending';
  const early = isPending || state === 'armed' ? notBeforeOf(run, item, spreadCapMs, known) : null;
  const due = isPending ? dueOf(run, item, known) : null;
  return {
    ...item,
    state,
    cue: run.cueOf(item.id)?.id ?? run.markOf(item.id).settled?.cue ?? null,
    landedPts: run.landingOf(item.id)?.pts ?? null,
    reason: run.reasonOf(item.id),
    runsAt: due === null ? null : Math.round(due.at),
    notBefore: early === null || early === 'unlocked' ? null : Math.round(early.at),
  };
}
