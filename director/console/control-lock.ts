import type { Clock } from '../../packet/clock.ts';
import type { ConsoleName, ControlChange, ControlHolder, ControlState } from './shapes.ts';

/** A holder that is not heard of for this long loses control; consoles say that they are there every 5 s. */
export const CONTROL_LOST_MS = 15_000;
/** Consoles that stand by for one stream: all see them all, with each change. */
export const MAX_STANDBY = 50;
/** Streams without holder and standby are forgotten beyond this many, the oldest first. */
const KEEP_STREAMS = 1_000;

export type TakeOutcome =
  | { readonly kind: 'taken'; readonly state: ControlState }
  /** Another console holds. */
  | { readonly kind: 'held'; readonly holder: ControlHolder };

interface Held extends ConsoleName {
  readonly since: number;
  heardUs: number;
}

interface StandBy extends ConsoleName {
  heardUs: number;
}

interface Entry {
  holder: Held | null;
  readonly standby: Map<string, StandBy>;
  change: ControlChange | null;
}

export interface ControlLockOptions {
  readonly clock: Clock;
  /** After each change of who holds or stands by. */
  readonly onChange: (stream: string, state: ControlState, change: ControlChange | null) => void;
  readonly lostMs?: number;
}

/**
 * Which console directs a stream: one at most. In memory alone: after a restart nobody holds, until somebody takes
 * it. All of it is synchronous, so that of two who press at once the first one has it and the other is told so.
 */
export class ControlLock {
  readonly #options: ControlLockOptions;
  readonly #lostUs: number;
  readonly #streams = new Map<string, Entry>();

  constructor(options: ControlLockOptions) {
    this.#options = options;
    this.#lostUs = (options.lostMs ?? CONTROL_LOST_MS) * 1000;
  }

  state(stream: string): ControlState {
    this.#expire(stream);
    return this.#stateOf(this.#streams.get(stream));
  }

