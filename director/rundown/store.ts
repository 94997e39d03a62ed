import type { Log } from '../../service/log.ts';
import { type BatchObserver, type BatchWriter, openBatchWriter } from '../../service/sqlite/batch-writer.ts';
import type { ItemMark, KeptRundown } from './kept.ts';
import type { MarkRow, Pass, RundownAnswer, RundownOp, RundownQuery } from './messages.ts';

export interface RundownStoreOptions {
  readonly path: string;
  readonly log: Log;
  readonly maxQueued: number;
  readonly timeoutMs: number;
  readonly observer?: BatchObserver;
}

export type Marks = ReadonlyMap<string, ItemMark>;

/** What the store knew of a stream when it was opened. */
export interface StoredRundown {
  readonly stream: string;
  readonly rev: number;
  /** Null: the stream has none, and had `rev` before. */
  readonly kept: KeptRundown | null;
  readonly marks: Readonly<Record<Pass, Marks>>;
}

/**
 * Rundowns and what is noted of their items, durable: SQLite in a worker of its own. A file apart from the cue log is
 * enough, since nothing has to be in both at once: which cue an item has follows from the id that it must have.
 */
export class RundownStore {
  readonly #writer: BatchWriter<RundownOp, 'done', RundownQuery, RundownAnswer>;

  constructor(writer: BatchWriter<RundownOp, 'done', RundownQuery, RundownAnswer>) {
    this.#writer = writer;
  }

  get healthy(): boolean {
    return this.#writer.healthy;
  }

  /** All of them resolve when it is on the disk. @throws {FramecueError} ERR_OVERLOADED, ERR_STORE_UNAVAILABLE. */
  async load(stream: string, rev: number, kept: KeptRundown, marks: Marks): Promise<void> {
    const row = { stream, rev, json: JSON.stringify(kept) };
    await this.#writer.write({ kind: 'load', row, marks: rowsOf(kept.pass, marks) });
  }

  async unload(stream: string): Promise<void> {
    await this.#writer.write({ kind: 'unload', stream });
  }

  async change(stream: string, rev: number, kept: KeptRundown, clear: Pass | null): Promise<void> {
    await this.#writer.write({ kind: 'change', row: { stream, rev, json: JSON.stringify(kept) }, clear });
  }

  async mark(stream: string, rev: number, pass: Pass, marks: Marks): Promise<void> {
    await this.#writer.write({ kind: 'mark', stream, rev, marks: rowsOf(pass, marks) });
  }

  async all(): Promise<readonly StoredRundown[]> {
    const { rundowns } = await this.#writer.query({ kind: 'all' });
    return rundowns.map(({ stream, rev, json, marks }) => ({
      ...{ stream, rev },
      kept: json === null ? null : (JSON.parse(json) as KeptRundown),
      marks: { show: marksOf(marks, 'show'), rehearsal: marksOf(marks, 'rehearsal') },
    }));
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}

const rowsOf = (pass: Pass, marks: Marks): MarkRow[] =>
  [...marks].map(([item, mark]) => ({ pass, item, json: JSON.stringify(mark) }));

const marksOf = (rows: readonly MarkRow[], pass: Pass): Marks =>
  new Map(
    rows.filter((row) => row.pass === pass).map(({ item, json }) => [item, JSON.parse(json) as ItemMark]),
  );

/** @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
export async function openRundownStore(options: RundownStoreOptions): Promise<RundownStore> {
  const { path, log, maxQueued, timeoutMs, observer } = options;
  const writer = await openBatchWriter<RundownOp, 'done', RundownQuery, RundownAnswer>({
    ...{ worker: new URL('./rundown.worker.ts', import.meta.url), path, log, maxQueued, timeoutMs },
    ...(observer === undefined ? {} : { observer }),
  });
  return new RundownStore(writer);
}
