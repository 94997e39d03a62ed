import type { Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import type { ConsoleStore, ConsoleStoreStart } from '../console-store/console-store.ts';
import type { LoggedRow, RowsWanted } from '../console-store/messages.ts';
import type { AsRunRow, NewAsRunRow } from './row.ts';
import { localOffsetMinutes, timecodeOf } from './timecode.ts';

export interface AsRunLogOptions {
  readonly store: ConsoleStore;
  readonly start: Pick<ConsoleStoreStart, 'lastSeq' | 'recent'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Pictures per second of the stream; null where it is not known. */
  readonly frameRateOf: (stream: string) => number | null;
  readonly isRehearsal: (stream: string) => boolean;
  /** Each new row, at once: before it is on the disk. */
  readonly onRow: (stream: string, row: AsRunRow) => void;
  readonly offsetMinutes?: (unixMs: number) => number;
  readonly maxWaiting?: number;
  readonly retryMs?: number;
}

/** Rows of a stream that are in memory for consoles that connect. */
export const RECENT_ROWS = 50;
const RECENT_STREAMS = 1_000;
const TOLD_KEYS = 20_000;
const MAX_WAITING = 10_000;
const RETRY_MS = 500;
const MAX_BATCH = 200;
const STOP_TIMEOUT_MS = 5_000;
/** A title or reason is a few words; a longer one is cut. */
const TEXT_LIMIT = 300;

/**
 * What people did and what became of it, row by row. A row is told to consoles at once and written behind them: no
 * action ever waits for this log, and a disk that is away costs the rows beyond a bound, which is said.
 */
export class AsRunLog {
  readonly #options: AsRunLogOptions;
  readonly #recent = new Map<string, AsRunRow[]>();
  /** Keys of rows of this process. */
  readonly #told = new Set<string>();
  #waiting: LoggedRow[] = [];
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #seq: number;
  #failures = 0;
  #lost = 0;
  #stopped = false;

  constructor(options: AsRunLogOptions) {
    this.#options = options;
    this.#seq = options.start.lastSeq;
    for (const { stream, row } of options.start.recent) this.#remember(stream, row);
  }

  /** Rows that were given up because the disk was away for too long. */
  get lost(): number {
    return this.#lost;
  }

  /** Streams that the log has rows of. */
  get streams(): readonly string[] {
    return [...this.#recent.keys()];
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  add(stream: string, given: NewAsRunRow): AsRunRow {
    const { row, key } = this.#rowOf(stream, given);
    this.#remember(stream, row);
    this.#enqueue({ stream, row, key });
    this.#options.onRow(stream, row);
    return row;
  }

  /** A row that is told again as long as what it says holds: the first one counts. */
  addOnce(stream: string, given: NewAsRunRow & { readonly key: string }): void {
    const key = `${stream} ${given.key}`;
    if (this.#told.has(key)) return;
    this.#noteTold(key);
    this.add(stream, given);
  }

  /** Rows that a crash may have cost: those whose key is there already change nothing. */
  offer(stream: string, given: NewAsRunRow & { readonly key: string }): void {
    const { row, key } = this.#rowOf(stream, given);
    this.#noteTold(`${stream} ${given.key}`);
    this.#enqueue({ stream, row, key });
  }

  /** The newest rows, oldest first. */
  recent(stream: string): readonly AsRunRow[] {
    return this.#recent.get(stream) ?? [];
  }

  /** What is on the disk, and what was added before this was called. @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
  async rows(wanted: RowsWanted): Promise<readonly AsRunRow[]> {
    return this.#options.store.rows(wanted);
  }

  /** Resolves when all that was added is on the disk, or could not be written for `timeoutMs`. */
  async settled(timeoutMs: number): Promise<boolean> {
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      late = setTimeout(resolve, timeoutMs);
    });
    let isLate = false;
    void tooLate.then(() => {
      isLate = true;
    });
    while (this.#running !== null && !isLate) await Promise.race([this.#running, tooLate]);
    clearTimeout(late);
    return this.#waiting.length === 0;
  }

  /** Writes what waits; takes nothing more. The store is closed by whoever opened it. */
  async close(): Promise<void> {
    const isAllWritten = await this.settled(STOP_TIMEOUT_MS);
    this.#stopped = true;
    this.#wake?.();
    if (!isAllWritten)
      this.#options.log.error({ rows: this.#waiting.length }, 'rows of the as-run log are lost');
  }

  #noteTold(key: string): void {
    this.#told.add(key);
    if (this.#told.size > TOLD_KEYS) this.#told.delete(this.#told.values().next().value!);
  }

  #rowOf(stream: string, given: NewAsRunRow): { readonly row: AsRunRow; readonly key: string | null } {
    const { clock, frameRateOf, isRehearsal, offsetMinutes = localOffsetMinutes } = this.#options;
    const at = Math.round(given.at ?? clock.unixMs());
    const row: AsRunRow = {
      seq: ++this.#seq,
      at,
      timecode: timecodeOf(at, frameRateOf(stream), offsetMinutes(at)),
      what: given.what,
      cue: given.cue ?? null,
      item: given.item ?? null,
      type: given.type ?? null,
      title: short(given.title),
      by: given.by ?? null,
      console: given.console ?? null,
      epoch: given.epoch ?? null,
      pts: given.pts ?? null,
      frame: given.frame ?? null,
      errorMs: given.errorMs ?? null,
      state: given.state ?? null,
      reason: short(given.reason),
      rehearsal: given.rehearsal ?? isRehearsal(stream),
    };
    return { row, key: given.key ?? null };
  }

  #remember(stream: string, row: AsRunRow): void {
    let rows = this.#recent.get(stream);
    if (rows === undefined) {
      if (this.#recent.size >= RECENT_STREAMS) this.#recent.delete(this.#recent.keys().next().value!);
      rows = [];
      this.#recent.set(stream, rows);
    }
    rows.push(row);
    if (rows.length > RECENT_ROWS) rows.shift();
  }

  #enqueue(row: LoggedRow): void {
    if (this.#stopped) return;
    if (this.#waiting.length >= (this.#options.maxWaiting ?? MAX_WAITING)) {
      this.#waiting.shift();
      // One line for the first and for each power of two of them.
      if (Number.isInteger(Math.log2(++this.#lost))) {
        this.#options.log.error(
          { lost: this.#lost },
          'the as-run log cannot be written; its oldest rows are lost',
        );
      }
    }
    this.#waiting.push(row);
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // Something may have been added between the last look and this one.
      if (this.#waiting.length > 0 && !this.#stopped) this.#start();
    });
  }

  async #run(): Promise<void> {
    // All that is added in one turn goes in one batch.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#stopped) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      try {
        await this.#options.store.addRows(batch);
        const written = new Set(batch);
        this.#waiting = this.#waiting.filter((row) => !written.has(row));
        this.#failures = 0;
      } catch (error) {
        if (Number.isInteger(Math.log2(++this.#failures))) {
          this.#options.log.error(
            { err: error, waiting: this.#waiting.length, failures: this.#failures },
            'the as-run log cannot be written; it is tried again',
          );
        }
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#options.retryMs ?? RETRY_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}

const short = (text: string | null | undefined): string | null =>
  text == null ? null : text.length <= TEXT_LIMIT ? text : `${text.slice(0, TEXT_LIMIT - 1)}…`;
