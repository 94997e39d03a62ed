import type { Scheduler } from '../../delivery/scheduler.ts';
import { BoundedQueue } from '../../packet/bounded-queue.ts';
import type { Clock } from '../../packet/clock.ts';
import type { Microseconds } from '../../packet/time.ts';

export interface ProgrammeDelayOptions<Item> {
  /** How long everything waits, milliseconds; above 0. */
  readonly delayMs: number;
  /** What may wait at once. Full: the oldest leave before their time. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** In the order in which they came, each at its time; must not throw. */
  readonly release: (item: Item, arrivedUs: Microseconds) => void;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly arrivedUs: Microseconds;
}

/** Also where frames are tiny: more than ten seconds of any stream. */
const MAX_ITEMS = 16_384;
/** What an item without a payload counts. */
const ITEM_BYTES = 64;

/**
 * Holds what comes for a fixed time, and lets it go in order and at the pace at which it came: a burst stays a burst,
 * a pause a pause. Nothing is ever dropped. Pure: clock and timers are given.
 */
export class ProgrammeDelay<Item> {
  readonly #options: ProgrammeDelayOptions<Item>;
  readonly #queue: BoundedQueue<Waiting<Item>>;
  #cancelTimer: (() => void) | null = null;
  #early = 0;
  #lastWaitMs = 0;

  constructor(options: ProgrammeDelayOptions<Item>) {
    this.#options = options;
    this.#queue = new BoundedQueue({ maxItems: MAX_ITEMS, maxBytes: Math.max(options.maxBytes, ITEM_BYTES) });
  }

  get size(): number {
    return this.#queue.size;
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  /** Items that left before their time, for want of room or at the end. */
  get early(): number {
    return this.#early;
  }

  /** How long the one that left last had waited. */
  get lastWaitMs(): number {
    return this.#lastWaitMs;
  }

  /** Takes an item that has come. @param payloadBytes what it holds in memory */
  push(item: Item, payloadBytes: number, arrivedUs: Microseconds = this.#options.clock.monotonicUs()): void {
    const bytes = payloadBytes + ITEM_BYTES;
    while (this.#queue.size > 0 && !this.#queue.hasRoomFor(bytes)) this.#releaseOldest(true);
    if (!this.#queue.push({ item, arrivedUs }, bytes)) {
      // Larger than all the room there is: those before it have gone, and it cannot wait.
      this.#early++;
      this.#give({ item, arrivedUs });
      return;
    }
    if (this.#cancelTimer === null) this.#setTimer();
  }

  /** All that waits leaves at once, in order: nobody waits for it any more. */
  flush(): void {
    while (this.#queue.size > 0) this.#releaseOldest(true);
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #setTimer(): void {
    const head = this.#queue.peek();
    if (head === undefined) return;
    const waitUs = this.#dueUs(head) - this.#options.clock.monotonicUs();
    // Timers have whole milliseconds: rounded up, so that nothing leaves before its time.
    this.#cancelTimer = this.#options.scheduler.after(Math.max(0, Math.ceil(waitUs / 1000)), () => {
      this.#cancelTimer = null;
      this.#releaseDue();
      if (this.#cancelTimer === null) this.#setTimer();
    });
  }

  #releaseDue(): void {
    const now = this.#options.clock.monotonicUs();
    for (let head = this.#queue.peek(); head !== undefined && this.#dueUs(head) <= now; ) {
      this.#releaseOldest(false);
      head = this.#queue.peek();
    }
  }

  #releaseOldest(isEarly: boolean): void {
    const oldest = this.#queue.shift();
    if (oldest === undefined) return;
    if (isEarly && this.#dueUs(oldest) > this.#options.clock.monotonicUs()) this.#early++;
    this.#give(oldest);
  }

  #give({ item, arrivedUs }: Waiting<Item>): void {
    const { clock, release } = this.#options;
    this.#lastWaitMs = Math.max(0, (clock.monotonicUs() - arrivedUs) / 1000);
    release(item, arrivedUs);
  }

  #dueUs({ arrivedUs }: Waiting<Item>): number {
    return arrivedUs + this.#options.delayMs * 1000;
  }
}
