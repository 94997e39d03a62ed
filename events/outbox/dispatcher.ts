import type { Clock } from '../../packet/clock.ts';
import { unixUs } from '../../packet/time.ts';
import type { Log } from '../../service/log.ts';
import { RateAllowance } from '../gateway/rate-allowance.ts';
import type { Books } from '../ledger/commands.ts';
import type { OutboxItem, OutboxLane } from '../ledger/outbox.ts';
import { every, type Timers } from '../timers.ts';
import type { CallFailure, CallOutcome } from './answer.ts';
import { Breaker, type BreakerState } from './breaker.ts';
import { type CallOptions, call } from './call.ts';
import { isUnreachable, Lane, type LaneLimits } from './lane.ts';
import { type OutboxObserver, silentOutboxObserver } from './observer.ts';
import type { RecentCalls } from './recent.ts';
import { LONGEST_WAIT_MS, retryDelay } from './retry.ts';

export interface DispatcherOptions {
  readonly books: Books;
  /** Null: nothing is sent, and everything waits. */
  readonly call: Omit<CallOptions, 'clock' | 'timers'> | null;
  readonly lane: LaneLimits;
  /** Calls a second of all lanes together. */
  readonly perSecond: number;
  /** Failures of an item beyond this age leave it dead. */
  readonly giveUpMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly observer?: OutboxObserver;
}

export interface DispatcherStatus {
  readonly sending: boolean;
  /** Opens when the downstream cannot be reached at all. */
  readonly breaker: BreakerState;
  /** By lane; a lane that has not been sent from since the start is not here. */
  readonly lanes: ReadonlyMap<string, SendingLane>;
}

export interface SendingLane {
  readonly breaker: BreakerState;
  readonly inFlight: number;
  /** Until it may be tried: the breaker's wait, or what the downstream has asked for. */
  readonly waitMs: number;
  readonly lastMinute: RecentCalls;
}

const TICK_MS = 200;
/** Read from the ledger at a time. */
const READ_AHEAD = 32;
/** Between two tries to write down what a call came to. */
const RECORD_AGAIN_MS = 500;

