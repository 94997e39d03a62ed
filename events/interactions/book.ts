import {
  finalStateOf,
  type InteractionFacts,
  type Transition,
  type TransitionKind,
  withTransition,
} from '../ledger/facts.ts';
import type { LoadedLedger } from '../ledger/store.ts';
import { RealRound } from './real-round.ts';
import { INTERACTION_TYPES } from './registry.ts';
import { ShadowRound } from './shadow-round.ts';
import type { PreparedInteraction } from './type.ts';

/** One interaction in memory: what the ledger has committed about it, bound to its type. */
export interface BookEntry {
  readonly id: string;
  /** What answers are of; grants are of a `RealRound` alone. */
  readonly round: RealRound | ShadowRound;
  readonly prepared: PreparedInteraction;
  facts: InteractionFacts;
  /** Whether anybody may have answered: only then is a refused viewer's earlier receipt looked for. */
  answered: boolean;
  /** How many answers wait for a judgement; changed by `setHeld` alone. */
  held: number;
}

/** What is asked of the book when a cue comes, so that a snapshot can be worked through before it is committed. */
export interface BookView {
  get(id: string): Pick<BookEntry, 'id' | 'facts' | 'prepared'> | undefined;
  /** The interaction that a cue opened. */
  openedBy(stream: string, cue: string): string | undefined;
}

/**
 * The interactions in memory, behind the ledger by nothing: it changes when a commit is known, so that the hot path
 * judges without asking the store. Holds a bounded number; of those that are over, the oldest go first.
 */
export class InteractionBook implements BookView {
  readonly #entries = new Map<string, BookEntry>();
  readonly #live = new Set<BookEntry>();
  readonly #byOpening = new Map<string, string>();
  readonly #withHeld = new Set<BookEntry>();
  readonly #limit: number;
  #heldTotal = 0;
  #holdsAll = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(id: string): BookEntry | undefined {
    return this.#entries.get(id);
  }

  openedBy(stream: string, cue: string): string | undefined {
    return this.#byOpening.get(openingKey(stream, cue));
  }

  /** Those that are neither resolved nor cancelled. */
  live(): Iterable<BookEntry> {
    return this.#live;
  }

  /** Those with answers that wait for a judgement. */
  withHeld(): Iterable<BookEntry> {
    return this.#withHeld;
  }

  get heldTotal(): number {
    return this.#heldTotal;
  }

  setHeld(entry: BookEntry, held: number): void {
    this.#heldTotal += held - entry.held;
    entry.held = held;
    if (held > 0) this.#withHeld.add(entry);
    else this.#withHeld.delete(entry);
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** Whether an id that is not here is nowhere. */
  get holdsAll(): boolean {
    return this.#holdsAll;
  }

  /** Whether another interaction can be created without forgetting one that is not over. */
  get isFull(): boolean {
    return this.#live.size >= this.#limit;
  }

  /**
   * Takes what the ledger knows; what came to memory by itself in the meantime stays.
   * @returns the ids of those that cannot be used: their type is gone, or takes their config no longer.
   */
  load({ interactions }: Pick<LoadedLedger, 'interactions'>): readonly string[] {
    const unusable: string[] = [];
    if (interactions.length >= this.#limit) this.#holdsAll = false;
    for (const { facts, answered, held } of interactions) {
      const entry = this.add(facts);
      if (entry === null) {
        unusable.push(facts.record.id);
        continue;
      }
      for (const kind of KINDS) if (facts[kind] !== null) this.apply(facts[kind]);
      entry.answered ||= answered;
      this.setHeld(entry, held);
    }
    return unusable;
  }

  /** Null where its type is not known here, or no longer takes its config. The entry that is there already stays as it is. */
  add(facts: InteractionFacts): BookEntry | null {
    const found = this.#entries.get(facts.record.id);
    if (found !== undefined) return found;
    const prepared = INTERACTION_TYPES.get(facts.record.type)?.prepare(facts.record.config) ?? null;
    if (prepared === null) return null;
    const { id, shadow } = facts.record;
    const round = shadow === true ? new ShadowRound(id) : new RealRound(id);
    const entry: BookEntry = { id, round, prepared, facts, answered: false, held: 0 };
    this.#entries.set(entry.id, entry);
    this.#index(entry);
    this.#forgetOldest();
    return entry;
  }

  /** A step that is committed. */
  apply(step: Transition): void {
    const entry = this.#entries.get(step.interaction);
    if (entry === undefined) return;
    entry.facts = withTransition(entry.facts, step);
    this.#index(entry);
  }

  #index(entry: BookEntry): void {
    if (finalStateOf(entry.facts) === null) this.#live.add(entry);
    else this.#live.delete(entry);
    const opened = entry.facts.opened?.moment;
    if (opened !== undefined) this.#byOpening.set(openingKey(opened.stream, opened.cue), entry.id);
  }

  #forgetOldest(): void {
    if (this.#entries.size <= this.#limit) return;
    this.#holdsAll = false;
    for (const entry of this.#entries.values()) {
      if (this.#live.has(entry) || entry.held > 0) continue;
      this.#entries.delete(entry.id);
      const opened = entry.facts.opened?.moment;
      if (opened !== undefined) this.#byOpening.delete(openingKey(opened.stream, opened.cue));
      if (this.#entries.size <= this.#limit) return;
    }
  }
}

const KINDS: readonly TransitionKind[] = ['opened', 'locked', 'expired', 'revealed', 'canceled'];

const openingKey = (stream: string, cue: string): string => `${stream} ${cue}`;

/** The book as it will stand once these steps are committed. */
export class BookDraft implements BookView {
  readonly #base: BookView;
  readonly #changed = new Map<string, Pick<BookEntry, 'id' | 'facts' | 'prepared'>>();
  readonly #openings = new Map<string, string>();

  constructor(base: BookView) {
    this.#base = base;
  }

  get(id: string): Pick<BookEntry, 'id' | 'facts' | 'prepared'> | undefined {
    return this.#changed.get(id) ?? this.#base.get(id);
  }

  openedBy(stream: string, cue: string): string | undefined {
    return this.#openings.get(openingKey(stream, cue)) ?? this.#base.openedBy(stream, cue);
  }

  apply(step: Transition): void {
    const entry = this.get(step.interaction);
    if (entry === undefined) return;
    this.#changed.set(entry.id, { ...entry, facts: withTransition(entry.facts, step) });
    if (step.kind === 'opened') this.#openings.set(openingKey(step.moment.stream, step.moment.cue), entry.id);
  }
}
