import type { Clock } from '../../packet/clock.ts';
import { isClockStep } from '../../packet/clock-step.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';

/** A jump of the wall clock. */
export interface ClockStep {
  /** By the clock as corrected. */
  readonly at: UnixMilliseconds;
  /** Positive: forward. */
  readonly byMs: number;
}

const KEPT = 20;

/**
 * Sees the wall clock jump against the monotonic one. Slewing is no step: the clock then runs a little faster or
 * slower, and nothing that waits for a moment notices. A machine that was suspended looks like a step, and is one.
 */
export class StepWatch {
  readonly #clock: Clock;
  readonly #listeners = new Set<(step: ClockStep) => void>();
  #apartUs: number;
  #lookedAtUs: number;
  #recent: ClockStep[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAtUs = clock.monotonicUs();
    this.#apartUs = clock.unixUs() - this.#lookedAtUs;
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  /** The newest 20, oldest first. */
  get recent(): readonly ClockStep[] {
    return this.#recent;
  }

  /** @returns a function that ends it */
  onStep(listener: (step: ClockStep) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Call it every quarter of a second, or as often as one likes. A listener's error is the caller's. */
  look(): ClockStep | null {
    const now = this.#clock.monotonicUs();
    const unixUs = this.#clock.unixUs();
    const movedUs = unixUs - now - this.#apartUs;
    const elapsedUs = now - this.#lookedAtUs;
    this.#apartUs = unixUs - now;
    this.#lookedAtUs = now;
    if (!isClockStep(movedUs, elapsedUs)) return null;
    const step: ClockStep = { at: this.#clock.unixMs(), byMs: movedUs / 1000 };
    this.#count++;
    this.#recent = [...this.#recent.slice(1 - KEPT), step];
    for (const listener of this.#listeners) listener(step);
    return step;
  }
}
