import type { Clock } from '../packet/clock.ts';
import type { ProtocolCounters } from './counters.ts';

/** Players fetch the playlist about once a target duration; one that missed three has gone. */
const TARGETS_UNTIL_GONE = 3;
const LEAST_MS = 10_000;
/** More are not told apart. */
const MAX_PLAYERS = 10_000;

/**
 * How many players fetch a playlist. HLS has no connections to count, so this is an estimate: behind a proxy or a
 * cache many are seen as one, or as none.
 */
export class HlsAudience {
  readonly #clock: Clock;
  readonly #counters: ProtocolCounters;
  readonly #lastSeenUs = new Map<string, number>();

  constructor(clock: Clock, counters: ProtocolCounters) {
    this.#clock = clock;
    this.#counters = counters;
  }

  /** @param player what tells one player from another. */
  seen(player: string): void {
    this.#counters.joins++;
    if (!this.#lastSeenUs.has(player) && this.#lastSeenUs.size >= MAX_PLAYERS) return;
    this.#lastSeenUs.set(player, this.#clock.monotonicUs());
    this.#counters.viewers = this.#lastSeenUs.size;
  }

  sweep(targetMs: number): void {
    const oldest = this.#clock.monotonicUs() - Math.max(LEAST_MS, TARGETS_UNTIL_GONE * targetMs) * 1000;
    for (const [player, seenUs] of this.#lastSeenUs) {
      if (seenUs < oldest) this.#lastSeenUs.delete(player);
    }
    this.#counters.viewers = this.#lastSeenUs.size;
  }
}
