import type { Cue } from '../cues/cue.ts';
import { FramecueError } from '../packet/errors.ts';
import type { UnixMilliseconds } from '../packet/time.ts';
import type { Log } from '../service/log.ts';
import type { JournalEntry } from './cue-log.ts';

interface Pending extends JournalEntry {
  readonly done: (() => void)[];
}

const MAX_BATCH = 200;

export interface JournalOptions {
  /** All of them, in this order, or none. */
  readonly append: (entries: readonly JournalEntry[]) => Promise<void>;
  readonly log: Log;
  readonly maxWaiting: number;
  readonly retryMs: number;
  readonly onWaiting?: (entries: number) => void;
  readonly onLost?: () => void;
}

/**
 * Takes what happened to cues, which nobody can refuse any more, and appends it in that order: what the log cannot
 * take is tried again until it can. `record` never blocks, so a frame may call it.
 */
export class CueJournal {
  readonly #options: JournalOptions;
  #queue: Pending[] = [];
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #stopped = false;
  #failures = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** True while the log does not take what happened. */
  get stuck(): boolean {
    return this.#failures > 0;
  }

  record(cue: Cue, at: UnixMilliseconds, forgetKey = false): void {
    if (this.#queue.length >= this.#options.maxWaiting) this.#makeRoom();
    this.#queue.push({ cue, at, forgetKey, done: [] });
    this.#options.onWaiting?.(this.#queue.length);
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // Whoever waited for an entry may have recorded the next one since the last look.
      if (this.#queue.length > 0 && !this.#stopped) this.#start();
    });
  }

  /** Resolves when all that has been recorded so far is committed. */
  settled(): Promise<void> {
    const last = this.#queue.at(-1);
    if (last === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      last.done.push(resolve);
    });
  }

  /** Resolves to true when all is committed, to false when `timeoutMs` have passed. Takes nothing more after that. */
  async stop(timeoutMs: number): Promise<boolean> {
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      late = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#running, tooLate]);
    clearTimeout(late);
    this.#stopped = true;
    this.#wake?.();
    return this.#queue.length === 0;
  }

  async #run(): Promise<void> {
    for (;;) {
      const entries = this.#queue.slice(0, MAX_BATCH);
      if (entries.length === 0 || this.#stopped) return;
      try {
        await this.#options.append(entries);
        const appended = new Set(entries);
        this.#queue = this.#queue.filter((entry) => !appended.has(entry));
        for (const entry of entries) for (const done of entry.done) done();
        if (this.#failures > 0) this.#options.log.info('the cue log takes entries again');
        this.#failures = 0;
      } catch (error) {
        await this.#waitAfter(error, entries[0]!);
      }
      this.#options.onWaiting?.(this.#queue.length);
    }
  }

  async #waitAfter(error: unknown, entry: Pending): Promise<void> {
    const { log, retryMs } = this.#options;
    // One line for the first failure and for each power of two of them: an outage is not a flood.
    if (Number.isInteger(Math.log2(++this.#failures))) {
      const code = error instanceof FramecueError ? error.code : 'ERR_INTERNAL';
      const { id, state } = entry.cue;
      log.error(
        { code, err: error, id, state, waiting: this.#queue.length, failures: this.#failures },
        'what happened to a cue cannot be logged; it is tried again',
      );
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, retryMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  /** After a long outage only each cue's newest entry is kept; it holds what the ones before it said. */
  #makeRoom(): void {
    const newest = new Map<string, Pending>();
    for (const entry of this.#queue) {
      const before = newest.get(entry.cue.id);
      newest.delete(entry.cue.id);
      newest.set(entry.cue.id, {
        ...entry,
        forgetKey: entry.forgetKey || before?.forgetKey === true,
        done: [...(before?.done ?? []), ...entry.done],
      });
    }
    this.#queue = [...newest.values()];
    while (this.#queue.length >= this.#options.maxWaiting) {
      this.#queue.shift();
      this.#options.onLost?.();
      this.#options.log.fatal('the cue log has been away for so long that entries are lost');
    }
  }
}
