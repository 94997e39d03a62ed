import type { ManualClock } from '../../packet/clock.ts';
import type { Scheduler } from '../scheduler.ts';

interface Timer {
  dueUs: number;
  readonly everyMs: number | null;
  readonly run: () => void;
}

/** Timers that fire when the test moves the clock. */
export class ManualScheduler implements Scheduler {
  readonly #clock: ManualClock;
  readonly #timers = new Set<Timer>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.#timers.size;
  }

  after(ms: number, run: () => void): () => void {
    return this.#add(ms, null, run);
  }

  every(ms: number, run: () => void): () => void {
    return this.#add(ms, ms, run);
  }

  /** Moves the clock on, timer by timer. */
  advance(ms: number): void {
    const endUs = this.#clock.monotonicUs() + ms * 1000;
    while (true) {
      const due = [...this.#timers].filter((timer) => timer.dueUs <= endUs);
      const next = due.reduce<Timer | null>((a, b) => (a === null || b.dueUs < a.dueUs ? b : a), null);
      if (next === null) break;
      this.#clock.advanceMs((next.dueUs - this.#clock.monotonicUs()) / 1000);
      if (next.everyMs === null) this.#timers.delete(next);
      else next.dueUs += next.everyMs * 1000;
      next.run();
    }
    this.#clock.advanceMs((endUs - this.#clock.monotonicUs()) / 1000);
  }

  #add(ms: number, everyMs: number | null, run: () => void): () => void {
    const timer = { dueUs: this.#clock.monotonicUs() + ms * 1000, everyMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
