import type { Cue } from '../../cues/cue.ts';
import { isPending } from '../../cues/states.ts';
import type { RundownView } from '../rundown/view.ts';
import type { StageNext } from './shapes.ts';

/** For so long after its moment a cue is what has just come, landed or late, and not the one after it. */
const PAST_MS = 2_000;
const KEPT = 200;

/** Cues of one stream whose picture is still to come. */
export class WaitingCues {
  readonly #cues = new Map<string, Cue>();
  #landed: StageNext | null = null;

  /** True: it may have changed what is next. */
  note(cue: Cue): boolean {
    const waits = isPending(cue.state) && cue.dueAt !== undefined && cue.type !== 'interaction.cancel';
    if (!waits) {
      const waited = this.#cues.get(cue.id);
      if (waited?.dueAt !== undefined && cue.landing !== null) {
        const at = Math.round(cue.landing.fireAtUs / 1000);
        this.#landed = { state: 'announced', at, rehearsal: cue.rehearsal === true };
      }
      return this.#cues.delete(cue.id);
    }
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
    if (this.#landed !== null) offer(this.#landed);
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
