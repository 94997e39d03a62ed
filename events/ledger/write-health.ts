import type { Clock } from '../../packet/clock.ts';

/** A commit that changes nothing works on a full disk too: it ends nothing that was seen this short a time ago. */
const FRESH_US = 10_000_000;

/** Whether the ledger takes what is to be written, by what became of the batches of the last while. */
export class WriteHealth {
  readonly #clock: Clock;
  #refusedAtUs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  committed(): void {
    if (this.#refusedAtUs === null || this.#isFresh(this.#refusedAtUs)) return;
    this.#refusedAtUs = null;
  }

  /** By the store, not because too much waits. */
  refused(code: string): void {
    if (code === 'ERR_STORE_UNAVAILABLE') this.#refusedAtUs = this.#clock.monotonicUs();
  }

  /** Until something was committed again, and nothing refused for some seconds. */
  get isImpaired(): boolean {
    return this.#refusedAtUs !== null;
  }

  #isFresh(atUs: number): boolean {
    return this.#clock.monotonicUs() - atUs < FRESH_US;
  }
}