/**
 * Sends what the outbox holds. It keeps nothing that counts: which item is next and when stands in the ledger, and an
 * item whose call was under way when the process ended is sent again with the same id.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #observer: OutboxObserver;
  readonly #whole: Breaker<CallOutcome>;
  readonly #rate: RateAllowance;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that found the allowance of all used up, in the order of their turns. */
  readonly #turns = new Set<Lane>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #stopped = false;
  #cancelTick: (() => void) | null = null;
  #failing = false;
  #unrecorded = 0;

  constructor(options: DispatcherOptions) {
    const { clock, random, lane, perSecond, observer = silentOutboxObserver } = options;
    this.#options = options;
    this.#observer = observer;
    this.#rate = new RateAllowance(Math.max(1, perSecond), perSecond, clock.monotonicUs());
    this.#whole = new Breaker({
      clock,
      random,
      limits: lane.breaker,
      isFailure: isUnreachable,
      onChange: (state) => this.#onBreaker(null, state),
    });
  }

  start(): void {
    this.#cancelTick ??= every(this.#options.timers, TICK_MS, () => this.tick());
  }

  /** Looks into the ledger, and begins what may be sent. */
  async tick(): Promise<void> {
    try {
      const lanes = await this.#options.books.ask('outbox.lanes', {});
      this.#observe(lanes);
      if (this.#options.call === null) return;
      const nowUs = this.#options.clock.unixUs();
      const due = lanes.filter(
        ({ nextUs }) => nextUs !== null && (nextUs <= nowUs || nextUs > nowUs + LONGEST_WAIT_MS * 1000),
      );
      const lanesDue = due.map(({ lane }) => this.#laneOf(lane));
      for (const lane of this.#turns) if (!lanesDue.includes(lane)) this.#turns.delete(lane);
      await Promise.all([...new Set([...this.#turns, ...lanesDue])].map((lane) => this.#fill(lane)));
      this.#forgetIdle(lanes);
      this.#failing = false;
    } catch (error) {
      if (this.#stopped) return;
      // The store is full or away; the next tick asks again. Said once.
      if (!this.#failing) this.#options.log.warn({ err: error }, 'the outbox could not be read');
      this.#failing = true;
    }
  }

  status(): DispatcherStatus {
    return {
      sending: this.#options.call !== null && !this.#stopped,
      breaker: this.#whole.state,
      lanes: new Map(
        [...this.#lanes].map(([name, { breaker, inFlight, pausedMs, recent }]) => [
          name,
          {
            breaker: breaker.state,
            inFlight: inFlight.size,
            waitMs: Math.ceil(Math.max(breaker.waitMs, pausedMs, this.#whole.waitMs)),
            lastMinute: recent.lastMinute,
          },
        ]),
      ),
    };
  }

  /** Begins nothing more; waits for what is under way, and lets go of it after `graceMs`: it will be sent again. */
  async close(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelTick?.();
    const cancel = this.#options.timers.after(graceMs, () => this.#stop.abort());
    await Promise.all(this.#running);
    cancel();
  }

  /** As many as may be sent now, of this lane alone. */
  async #fill(lane: Lane): Promise<void> {
    if (lane.filling) return;
    lane.filling = true;
    try {
      while (this.#mayStart(lane)) {
        if (lane.waiting.length === 0) lane.waiting = await this.#read(lane);
        // Much may have happened while the ledger was asked.
        if (lane.waiting.length === 0 || !this.#mayStart(lane)) break;
        if (!this.#takeTurn(lane)) return;
        const [item, ...rest] = lane.waiting;
        lane.waiting = rest;
        this.#begin(lane, item!);
      }
      // It wants nothing now: nobody is to wait for its turn.
      this.#turns.delete(lane);
    } finally {
      lane.filling = false;
    }
  }

  /** A call has ended: those whose turn it is come before its lane. */
  async #fillOn(lane: Lane): Promise<void> {
    for (const other of [...this.#turns]) await this.#fill(other);
    await this.#fill(lane);
  }

  /** One call from the allowances: of its own, and of all, which lanes take from in turns. */
  #takeTurn(lane: Lane): boolean {
    const [first] = this.#turns;
    if (first !== undefined && first !== lane) {
      this.#turns.add(lane);
      return false;
    }
    if (!lane.takeRate()) {
      this.#turns.delete(lane);
      return false;
    }
    // Behind the others, if it wants another.
    this.#turns.delete(lane);
    if (this.#rate.take(this.#options.clock.monotonicUs())) return true;
    this.#turns.add(lane);
    return false;
  }

  #mayStart(lane: Lane): boolean {
    return !this.#stopped && lane.isFree && this.#whole.mayTry();
  }

  async #read(lane: Lane): Promise<readonly OutboxItem[]> {
    const due = await this.#options.books.ask('outbox.due', {
      nowUs: this.#options.clock.unixUs(),
      lane: lane.name,
      limit: READ_AHEAD + lane.inFlight.size,
      longestUs: LONGEST_WAIT_MS * 1000,
    });
    return due.filter(({ id }) => !lane.inFlight.has(id));
  }

  #begin(lane: Lane, item: OutboxItem): void {
    lane.inFlight.add(item.id);
    const running = lane
      .run(() => this.#deliver(lane, item))
      .catch((error: unknown) => {
        this.#options.log.error({ err: error, item: item.id, lane: lane.name }, 'an item was not sent');
      })
      .finally(() => {
        this.#running.delete(running);
        lane.inFlight.delete(item.id);
        // At once, not at the next tick: the rate is bounded by its own cap.
        if (!this.#stopped) void this.#fillOn(lane).catch(() => this.tick());
      });
    this.#running.add(running);
  }

  async #deliver(lane: Lane, item: OutboxItem): Promise<void> {
    const { clock, timers } = this.#options;
    const startedUs = clock.monotonicUs();
    const outcome = await this.#whole.execute(() =>
      lane.breaker.execute(() => call({ ...this.#options.call!, clock, timers }, item, this.#stop.signal)),
    );
    if (outcome.kind === 'abandoned') return;
    const name = outcome.kind === 'answered' ? outcome.outcome : outcome.code;
    lane.recent.add(outcome.kind === 'answered' ? outcome.outcome : 'failed');
    this.#observer.attempt(lane.name, name, (clock.monotonicUs() - startedUs) / 1000);
    await this.#untilRecorded(lane, item, outcome);
  }

  /** What the ledger cannot take now is kept, with its place in the lane, until it can or we stop. */
  async #untilRecorded(lane: Lane, item: OutboxItem, outcome: Ended): Promise<void> {
    const record = this.#recordOf(lane, item, outcome);
    for (let tries = 0; ; tries++) {
      try {
        await record();
        if (tries > 0) this.#observer.unrecorded(--this.#unrecorded);
        return;
      } catch (error) {
        if (tries === 0) {
          this.#observer.unrecorded(++this.#unrecorded);
          const facts = { err: error, item: item.id, lane: lane.name };
          this.#options.log.warn(
            facts,
            'what a call to the reward platform came to could not be written down yet',
          );
        }
        if (this.#stop.signal.aborted || !(await this.#pause(RECORD_AGAIN_MS))) return;
      }
    }
  }

  /** False: we stop. */
  #pause(spanMs: number): Promise<boolean> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const onAbort = () => {
        cancel();
        resolve(false);
      };
      const cancel = this.#options.timers.after(spanMs, () => {
        signal.removeEventListener('abort', onAbort);
        resolve(true);
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Decided once, so that a second try writes what the first one meant to. */
  #recordOf(lane: Lane, item: OutboxItem, outcome: Ended): () => Promise<unknown> {
    const { books, clock, log } = this.#options;
    const atUs = clock.unixUs();
    const waitedMs = (atUs - item.sinceUs) / 1000;
    if (outcome.kind === 'answered') {
      const { outcome: came, reason } = outcome;
      this.#observer.settled(lane.name, came, waitedMs);
      return () => books.perform('outbox.delivered', { id: item.id, outcome: came, reason, atUs });
    }
    const { code, status, retryAfterMs, cause } = outcome;
    const facts = { item: item.id, lane: lane.name, code, status, cause };
    const attempt = item.attempts + 1;
    const failed = { id: item.id, attempt, code, status, atUs };
    const why = this.#isOver(item, outcome, atUs);
    if (why !== null) {
      log.error({ ...facts, attempt, why }, 'an item of the outbox is dead: it waits for a person');
      this.#observer.settled(lane.name, 'dead', waitedMs);
      return () => books.perform('outbox.dead', { ...failed, why });
    }
    if (retryAfterMs !== null) lane.pause(retryAfterMs);
    const delayMs = retryDelay(attempt, this.#options.random, retryAfterMs);
    log.info({ ...facts, attempt, againInMs: delayMs }, 'a call to the reward platform has failed');
    const nextUs = unixUs(atUs + delayMs * 1000);
    return () => books.perform('outbox.attempted', { ...failed, nextUs });
  }

  #isOver({ sinceUs }: OutboxItem, { code }: CallFailure, atUs: number): 'refused' | 'gave-up' | null {
    if (code === 'refused') return 'refused';
    return atUs - sinceUs >= this.#options.giveUpMs * 1000 ? 'gave-up' : null;
  }

  #laneOf(name: string): Lane {
    const found = this.#lanes.get(name);
    if (found !== undefined) return found;
    const { clock, random, lane: limits } = this.#options;
    const onBreaker = (state: BreakerState) => this.#onBreaker(name, state);
    const lane = new Lane(name, { limits, clock, random, onBreaker });
    this.#lanes.set(name, lane);
    return lane;
  }

  #onBreaker(lane: string | null, state: BreakerState): void {
    this.#observer.breaker(lane, state);
    const { log } = this.#options;
    if (state === 'open') log.warn({ lane }, 'calls to the reward platform fail: they are held back');
    if (state === 'closed') log.info({ lane }, 'calls to the reward platform go out again');
  }

  #observe(lanes: readonly OutboxLane[]): void {
    const nowUs = this.#options.clock.unixUs();
    for (const { lane, queued, dead, oldestUs } of lanes) {
      const lagMs = oldestUs === null ? 0 : Math.max(0, (nowUs - oldestUs) / 1000);
      this.#observer.lane(lane, { queued, dead, lagMs });
    }
  }

  /** A pool that is done with takes no memory. */
  #forgetIdle(lanes: readonly OutboxLane[]): void {
    const busy = new Set(lanes.filter(({ queued }) => queued > 0).map(({ lane }) => lane));
    for (const [name, lane] of this.#lanes) if (lane.isIdle && !busy.has(name)) this.#lanes.delete(name);
  }
}

type Ended = Exclude<CallOutcome, { readonly kind: 'abandoned' }>;
