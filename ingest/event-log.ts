import type { Clock } from '../packet/clock.ts';
import type { ErrorCode } from '../packet/errors.ts';
import type { UnixMilliseconds } from '../packet/time.ts';

/** A refusal or an end, for the status page. Holds no key. */
export interface IngestEvent {
  /** Of the latest, where the same happened several times. */
  readonly at: UnixMilliseconds;
  readonly kind: 'refused' | 'ended';
  /** `app/name`, or null where the connection did not come so far or named something unsafe. */
  readonly stream: string | null;
  /** `address:port` */
  readonly remote: string;
  readonly code: ErrorCode | null;
  readonly text: string;
  /** How often the same has happened from this address, within a minute each. */
  readonly times: number;
}

const REPEAT_MS = 60_000;

/**
 * The last refusals and ends. An encoder that tries again with a wrong key, or a port scanner, fills one line
 * and not the page.
 */
export class EventLog {
  readonly #clock: Clock;
  readonly #most: number;
  /** Oldest first. */
  readonly #events: IngestEvent[] = [];

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Returns how often this has happened lately, this time included. */
  add(event: Omit<IngestEvent, 'at' | 'times'>): number {
    const at = this.#clock.unixMs();
    const index = this.#events.findLastIndex((other) => at - other.at < REPEAT_MS && sameAs(event, other));
    const times = index === -1 ? 1 : this.#events[index]!.times + 1;
    if (index !== -1) this.#events.splice(index, 1);
    this.#events.push({ ...event, at, times });
    if (this.#events.length > this.#most) this.#events.shift();
    return times;
  }

  /** Newest first. */
  list(): readonly IngestEvent[] {
    return this.#events.toReversed();
  }
}

const sameAs = (a: Omit<IngestEvent, 'at' | 'times'>, b: IngestEvent): boolean =>
  a.kind === 'refused' &&
  a.kind === b.kind &&
  a.code === b.code &&
  a.stream === b.stream &&
  addressOf(a.remote) === addressOf(b.remote);

const addressOf = (remote: string): string => remote.slice(0, remote.lastIndexOf(':'));
