import { CautiousWall, type Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import {
  finalStateOf,
  type HeldSubmission,
  type HeldVerdict,
  type InteractionFacts,
  type RefusalCode,
} from '../ledger/facts.ts';
import type { Ledger } from '../ledger/store.ts';
import type { EventsObserver } from '../observer.ts';
import type { BookEntry, InteractionBook } from './book.ts';
import type { JudgeLimits } from './judge.ts';

export interface HeldLimits {
  /** How many answers may be held at a time, over all interactions. */
  readonly count: number;
  /** For how long an answer waits for its cue. */
  readonly forMs: number;
}

const PAGE = 500;

/** Answers that came with the proof of a cue that the feed has not brought yet. */
export class HeldAnswers {
  readonly #ledger: Ledger;
  readonly #book: InteractionBook;
  readonly #clock: Clock;
  /** An answer is refused for good. */
  readonly #wall: CautiousWall;
  readonly #log: Log;
  readonly #limits: HeldLimits;
  readonly #judgeLimits: JudgeLimits;
  readonly #observer: EventsObserver;

  constructor(options: {
    readonly ledger: Ledger;
    readonly book: InteractionBook;
    readonly clock: Clock;
    readonly log: Log;
    readonly limits: HeldLimits;
    readonly judgeLimits: JudgeLimits;
    readonly observer: EventsObserver;
  }) {
    this.#ledger = options.ledger;
    this.#book = options.book;
    this.#clock = options.clock;
    this.#wall = new CautiousWall(options.clock);
    this.#log = options.log;
    this.#limits = options.limits;
    this.#judgeLimits = options.judgeLimits;
    this.#observer = options.observer;
  }

  get isFull(): boolean {
    return this.#book.heldTotal >= this.#limits.count;
  }

  /**
   * Judges all that an interaction holds by these facts: what arrived is judged by when it arrived, not by when the
   * feed caught up. To be called with the facts before a reveal, so that an honest answer is not late by our own
   * fault.
   */
  async judgeAll(entry: BookEntry, facts: InteractionFacts): Promise<void> {
    await this.#work(entry, ({ arrivedAtUs, claims }) => {
      const verdict = entry.prepared.judge(facts, { arrivedAtUs, claims }, this.#judgeLimits);
      return verdict.kind === 'in-time' ? 'accepted' : verdict.code;
    });
  }

  /** Takes care of those whose cue never came, or whose interaction was over before they could be judged. */
  async refuseOverdue(entry: BookEntry): Promise<void> {
    const state = finalStateOf(entry.facts);
    const oldest = this.#wall.unixUs() - this.#limits.forMs * 1000;
    await this.#work(entry, ({ arrivedAtUs }) => {
      if (state !== null) return state === 'CANCELED' ? 'ERR_INTERACTION_CANCELED' : 'ERR_INTERACTION_LOCKED';
      return arrivedAtUs <= oldest ? 'ERR_INTERACTION_NOT_OPEN' : null;
    });
  }

  /** Oldest first; ends at the first one that is to wait on. */
  async #work(
    entry: BookEntry,
    judge: (held: HeldSubmission) => 'accepted' | RefusalCode | null,
  ): Promise<void> {
    for (;;) {
      const page = await this.#ledger.heldSubmissions(entry.id, PAGE);
      const judgedAtUs = this.#clock.unixUs();
      const verdicts: HeldVerdict[] = [];
      for (const held of page) {
        const verdict = judge(held);
        if (verdict === null) break;
        const common = { submission: held.id, interaction: entry.id, judgedAtUs };
        verdicts.push(
          verdict === 'accepted' ? { ...common, verdict } : { ...common, verdict: 'refused', code: verdict },
        );
      }
      if (page.length === 0) this.#book.setHeld(entry, 0);
      if (verdicts.length === 0) return;
      const { accepted, refused } = await this.#ledger.judgeHeld(verdicts);
      this.#book.setHeld(entry, Math.max(0, entry.held - accepted - refused));
      this.#observer.heldJudged(accepted, refused);
      this.#log.info({ interaction: entry.id, accepted, refused }, 'held answers are judged');
    }
  }
}
