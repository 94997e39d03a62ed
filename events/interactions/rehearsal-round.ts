import type { JsonObject } from '../../cues/wire/index.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import {
  type Claims,
  type InteractionFacts,
  type InteractionRecord,
  newFacts,
  type RefusalCode,
  type Tally,
  type Transition,
  withTransition,
} from '../ledger/facts.ts';
import type { JudgeLimits } from './judge.ts';
import { type LifeCycle, lifeCycleOf } from './life-cycle.ts';
import type { PreparedInteraction } from './type.ts';

/** What a viewer gets for an answer in a rehearsal. It is in no ledger, and a restart forgets it. */
export interface RehearsalReceipt {
  readonly id: string;
  readonly interaction: string;
  readonly answer: JsonObject;
  readonly arrivedAtUs: UnixMicroseconds;
  readonly status: 'rehearsal';
}

export interface RehearsalAnswer {
  readonly id: string;
  readonly viewer: string;
  readonly answer: JsonObject;
  readonly bucket: string;
  readonly arrivedAtUs: UnixMicroseconds;
  readonly claims: Claims;
}

export type RehearsalOutcome =
  | { readonly kind: 'taken'; readonly receipt: RehearsalReceipt; readonly repeated: boolean }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly why: string }
  /** It holds as many answers as can be. */
  | { readonly kind: 'full' };

/**
 * An interaction as it is rehearsed: it opens, takes answers, locks and resolves like the real one, in memory alone.
 * It knows the interaction's config and nothing of its state; there is nothing here that a grant, the ledger or the
 * interaction's result could be made from.
 */
export class RehearsalRound {
  readonly #prepared: PreparedInteraction;
  readonly #limits: JudgeLimits;
  readonly #maxAnswers: number;
  readonly #answers = new Map<string, RehearsalReceipt>();
  readonly #buckets = new Map<string, number>();
  #facts: InteractionFacts;

  constructor(
    record: InteractionRecord,
    prepared: PreparedInteraction,
    opened: Extract<Transition, { kind: 'opened' }>,
    limits: JudgeLimits,
    maxAnswers: number,
  ) {
    this.#prepared = prepared;
    this.#limits = limits;
    this.#maxAnswers = maxAnswers;
    this.#facts = withTransition(newFacts(record), opened);
  }

  get interaction(): string {
    return this.#facts.record.id;
  }

  /** The cue that opened it. */
  get cue(): string {
    return this.#facts.opened!.moment.cue;
  }

  get stream(): string {
    return this.#facts.opened!.moment.stream;
  }

  /** For the rules of what follows on what; of this rehearsal alone. */
  get view(): {
    readonly id: string;
    readonly facts: InteractionFacts;
    readonly prepared: PreparedInteraction;
  } {
    return { id: this.interaction, facts: this.#facts, prepared: this.#prepared };
  }

  apply(step: Transition): void {
    this.#facts = withTransition(this.#facts, step);
  }

  answer(given: RehearsalAnswer): RehearsalOutcome {
    const first = this.#answers.get(given.viewer);
    const isCanceled = this.#facts.canceled !== null;
    if (first !== undefined && !isCanceled) return { kind: 'taken', receipt: first, repeated: true };
    const { arrivedAtUs, claims } = given;
    const verdict = this.#prepared.judge(this.#facts, { arrivedAtUs, claims }, this.#limits);
    if (verdict.kind === 'refused') return verdict;
    if (this.#answers.size >= this.#maxAnswers) return { kind: 'full' };
    const receipt: RehearsalReceipt = {
      ...{ id: given.id, interaction: this.interaction, answer: given.answer, arrivedAtUs },
      status: 'rehearsal',
    };
    this.#answers.set(given.viewer, receipt);
    this.#buckets.set(given.bucket, (this.#buckets.get(given.bucket) ?? 0) + 1);
    return { kind: 'taken', receipt, repeated: false };
  }

  life(now: UnixMicroseconds): LifeCycle {
    return lifeCycleOf(this.#facts, now, this.#limits);
  }

  /**
   * This type's own fields of what the rehearsal came to. The public hears nothing of what a reveal has shown or
   * completed: the round that counts is still to come.
   */
  result(forWhom: 'staff' | 'public'): JsonObject {
    const tally: Tally = {
      total: this.#answers.size,
      buckets: Object.fromEntries(this.#buckets),
      held: 0,
    };
    const facts = forWhom === 'staff' ? this.#facts : { ...this.#facts, revealed: null };
    return { total: tally.total, ...this.#prepared.result(tally, facts) };
  }
}
