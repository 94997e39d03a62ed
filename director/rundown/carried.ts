import { isDeepStrictEqual } from 'node:util';
import type { RundownDocument } from '../../cues/rundown/index.ts';
import { type ItemMark, isOnAir, isWaiting } from './kept.ts';
import type { LoadedRundown } from './loaded.ts';

/** What a rundown that takes the place of another one keeps of it. */
export interface Carried {
  readonly marks: ReadonlyMap<string, ItemMark>;
  /** Cues that nobody has seen and that are no longer wanted. */
  readonly takeBack: readonly string[];
}

/**
 * What has landed stays what it is, and what is on its way goes on; what nobody has seen and what has changed begins
 * anew.
 */
export function carriedFrom(old: LoadedRundown, document: RundownDocument): Carried {
  const marks = new Map<string, ItemMark>();
  const takeBack: string[] = [];
  const wanted = new Map(document.items.map((item) => [item.id, item]));
  for (const item of old.items) {
    const state = old.stateOf(item.id);
    const cue = old.cueOf(item.id);
    const successor = wanted.get(item.id);
    const isSame = successor !== undefined && isDeepStrictEqual(item, successor);
    const isOver = state === 'landed' || state === 'ended' || state === 'uncertain';
    if (successor !== undefined && state !== 'pending' && (isSame || isOver || isOnAir(state))) {
      const { settled } = old.markOf(item.id);
      marks.set(item.id, { runs: 0, cue: cue?.id ?? settled?.cue ?? null, settled });
    } else if (cue !== null && (isWaiting(state) || (isOnAir(state) && state !== 'landed'))) {
      takeBack.push(cue.id);
    }
  }
  return { marks, takeBack };
}
