import type { Net } from '../net/http.ts';

/** A timer is late by some milliseconds on a busy page, seldom by more than this. */
const TIMER_EARLY_MS = 20;

/**
 * One moment, met to about a millisecond: a timer until shortly before it, then turns of the event loop, in which the
 * page's own work goes on. In a hidden tab the browser wakes timers about once a second, and nothing helps.
 */
export class ExactTimer {
  readonly #net: Net;
  #atMs: number | null = null;
  #timer: number | null = null;
  /** Counts arms: what was under way for an earlier one does nothing any more. */
  #round = 0;

  constructor(net: Net) {
    this.#net = net;
  }

  /** Monotonic milliseconds; null while it is not armed. */
  get atMs(): number | null {
    return this.#atMs;
  }

  /** In place of what it was armed for before. `run` is called once, at `atMs` or after it, never before. */
  arm(atMs: number, run: () => void): void {
    this.cancel();
    this.#atMs = atMs;
    const round = this.#round;
    const { nowMs, setTimeout, soon } = this.#net;
    const look = (): void => {
      if (round !== this.#round) return;
      const leftMs = atMs - nowMs();
      if (leftMs <= 0) {
        this.cancel();
        run();
      } else if (soon !== undefined && leftMs <= TIMER_EARLY_MS) {
        soon(look);
      } else {
        this.#timer = setTimeout(look, soon === undefined ? leftMs : leftMs - TIMER_EARLY_MS);
      }
    };
    this.#timer = setTimeout(
      look,
      Math.max(0, soon === undefined ? atMs - nowMs() : atMs - nowMs() - TIMER_EARLY_MS),
    );
  }

  cancel(): void {
    this.#round++;
    if (this.#timer !== null) this.#net.clearTimeout(this.#timer);
    this.#timer = null;
    this.#atMs = null;
  }
}
