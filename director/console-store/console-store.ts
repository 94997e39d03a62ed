import { FramecueError } from '../../packet/errors.ts';
import type { Log } from '../../service/log.ts';
import { type BatchWriter, openBatchWriter } from '../../service/sqlite/batch-writer.ts';
import type { AsRunRow } from '../as-run/row.ts';
import type {
  ConsoleStoreAnswer,
  ConsoleStoreOp,
  ConsoleStoreQuery,
  ConsoleStoreResult,
  LoggedRow,
  RowsWanted,
  StoredMode,
  TriggerRow,
} from './messages.ts';

export interface ConsoleStoreOptions {
  readonly path: string;
  readonly log: Log;
  readonly maxQueued: number;
  readonly timeoutMs: number;
}

/** What the store knew when it was opened. */
export interface ConsoleStoreStart {
  readonly lastSeq: number;
  readonly modes: readonly StoredMode[];
  readonly triggers: readonly TriggerRow[];
  readonly recent: readonly { readonly stream: string; readonly row: AsRunRow }[];
}

const RECENT_ROWS = 500;
const MAX_TRIGGERS = 500;
const COMPACT_ROWS = 500;

/**
 * What consoles need to outlast a restart: the as-run log, the modes, the triggers. SQLite in a worker thread, in a
 * file of its own: whatever it holds up, it never holds up a cue.
 */
export class ConsoleStore {
  readonly #writer: BatchWriter<ConsoleStoreOp, ConsoleStoreResult, ConsoleStoreQuery, ConsoleStoreAnswer>;

  constructor(
    writer: BatchWriter<ConsoleStoreOp, ConsoleStoreResult, ConsoleStoreQuery, ConsoleStoreAnswer>,
  ) {
    this.#writer = writer;
  }

  get healthy(): boolean {
    return this.#writer.healthy;
  }

  async addRows(rows: readonly LoggedRow[]): Promise<void> {
    await this.#writer.write({ kind: 'rows', rows });
  }

  /** Rows of a stream, oldest first. */
  async rows(wanted: RowsWanted): Promise<readonly AsRunRow[]> {
    const answer = await this.#writer.query({ kind: 'rows', wanted });
    if (answer.kind !== 'rows') throw unexpected(answer);
    return answer.rows.map(({ json }) => JSON.parse(json) as AsRunRow);
  }

  async setMode(mode: StoredMode): Promise<void> {
    await this.#writer.write({ kind: 'mode', mode });
  }

  /** @throws {FramecueError} ERR_REQUEST_INVALID where there are as many as can be. */
  async putTrigger(trigger: TriggerRow): Promise<void> {
    await this.#writer.write({ kind: 'put-trigger', trigger, limit: MAX_TRIGGERS });
  }

  /** False: there was none. */
  async dropTrigger(stream: string, name: string): Promise<boolean> {
    const result = await this.#writer.write({ kind: 'drop-trigger', stream, name });
    if (result.kind !== 'dropped') throw unexpected(result);
    return result.known;
  }

  async noteUse(id: string, uses: number, at: number): Promise<void> {
    await this.#writer.write({ kind: 'used', id, uses, at });
  }

  /** Small steps, so that rows are written in between. */
  async compact(olderThan: number, keepRows: number): Promise<number> {
    let total = 0;
    for (;;) {
      const result = await this.#writer.write({ kind: 'compact', olderThan, keepRows, limit: COMPACT_ROWS });
      if (result.kind !== 'compacted') throw unexpected(result);
      total += result.deleted;
      if (result.deleted < COMPACT_ROWS) return total;
    }
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}

/** Opens or makes the store. @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
export async function openConsoleStore(
  options: ConsoleStoreOptions,
): Promise<{ readonly store: ConsoleStore; readonly start: ConsoleStoreStart }> {
  const writer = await openBatchWriter<
    ConsoleStoreOp,
    ConsoleStoreResult,
    ConsoleStoreQuery,
    ConsoleStoreAnswer
  >({ worker: new URL('./console-store.worker.ts', import.meta.url), ...options });
  try {
    const state = await writer.query({ kind: 'state', recent: RECENT_ROWS });
    if (state.kind !== 'state') throw unexpected(state);
    const { lastSeq, modes, triggers } = state;
    const recent = state.recent.map(({ stream, json }) => ({ stream, row: JSON.parse(json) as AsRunRow }));
    return { store: new ConsoleStore(writer), start: { lastSeq, modes, triggers, recent } };
  } catch (error) {
    await writer.close();
    throw error;
  }
}

const unexpected = (what: { readonly kind: string }): FramecueError =>
  new FramecueError('ERR_INTERNAL', undefined, { cause: `the console store answered "${what.kind}"` });
