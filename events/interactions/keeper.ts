import { CautiousWall, type Clock } from '../../packet/clock.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import { finalStateOf } from '../ledger/facts.ts';
import type { Ledger } from '../ledger/store.ts';
import { every, type Timers } from '../timers.ts';
import type { BookEntry, InteractionBook } from './book.ts';
import type { FeedFollower } from './feed-follower.ts';
import type { HeldAnswers } from './held.ts';
import { windowEndOf } from './life-cycle.ts';

const TICK_MS = 250;
/** A feed that catches up brings the lock right behind the opening: held answers wait until it pauses. */
const FEED_PAUSE_US = 500_000;

/**
 * Writes down what time does: windows that end by themselves, held answers that can be judged. All of it follows
 * from the ledger and the clock, so what a crash leaves undone is done after the next start; no judgement and no
 * state waits for it.
 */
export class Keeper {
  readonly #ledger: Ledger;
  readonly #book: InteractionBook;
  readonly #held: HeldAnswers;
  readonly #follower: FeedFollower;
  readonly #clock: Clock;
  readonly #wall: CautiousWall;
  readonly #log: Log;
  #stop: (() => void) | null = null;
  #failing = false;

  constructor(options: {
    readonly ledger: Ledger;
    readonly book: InteractionBook;
    readonly held: HeldAnswers;
    readonly follower: FeedFollower;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#ledger = options.ledger;
    this.#book = options.book;
    this.#held = options.held;
    this.#follower = options.follower;
    this.#clock = options.clock;
    this.#wall = new CautiousWall(options.clock);
    this.#log = options.log;
  }

  start(timers: Timers): void {
    this.#stop ??= every(timers, TICK_MS, () => this.tick());
  }

  stop(): void {
    this.#stop?.();
    this.#stop = null;
  }

  async tick(): Promise<void> {
    try {
      const nowUs = this.#wall.unixUs();
      for (const entry of [...this.#book.live()]) await this.#expire(entry, nowUs);
      for (const entry of [...this.#book.withHeld()]) await this.#settle(entry);
      this.#failing = false;
    } catch (error) {
      // The store is full or away; the next tick tries again. Said once.
      if (!this.#failing) this.#log.warn({ err: error }, 'what time has done could not be written down yet');
      this.#failing = true;
    }
  }

  async #expire(entry: BookEntry, nowUs: UnixMicroseconds): Promise<void> {
    const { expired, locked } = entry.facts;
    const atUs = windowEndOf(entry.facts);
    if (expired !== null || atUs === null || nowUs < atUs) return;
    if (locked !== null && locked.moment.fireAtUs <= atUs) return;
    const step = { kind: 'expired', interaction: entry.id, atUs } as const;
    const outcome = await this.#ledger.recordTransition(step);
    if (outcome.kind === 'recorded' || outcome.kind === 'already') this.#book.apply(step);
  }

  async #settle(entry: BookEntry): Promise<void> {
    if (entry.facts.opened === null || finalStateOf(entry.facts) !== null) {
      await this.#held.refuseOverdue(entry);
      return;
    }
    const paused = this.#clock.monotonicUs() - this.#follower.appliedAtUs >= FEED_PAUSE_US;
    if (paused) await this.#held.judgeAll(entry, entry.facts);
  }
}
