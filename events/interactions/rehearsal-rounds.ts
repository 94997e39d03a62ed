import type { Cue } from '../../cues/cue.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import { type InteractionRecord, newFacts } from '../ledger/facts.ts';
import type { BookView } from './book.ts';
import type { JudgeLimits } from './judge.ts';
import { RehearsalRound } from './rehearsal-round.ts';
import { type CueEffect, effectOf, inOrderOfEffect } from './steps.ts';
import type { PreparedInteraction } from './type.ts';

export interface RehearsalRoundsOptions {
  /** What was created, and what it means; never its state. */
  readonly interaction: (
    id: string,
  ) => { readonly record: InteractionRecord; readonly prepared: PreparedInteraction } | null;
  readonly limits: JudgeLimits;
  readonly onPassedOver: (cue: Cue, effect: Extract<CueEffect, { kind: 'passed-over' }>) => void;
  readonly maxRounds?: number;
  readonly maxAnswers?: number;
}

const MAX_ROUNDS = 200;
const MAX_ANSWERS = 20_000;
const MAX_CUES = 10_000;

/** A cue of a rehearsal, as the feed and the stamp say it. */
export const isRehearsal = (cue: Pick<Cue, 'rehearsal'>): boolean => cue.rehearsal === true;

/**
 * The rounds of rehearsals, beside the interaction book and without a way into it. An interaction can be rehearsed as
 * often as one likes: each opening cue begins a round of its own, and the real one is as if nothing had been.
 */
export class RehearsalRounds {
  readonly #options: RehearsalRoundsOptions;
  /** By opening cue, oldest first. */
  readonly #byCue = new Map<string, RehearsalRound>();
  readonly #latest = new Map<string, RehearsalRound>();
  /** Ids of cues that were of a rehearsal: what answers them counts for nothing, whatever it says of itself. */
  readonly #cues = new Set<string>();

  constructor(options: RehearsalRoundsOptions) {
    this.#options = options;
  }

  /** What the feed says of a cue of a rehearsal. */
  apply(cue: Cue, now: UnixMicroseconds): void {
    if (!isRehearsal(cue)) return;
    this.#cues.delete(cue.id);
    this.#cues.add(cue.id);
    if (this.#cues.size > MAX_CUES) this.#cues.delete(this.#cues.values().next().value!);
    // A lock, reveal or cancel is of the round that its `ref` opened; a voiding of the one that the cue itself did.
    const named = this.#byCue.get(cue.ref ?? cue.id);
    const effect = effectOf(cue, now, this.#viewFor(cue, named), () => undefined);
    if (effect.kind === 'passed-over') this.#options.onPassedOver(cue, effect);
    if (effect.kind !== 'step') return;
    const { step } = effect;
    if (step.kind !== 'opened') {
      (named ?? this.#latest.get(step.interaction))?.apply(step);
      return;
    }
    const { interaction, limits, maxAnswers = MAX_ANSWERS } = this.#options;
    const found = interaction(step.interaction);
    if (found === null) return;
    this.#put(new RehearsalRound(found.record, found.prepared, step, limits, maxAnswers));
  }

  /** All that is known of cues, after a start or a gap. Answers of before are forgotten with their rounds. */
  applyAll(cues: readonly Cue[], now: UnixMicroseconds): void {
    for (const cue of inOrderOfEffect(cues)) this.apply(cue, now);
  }

  /** The round that a cue has opened. */
  openedBy(cue: string): RehearsalRound | null {
    return this.#byCue.get(cue) ?? null;
  }

  isOfRehearsal(cue: string): boolean {
    return this.#cues.has(cue);
  }

  latestOf(interaction: string): RehearsalRound | null {
    return this.#latest.get(interaction) ?? null;
  }

  /** The rounds as the rules of steps look at them. For an opening cue each interaction is as new. */
  #viewFor(cue: Cue, named: RehearsalRound | undefined): BookView {
    const { interaction } = this.#options;
    return {
      get: (id) => {
        if (named?.interaction === id) return named.view;
        const latest = cue.type === 'interaction.open' ? undefined : this.#latest.get(id);
        if (latest !== undefined) return latest.view;
        const found = interaction(id);
        return found === null ? undefined : { id, facts: newFacts(found.record), prepared: found.prepared };
      },
      openedBy: (stream, id) => {
        const round = this.#byCue.get(id);
        return round?.stream === stream ? round.interaction : undefined;
      },
    };
  }

  #put(round: RehearsalRound): void {
    this.#byCue.delete(round.cue);
    this.#byCue.set(round.cue, round);
    this.#latest.set(round.interaction, round);
    if (this.#byCue.size <= (this.#options.maxRounds ?? MAX_ROUNDS)) return;
    const [oldest] = this.#byCue.values();
    this.#byCue.delete(oldest!.cue);
    if (this.#latest.get(oldest!.interaction) === oldest) this.#latest.delete(oldest!.interaction);
  }
}
