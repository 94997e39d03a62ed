import { randomInt } from 'node:crypto';
import type { JsonObject } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { InteractionFacts, InteractionRecord, Tally } from '../ledger/facts.ts';
import type { Ledger } from '../ledger/store.ts';
import type { BookEntry, InteractionBook } from './book.ts';
import { type LifeCycle, lifeCycleOf, type SpreadCap } from './life-cycle.ts';
import { INTERACTION_TYPES } from './registry.ts';

export interface NewInteraction {
  readonly id?: string;
  readonly type: string;
  readonly show?: string;
  readonly stream?: string;
  /** Fits the schema of its type. */
  readonly config: JsonObject;
  readonly shadow?: boolean;
}

/** An interaction as it is read: what is known, bound to its type, and its state now. */
export interface InteractionView {
  readonly facts: InteractionFacts;
  readonly prepared: BookEntry['prepared'];
  readonly life: LifeCycle;
}

export interface CatalogOptions {
  readonly ledger: Ledger;
  readonly book: InteractionBook;
  readonly clock: Clock;
  readonly cap: SpreadCap;
  /** What is made public with a new interaction; null: nothing. */
  readonly announce?: (record: InteractionRecord) => JsonObject | null;
  /** Throws where a new interaction does not go together with what else is there. */
  readonly refuse?: (record: InteractionRecord) => Promise<void>;
}

/** Counts are read from the ledger once in this time, however many look. */
const TALLY_FRESH_US = 500_000;
const TALLIES_KEPT = 1_000;

interface KeptTally {
  readonly atUs: number;
  readonly isFinal: boolean;
  readonly tally: Promise<Tally | null>;
}

/** Interactions, for those who make them and those who read them. */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #tallies = new Map<string, KeptTally>();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  /**
   * @throws {FramecueError} ERR_INTERACTION_EXISTS, ERR_OVERLOADED when too many are not over, and what `refuse` throws
   */
  async create(wanted: NewInteraction): Promise<InteractionView> {
    const { ledger, book, clock } = this.#options;
    if (book.isFull) {
      throw new FramecueError('ERR_OVERLOADED', 'Too many interactions are neither resolved nor cancelled.');
    }
    const { id = newInteractionId(wanted.type), type, show, stream, config, shadow } = wanted;
    const record: InteractionRecord = {
      id,
      type,
      ...(show === undefined ? {} : { show }),
      ...(stream === undefined ? {} : { stream }),
      config,
      ...(shadow === true ? { shadow } : {}),
      createdAtUs: clock.unixUs(),
    };
    await this.#options.refuse?.(record);
    const announced = this.#options.announce?.(record) ?? null;
    const outcome = await ledger.createInteraction(announced === null ? record : { ...record, announced });
    const entry = book.add(outcome.facts);
    if (outcome.kind === 'exists') {
      throw new FramecueError('ERR_INTERACTION_EXISTS', undefined, { details: { id } });
    }
    if (entry === null) throw new Error(`interaction ${id} was created and cannot be used`);
    return this.#view(entry);
  }

  /** @throws {FramecueError} ERR_INTERACTION_UNKNOWN. */
  async get(id: string): Promise<InteractionView> {
    const { ledger, book } = this.#options;
    const entry = book.get(id);
    if (entry !== undefined) return this.#view(entry);
    // Only where some are not in memory is it worth asking: anybody can ask for anything.
    const facts = book.holdsAll ? null : await ledger.factsOf(id);
    const view = facts === null ? null : this.#bind(facts);
    if (view === null) throw new FramecueError('ERR_INTERACTION_UNKNOWN', undefined, { details: { id } });
    return view;
  }

  async list(page: { readonly limit: number; readonly before?: number }): Promise<{
    readonly views: readonly InteractionView[];
    /** `before` of the next page; null: this is the last. */
    readonly next: number | null;
  }> {
    const { interactions } = await this.#options.ledger.listInteractions(page);
    const last = interactions.at(-1);
    return {
      views: interactions.flatMap(({ facts }) => this.#bind(facts) ?? []),
      next: last === undefined || interactions.length < page.limit ? null : last.seq,
    };
  }

  /** The counts as of half a second ago at most; once it is over, as they are for good. */
  async tallyOf({ facts, life }: InteractionView): Promise<Tally> {
    const { id } = facts.record;
    const now = this.#options.clock.monotonicUs();
    const isFinal = life.state === 'RESOLVED' || life.state === 'CANCELED';
    let kept = this.#tallies.get(id);
    if (kept === undefined || now - kept.atUs >= TALLY_FRESH_US || kept.isFinal !== isFinal) {
      kept = { atUs: now, isFinal, tally: this.#options.ledger.resultOf(id) };
      this.#keep(id, kept);
    }
    const tally = await kept.tally;
    if (tally === null) throw new FramecueError('ERR_INTERACTION_UNKNOWN', undefined, { details: { id } });
    return tally;
  }

  #keep(id: string, kept: KeptTally): void {
    this.#tallies.delete(id);
    this.#tallies.set(id, kept);
    // A failure is nobody's result but of those who wait for it now.
    kept.tally.catch(() => {
      if (this.#tallies.get(id) === kept) this.#tallies.delete(id);
    });
    if (this.#tallies.size <= TALLIES_KEPT) return;
    const [oldest] = this.#tallies.keys();
    this.#tallies.delete(oldest!);
  }

  #bind(facts: InteractionFacts): InteractionView | null {
    const entry = this.#options.book.get(facts.record.id);
    if (entry !== undefined) return this.#view(entry);
    const prepared = INTERACTION_TYPES.get(facts.record.type)?.prepare(facts.record.config) ?? null;
    return prepared === null ? null : this.#view({ facts, prepared });
  }

  #view({ facts, prepared }: Pick<BookEntry, 'facts' | 'prepared'>): InteractionView {
    const { clock, cap } = this.#options;
    return { facts, prepared, life: lifeCycleOf(facts, clock.unixUs(), cap) };
  }
}

/** Short: it travels in stamps. Without letters that are taken for digits. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';
const ID_CHARACTERS = 10;

const newInteractionId = (type: string): string =>
  `${type}-${Array.from({ length: ID_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`;
