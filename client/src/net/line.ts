import type { SubmitOptions, SubmitWait } from '../types.ts';
import { pauseWithin } from './http.ts';

/** A place in the line of a flash sale, as the 202 of a submission tells it. Spans are milliseconds. */
export interface ToldPlace {
  readonly ticket: string;
  readonly position: number;
  readonly waitMs: number;
  /** For how long the turn stays open once it has come. */
  readonly openForMs: number;
  /** When to ask again: spread by the server, so it is kept as it is. */
  readonly retryAfterMs: number;
}

/** Null: this is no 202 of a waiting room. */
export function readPlace(value: unknown): ToldPlace | null {
  const told = (value as { waiting?: Readonly<Record<string, unknown>> } | null | undefined)?.waiting;
  if (typeof told?.ticket !== 'string') return null;
  const { ticket, position, waitMs, turnAt, openUntil, retryAfterMs } = told;
  const numbers = [position, waitMs, turnAt, openUntil, retryAfterMs];
  if (!numbers.every((each) => Number.isFinite(each) && (each as number) >= 0)) return null;
  const [at, wait, turn, open, retry] = numbers as [number, number, number, number, number];
  return {
    ...{ ticket, position: at, waitMs: wait, openForMs: Math.max(0, open - turn) },
    retryAfterMs: pauseWithin(retry),
  };
}

/** One answer on its way, for all who gave it: each hears of its waiting, and it goes on until the last has left. */
export class Underway<Outcome> {
  readonly #end = new AbortController();
  readonly #listeners = new Set<(wait: SubmitWait) => void>();
  readonly #outcome: Promise<Outcome>;
  readonly #onOver: () => void;
  #last: SubmitWait | null = null;
  #here = 0;

  /** @param onOver it is done, or nobody is there any more */
  constructor(run: (underway: Underway<Outcome>) => Promise<Outcome>, onOver: () => void) {
    this.#onOver = onOver;
    this.#outcome = run(this).finally(onOver);
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  tell(wait: SubmitWait): void {
    this.#last = wait;
    for (const listener of this.#listeners) listener(wait);
  }

  end(): void {
    this.#end.abort();
  }

  /** @param left what whoever leaves by their signal is given */
  async join({ onWait, signal }: SubmitOptions, left: () => Outcome): Promise<Outcome> {
    let leave = (): void => undefined;
    const gone = new Promise<Outcome>((resolve) => {
      leave = () => resolve(left());
    });
    if (signal?.aborted === true) leave();
    signal?.addEventListener('abort', leave);
    this.#here++;
    // Each who joins is one more listener, also with the same function.
    const listener = onWait === undefined ? null : (wait: SubmitWait) => onWait(wait);
    if (listener !== null) {
      this.#listeners.add(listener);
      if (this.#last !== null) listener(this.#last);
    }
    try {
      return await Promise.race([gone, this.#outcome]);
    } finally {
      signal?.removeEventListener('abort', leave);
      if (listener !== null) this.#listeners.delete(listener);
      this.#here--;
      if (this.#here === 0) {
        this.end();
        this.#onOver();
      }
    }
  }
}