  /** @param force takes it from whoever holds it; they are told. */
  take(stream: string, who: ConsoleName, force: boolean): TakeOutcome {
    this.#expire(stream);
    const entry = this.#entry(stream);
    const { holder } = entry;
    if (holder !== null && isSame(holder, who)) {
      // Under a new name, or because the answer was lost: it has held it all along.
      entry.holder = { ...nameOf(who), since: holder.since, heardUs: this.#nowUs };
      return { kind: 'taken', state: this.#stateOf(entry) };
    }
    if (holder !== null && !force) return { kind: 'held', holder: this.#shown(holder) };
    const at = this.#at;
    entry.holder = { ...nameOf(who), since: at, heardUs: this.#nowUs };
    entry.standby.delete(keyOf(who));
    const from = holder === null ? null : nameOf(holder);
    this.#changed(stream, entry, { kind: from === null ? 'taken' : 'forced', at, ...nameOf(who), from });
    return { kind: 'taken', state: this.#stateOf(entry) };
  }

  /** Gives control back; nothing where it is not this one's. */
  release(stream: string, who: ConsoleName): ControlState {
    this.#expire(stream);
    const entry = this.#streams.get(stream);
    if (entry?.holder != null && isSame(entry.holder, who)) {
      const { name } = entry.holder;
      entry.holder = null;
      this.#changed(stream, entry, { kind: 'released', at: this.#at, ...nameOf(who), name, from: null });
    } else if (entry?.standby.delete(keyOf(who)) === true) {
      this.#changed(stream, entry, null);
    }
    return this.#stateOf(entry);
  }

  /** The console is there. */
  keep(stream: string, who: Pick<ConsoleName, 'console' | 'by'>): ControlState {
    this.#expire(stream);
    const entry = this.#streams.get(stream);
    if (entry?.holder != null && isSame(entry.holder, who)) entry.holder.heardUs = this.#nowUs;
    const waiting = entry?.standby.get(keyOf(who));
    if (waiting !== undefined) waiting.heardUs = this.#nowUs;
    return this.#stateOf(entry);
  }

  /** The console is ready to take over; like control itself it has to be kept. Beyond the bound it is passed over. */
  standBy(stream: string, who: ConsoleName): ControlState {
    this.#expire(stream);
    const entry = this.#entry(stream);
    const key = keyOf(who);
    const isNew = !entry.standby.has(key) && !(entry.holder !== null && isSame(entry.holder, who));
    if (isNew && entry.standby.size >= MAX_STANDBY) return this.#stateOf(entry);
    if (isNew) {
      entry.standby.set(key, { ...nameOf(who), heardUs: this.#nowUs });
      this.#changed(stream, entry, null);
    } else this.keep(stream, who);
    return this.#stateOf(entry);
  }

  /** Whether it holds the stream or stands by for it. */
  knows(stream: string, who: Pick<ConsoleName, 'console' | 'by'>): boolean {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return false;
    return entry.standby.has(keyOf(who)) || (entry.holder !== null && isSame(entry.holder, who));
  }

  /** Whoever holds it in the way of `who`; null: nobody. The holder is heard of by asking. */
  inTheWayOf(stream: string, who: Pick<ConsoleName, 'console' | 'by'>): ControlHolder | null {
    this.keep(stream, who);
    const holder = this.#streams.get(stream)?.holder ?? null;
    return holder === null || isSame(holder, who) ? null : this.#shown(holder);
  }

  /** To be called every second or so. */
  sweep(): void {
    for (const stream of [...this.#streams.keys()]) this.#expire(stream);
    for (const [stream, { holder, standby }] of this.#streams) {
      if (this.#streams.size <= KEEP_STREAMS) return;
      if (holder === null && standby.size === 0) this.#streams.delete(stream);
    }
  }

  get #nowUs(): number {
    return this.#options.clock.monotonicUs();
  }

  get #at(): number {
    return this.#options.clock.unixMs();
  }

  #expire(stream: string): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    const oldestUs = this.#nowUs - this.#lostUs;
    let someoneLeft = false;
    for (const [key, { heardUs }] of entry.standby) {
      if (heardUs < oldestUs) someoneLeft = entry.standby.delete(key);
    }
    const { holder } = entry;
    if (holder !== null && holder.heardUs < oldestUs) {
      entry.holder = null;
      this.#changed(stream, entry, { kind: 'expired', at: this.#at, ...nameOf(holder), from: null });
    } else if (someoneLeft) this.#changed(stream, entry, null);
  }

  #entry(stream: string): Entry {
    let entry = this.#streams.get(stream);
    if (entry === undefined) {
      entry = { holder: null, standby: new Map(), change: null };
      this.#streams.set(stream, entry);
    }
    return entry;
  }

  #changed(stream: string, entry: Entry, change: ControlChange | null): void {
    if (change !== null) entry.change = change;
    this.#options.onChange(stream, this.#stateOf(entry), change);
  }

  #stateOf(entry: Entry | undefined): ControlState {
    return {
      at: this.#at,
      holder: entry?.holder == null ? null : this.#shown(entry.holder),
      standby: entry === undefined ? [] : Array.from(entry.standby.values(), nameOf),
      change: entry?.change ?? null,
    };
  }

  #shown(holder: Held): ControlHolder {
    const leftMs = Math.round((holder.heardUs + this.#lostUs - this.#nowUs) / 1000);
    return { ...nameOf(holder), since: holder.since, until: this.#at + leftMs };
  }
}

/** One id under two tokens is two consoles: ids are chosen by consoles, and shown to all. */
const isSame = (a: Pick<ConsoleName, 'console' | 'by'>, b: Pick<ConsoleName, 'console' | 'by'>): boolean =>
  a.console === b.console && a.by === b.by;

const keyOf = ({ console, by }: Pick<ConsoleName, 'console' | 'by'>): string => `${by} ${console}`;

const nameOf = ({ console, name, by }: ConsoleName): ConsoleName => ({ console, name, by });
