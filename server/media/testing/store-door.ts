import type { CueLog } from '../../../director/cue-log.ts';
import { FramecueError } from '../../../packet/errors.ts';

/**
 * - `hold`: nothing gets to the disk until it is opened;
 * - `mute`: it gets there, and nobody hears of it until then;
 * - `refuse`: it is refused.
 */
export type DoorMode = 'open' | 'hold' | 'mute' | 'refuse';

/** Stands before a cue log, and lets through what it is told to. A crash leaves behind it what waits. */
export class StoreDoor {
  inFlight = 0;
  #mode: DoorMode = 'open';
  #waiting: (() => void)[] = [];

  get mode(): DoorMode {
    return this.#mode;
  }

  set mode(mode: DoorMode) {
    this.#mode = mode;
    if (mode === 'hold' || mode === 'mute') return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** The log as it is seen through the door. */
  before(log: CueLog): CueLog {
    return new Proxy(log, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = (...args: unknown[]): unknown => value.apply(target, args);
        if (name === 'accept' || name === 'update')
          return (...args: unknown[]) => this.#pass(() => call(...args));
        return name === 'find' ? (...args: unknown[]) => this.#tracked(() => call(...args)) : call;
      },
    });
  }

  async #pass(call: () => unknown): Promise<unknown> {
    if (this.#mode === 'refuse') throw new FramecueError('ERR_STORE_UNAVAILABLE');
    if (this.#mode === 'hold') {
      await this.#opened();
      return this.#pass(call);
    }
    const result = await this.#tracked(call);
    if (this.#mode === 'mute') await this.#opened();
    return result;
  }

  #opened(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async #tracked(call: () => unknown): Promise<unknown> {
    this.inFlight++;
    try {
      return await call();
    } finally {
      this.inFlight--;
    }
  }
}
