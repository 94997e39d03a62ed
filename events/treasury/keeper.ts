import { CautiousWall, type Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import type { Books } from '../ledger/commands.ts';
import type { TreasuryDue } from '../ledger/treasury-commands.ts';
import { every, type Timers } from '../timers.ts';
import type { TreasuryObserver } from './observer.ts';

const TICK_MS = 250;
/** Rights or answers in one transaction: some tens of milliseconds, so that answers of viewers never wait for long. */
const AT_ONCE = 200;
/** Of the batches of one kind in one tick: the others get their turn. */
const BATCHES = 20;
const LOOK_EVERY = 20;

export interface TreasuryKeeperOptions {
  readonly books: Books;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: TreasuryObserver;
  /** Behind `dropsBox`, as hex. */
  readonly boxKey: string;
  readonly atOnce?: number;
}

/**
 * Does what follows by itself: grants after a reveal, voids after a cancel, reservations that end, boxes, measures whose
 * time has come, sweeps. Each batch is one transaction that finds its work in the ledger, so what a crash leaves undone
 * is done after the next start, and nothing is done twice.
 */
export class TreasuryKeeper {
  readonly #options: TreasuryKeeperOptions;
  readonly #atOnce: number;
  /** What ends here ends for good: reservations, pools. */
  readonly #wall: CautiousWall;
  #stop: (() => void) | null = null;
  #stopped = false;
  #underWay: Promise<void> = Promise.resolve();
  #failing = false;
  #ticks = 0;

  constructor(options: TreasuryKeeperOptions) {
    this.#options = options;
    this.#atOnce = options.atOnce ?? AT_ONCE;
    this.#wall = new CautiousWall(options.clock);
  }

  start(timers: Timers): void {
    this.#stop ??= every(timers, TICK_MS, () => {
      this.#underWay = this.tick();
      return this.#underWay;
    });
  }

  /** Resolves once nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stop?.();
    await this.#underWay;
  }

  async tick(): Promise<void> {
    const { books, log, observer } = this.#options;
    try {
      const due = await books.ask('treasury.due', { nowUs: this.#wall.unixUs() });
      await this.#work(due);
      if (this.#ticks++ % LOOK_EVERY === 0) observer.stands(await books.ask('treasury.view', { show: null }));
      this.#failing = false;
    } catch (error) {
      // The store is full or away; the next tick tries again. Said once.
      if (!this.#failing && !this.#stopped) {
        log.warn({ err: error }, 'the treasury could not go on; it tries again');
      }
      this.#failing = true;
    }
  }

  async #work(due: TreasuryDue): Promise<void> {
    const { books, observer, boxKey, log } = this.#options;
    const batch = () => ({ limit: this.#atOnce, atUs: this.#wall.unixUs() });
    // What takes back goes before what gives.
    if (due.voids) {
      await this.#repeat(async () => {
        const { voided, reversed } = await books.perform('rounds.void', batch());
        observer.voided('round', voided);
        observer.reversed(reversed);
        return voided + reversed;
      });
    }
    if (due.expired) {
      await this.#repeat(async () => {
        const { expired } = await books.perform('rights.expire', batch());
        observer.voided('expired', expired);
        return expired;
      });
    }
    if (due.grants) {
      await this.#repeat(async () => {
        const { granted } = await books.perform('grants.make', batch());
        observer.granted(granted);
        return granted;
      });
    }
    if (due.boxes) {
      await this.#repeat(async () => {
        const { looked, dropped } = await books.perform('boxes.deal', { ...batch(), key: boxKey });
        observer.boxesDropped(dropped);
        return looked;
      });
    }
    const { atUs } = batch();
    for (const named of due.measures) {
      const outcome = await books.perform('measure.apply', { ...named, by: null, atUs });
      if (outcome.kind === 'done') observer.measureApplied();
      const level = outcome.kind === 'refused' ? 'warn' : 'info';
      log[level]({ ...named, outcome: outcome.kind }, 'a prepared measure has come due');
    }
    for (const pool of due.sweeps) {
      const outcome = await books.perform('pool.sweep', { pool, key: `end:${atUs}`, by: null, atUs });
      if (outcome.kind === 'done') observer.swept();
      const level = outcome.kind === 'refused' ? 'warn' : 'info';
      log[level]({ pool, outcome: outcome.kind }, 'a pool has come to its end');
    }
  }

  /** Until a batch was not full. */
  async #repeat(run: () => Promise<number>): Promise<void> {
    for (let n = 0; n < BATCHES && !this.#stopped; n++) if ((await run()) < this.#atOnce) return;
  }
}
