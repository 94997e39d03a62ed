import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { ConsoleStore } from '../console-store/console-store.ts';
import type { StoredMode } from '../console-store/messages.ts';
import type { ModeState } from './shapes.ts';

export interface ModesOptions {
  readonly store: Pick<ConsoleStore, 'setMode'>;
  readonly start: readonly StoredMode[];
  readonly clock: Clock;
  /** Ids of the stream's cues that wait, are armed or are open. */
  readonly busyWith: (stream: string) => readonly string[];
  readonly onChange: (stream: string, mode: ModeState) => void;
}

const REAL: ModeState = { rehearsal: false, since: null, by: null };
const SHOWN_CUES = 20;

/**
 * Whether a stream is rehearsed. It is switched between rounds alone, so that an opening cue and its lock are of one
 * kind, and it outlasts restarts: nobody finds themselves live by accident, and nobody rehearses a show that counts.
 */
export class Modes {
  readonly #options: ModesOptions;
  readonly #modes = new Map<string, ModeState>();
  /** One switch of a stream at a time. */
  readonly #switching = new Map<string, Promise<unknown>>();

  constructor(options: ModesOptions) {
    this.#options = options;
    for (const { stream, rehearsal, since, by } of options.start) {
      this.#modes.set(stream, { rehearsal, since, by });
    }
  }

  of(stream: string): ModeState {
    return this.#modes.get(stream) ?? REAL;
  }

  isRehearsal = (stream: string): boolean => this.of(stream).rehearsal;

  /** @throws {FramecueError} ERR_MODE_BUSY, ERR_STORE_UNAVAILABLE: it stays as it was. */
  async set(stream: string, rehearsal: boolean, by: string): Promise<ModeState> {
    const before = this.#switching.get(stream);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return this.#switch(stream, rehearsal, by);
    })();
    this.#switching.set(stream, mine);
    try {
      return await mine;
    } finally {
      if (this.#switching.get(stream) === mine) this.#switching.delete(stream);
    }
  }

  async #switch(stream: string, rehearsal: boolean, by: string): Promise<ModeState> {
    const now = this.of(stream);
    if (now.rehearsal === rehearsal) return now;
    this.#refuseBusy(stream);
    const { store, clock, onChange } = this.#options;
    const next: ModeState = { rehearsal, since: clock.unixMs(), by };
    // What is marked from here on is a rehearsal's already, so that whatever the disk does nothing that was meant as
    // one counts. The other way about nothing counts before the switch is on the disk.
    if (rehearsal) this.#modes.set(stream, next);
    try {
      await store.setMode({ stream, ...next });
    } catch (error) {
      if (rehearsal) this.#modes.set(stream, now);
      throw error;
    }
    if (!rehearsal) {
      try {
        this.#refuseBusy(stream);
      } catch (error) {
        await store.setMode({ stream, ...now });
        throw error;
      }
      this.#modes.set(stream, next);
    }
    onChange(stream, next);
    return next;
  }

  #refuseBusy(stream: string): void {
    const cues = this.#options.busyWith(stream);
    if (cues.length === 0) return;
    throw new FramecueError('ERR_MODE_BUSY', undefined, {
      details: { cues: cues.slice(0, SHOWN_CUES), count: cues.length },
    });
  }
}
