export interface QueueLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

export interface QueueCounts {
  /** Items taken in. */
  readonly pushed: number;
  /** Items refused because a limit was reached. */
  readonly refused: number;
  /** Items taken out again by the caller's drop policy, or left over when the queue was cleared. */
  readonly dropped: number;
  readonly droppedBytes: number;
  /** The most bytes that ever waited. */
  readonly peakBytes: number;
}

/**
 * First in, first out, with a limit on items and on bytes. It never drops by itself: `push` says no, and the
 * caller, who knows which items matter, decides what goes.
 */
export class BoundedQueue<Item> {
  #items: (Item | undefined)[] = [];
  #sizes: number[] = [];
  /** Items before this index have left; they are cut off in batches, so that `shift` costs the same always. */
  #head = 0;
  #bytes = 0;
  #limits: QueueLimits;
  #pushed = 0;
  #refused = 0;
  #dropped = 0;
  #droppedBytes = 0;
  #peakBytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = checked(limits);
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get limits(): QueueLimits {
    return this.#limits;
  }

  /** New limits hold for what is pushed from now on; what waits already stays. */
  setLimits(limits: QueueLimits): void {
    this.#limits = checked(limits);
  }

  get counts(): QueueCounts {
    return {
      pushed: this.#pushed,
      refused: this.#refused,
      dropped: this.#dropped,
      droppedBytes: this.#droppedBytes,
      peakBytes: this.#peakBytes,
    };
  }

  /** True when an item of `bytes` would be taken. */
  hasRoomFor(bytes: number): boolean {
    return this.size < this.#limits.maxItems && bytes <= this.#limits.maxBytes - this.#bytes;
  }

  /** Takes `item`, or returns false (counted) when it would pass a limit. */
  push(item: Item, bytes: number): boolean {
    if (!this.hasRoomFor(bytes)) {
      this.#refused++;
      return false;
    }
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    this.#pushed++;
    if (this.#bytes > this.#peakBytes) this.#peakBytes = this.#bytes;
    return true;
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  shift(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#bytes -= this.#sizes[this.#head]!;
    this.#items[this.#head] = undefined;
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#sizes.length = 0;
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#sizes.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Drops every item that `mayGo` names, oldest first; the others keep their order. Returns how many went. */
  dropWhere(mayGo: (item: Item) => boolean): number {
    const items: Item[] = [];
    const sizes: number[] = [];
    let dropped = 0;
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at] as Item;
      const size = this.#sizes[at]!;
      if (mayGo(item)) {
        dropped++;
        this.#droppedBytes += size;
        this.#bytes -= size;
      } else {
        items.push(item);
        sizes.push(size);
      }
    }
    this.#items = items;
    this.#sizes = sizes;
    this.#head = 0;
    this.#dropped += dropped;
    return dropped;
  }

  /** Drops everything. Returns how many items went. */
  clear(): number {
    return this.dropWhere(() => true);
  }

  /** The items that wait, oldest first, without taking them out. */
  *[Symbol.iterator](): Generator<Item, void> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at] as Item;
  }
}

function checked(limits: QueueLimits): QueueLimits {
  if (!(limits.maxItems >= 1) || !(limits.maxBytes >= 1)) {
    throw new RangeError(`a queue of at most ${limits.maxItems} items and ${limits.maxBytes} bytes`);
  }
  return { maxItems: limits.maxItems, maxBytes: limits.maxBytes };
}
