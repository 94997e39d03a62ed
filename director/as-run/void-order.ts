import type { NewAsRunRow } from './row.ts';

type Add = (stream: string, row: NewAsRunRow & { readonly key: string }) => void;
type Held = Parameters<Add>;

/** Longer than an answer waits for the log: who has not been told by then is told nothing of it. */
const WAIT_MS = 6_000;
const KNOWN = 2_000;

/**
 * An action is told when it is on the disk; what a void says to viewers may have landed by then. That it has landed is
 * held back until it was told who voided it: the as-run log reads in the order in which things were done.
 */
export class VoidOrder {
  readonly #add: Add;
  readonly #waitMs: number;
  /** Ids of cues of which it was told who voided them, oldest first. */
  readonly #told = new Set<string>();
  readonly #held = new Map<string, { readonly row: Held; readonly timer: NodeJS.Timeout }>();

  constructor(add: Add, waitMs = WAIT_MS) {
    this.#add = add;
    this.#waitMs = waitMs;
  }

  add(...row: Held): void {
    const [, { what, cue }] = row;
    if (what !== 'voided' || cue == null || this.#told.has(cue)) this.#add(...row);
    else if (!this.#held.has(cue)) {
      // Where the log cannot note who did it, nobody will tell.
      const timer = setTimeout(() => this.told(cue), this.#waitMs);
      timer.unref();
      this.#held.set(cue, { row, timer });
    }
  }

  /** Its row, or that of the panic that did it, is there. */
  told(cue: string): void {
    this.#told.add(cue);
    if (this.#told.size > KNOWN) this.#told.delete(this.#told.values().next().value!);
    const held = this.#held.get(cue);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#held.delete(cue);
    this.#add(...held.row);
  }

  close(): void {
    for (const cue of [...this.#held.keys()]) this.told(cue);
  }
}
