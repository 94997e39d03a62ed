import { ManualClock } from '../../packet/clock.ts';
import type { Timers } from '../timers.ts';

interface Waiting {
  readonly atUs: number;
  readonly run: () => void;
}

/** A clock and its timers, which go when they are told to. */
export class ManualTime implements Timers {
  readonly clock = new ManualClock();
  readonly #waiting = new Set<Waiting>();

  after(spanMs: number, run: () => void): () => void {
    const waiting: Waiting = { atUs: this.clock.monotonicUs() + spanMs * 1000, run };
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs what is due by then, in its order; what that asks for in turn is for the next call. */
  advance(spanMs: number): void {
    this.clock.advanceMs(spanMs);
    const now = this.clock.monotonicUs();
    const due = [...this.#waiting].filter(({ atUs }) => atUs <= now).sort((a, b) => a.atUs - b.atUs);
    for (const waiting of due) if (this.#waiting.delete(waiting)) waiting.run();
  }
}
