import type { Cue } from '../../cues/cue.ts';
import { isPending } from '../../cues/states.ts';
import type { RundownView } from '../rundown/view.ts';
import type { StageNext } from './shapes.ts';

/** A moment that has passed by this much without anything landing is none to count down to. */
const PAST_MS = 3_000;
const KEPT = 200;

/** Cues of one stream whose picture is still to come. */
export class WaitingCues {
  readonly #cues = new Map<string, Cue>();

  /** True: it may have changed what is next. */
  note(cue: Cue): boolean {
    const waits = isPending(cue.state) && cue.dueAt !== undefined && cue.type !== 'interaction.cancel';
    if (!waits) return this.#cues.delete(cue.id);
    this.#cues.set(cue.id, cue);
    if (this.#cues.size > KEPT) this.#cues.delete(this.#cues.keys().next().value!);
    return true;
  }

  /** What is counted down to; null: nothing has a moment. */
  next(now: number, rundown: RundownView | null, rehearsal: boolean): StageNext | null {
    let next: StageNext | null = null;
    const offer = (one: StageNext): void => {
      if (one.at >= now - PAST_MS && (next === null || one.at < next.at)) next = one;
    };
    for (const cue of this.#cues.values()) {
      if (cue.dueAt === undefined) continue;
      const state = cue.state === 'announced' ? 'announced' : 'waiting';
      offer({ state, at: cue.dueAt, rehearsal: cue.rehearsal === true });
    }
    for (const { state, runsAt } of rundown?.items ?? []) {
      if (state === 'pending' && runsAt !== null) offer({ state: 'planned', at: runsAt, rehearsal });
    }
    return next;
  }
}
