import { FramecueError } from '../../packet/errors.ts';
import type { Log } from '../log.ts';
import type { Outcome } from './messages.ts';
import { plainUnavailable, revive, unavailable } from './store-errors.ts';

export interface QuestionLimits {
  /** Questions that may wait for their answers; one more is refused. */
  readonly max: number;
  readonly timeoutMs: number;
}

/** What a store was asked and has not answered yet. */
export class Questions<Answer> {
  readonly #open = new Map<number, (outcome: Outcome<Answer>) => void>();
  readonly #limits: QuestionLimits;
  readonly #log: Log;
  #nextId = 1;

  constructor(limits: QuestionLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /** @throws {FramecueError} ERR_OVERLOADED, ERR_STORE_UNAVAILABLE, and what the store says. */
  ask(send: (id: number) => void): Promise<Answer> {
    if (this.#open.size >= this.#limits.max) return Promise.reject(new FramecueError('ERR_OVERLOADED'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(id);
        reject(unavailable('no answer in time', false));
      }, this.#limits.timeoutMs);
      this.#open.set(id, (outcome) => {
        clearTimeout(timer);
        this.#open.delete(id);
        if (outcome.good) resolve(outcome.value);
        else reject(revive(outcome.error, this.#log));
      });
      send(id);
    });
  }

  answered(id: number, outcome: Outcome<Answer>): void {
    this.#open.get(id)?.(outcome);
  }

  /** Nobody is left to answer them. */
  refuseAll(problem: string): void {
    for (const settle of [...this.#open.values()]) {
      settle({ good: false, error: plainUnavailable(problem, false) });
    }
  }
}
