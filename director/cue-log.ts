import type { Cue } from '../cues/cue.ts';
import type { FeedEntry } from '../cues/feed.ts';
import { type CueState, isFinal } from '../cues/states.ts';
import { FramecueError } from '../packet/errors.ts';
import { type UnixMilliseconds, unixMs } from '../packet/time.ts';
import type { Log } from '../service/log.ts';
import { type BatchObserver, type BatchWriter, openBatchWriter } from '../service/sqlite/batch-writer.ts';
import {
  type CueLogAnswer,
  type CueLogOp,
  type CueLogQuery,
  type CueLogResult,
  KEY_LIFE_MS,
  type KeyRow,
  type LoggedCue,
  type LogRow,
} from './cue-log-messages.ts';

export interface CueLogOptions {
  readonly path: string;
  readonly log: Log;
  readonly maxQueued: number;
  readonly timeoutMs: number;
  /** Days and entries that are kept of cues that are over. */
  readonly keepDays: number;
  readonly keepEntries: number;
  readonly observer?: BatchObserver;
  /** `PRAGMA max_page_count`; 0: none. */
  readonly maxPages?: number;
}

/** What the log knew when it was opened. */
export interface CueLogStart {
  /** Cues that can still change, and the newest of the others; oldest first. */
  readonly cues: readonly Cue[];
  readonly keys: readonly KeyRow[];
  /** Streams on which stamping is switched off. */
  readonly stampingOff: readonly string[];
  /** The process before this one logged all that it did. False after a crash: stamps may be out that no entry tells of. */
  readonly cleanStop: boolean;
  /** By the wall clock of then, when the newest entry was made; null: there is none. */
  readonly lastAt: UnixMilliseconds | null;
}

/** What happened to a cue, and whether the key of its request is given back. */
export interface JournalEntry {
  readonly cue: Cue;
  readonly at: UnixMilliseconds;
  readonly forgetKey: boolean;
}

export type EntriesAfter =
  | { readonly kind: 'rows'; readonly rows: readonly LogRow[] }
  | { readonly kind: 'too-old'; readonly floor: number };

export const MAX_KEYS = 100_000;
const RECENT_CUES = 2_000;
const SNAPSHOT_RECENT_CUES = 500;
const PAGE = 200;
const COMPACT_ROWS = 500;
const DAY_MS = 86_400_000;
/** Outputs that are read back write an entry each time they show more. */
const MAX_HISTORY = 1_000;
const CATCH_UP_RETRY_MS = 500;

/**
 * The durable, append-only log of all cues: SQLite in a worker thread. What is committed is told to `onCommitted`
 * in the order of `seq`, without a gap: the feed is exactly the log.
 */
export class CueLog {
  readonly #writer: BatchWriter<CueLogOp, CueLogResult, CueLogQuery, CueLogAnswer>;
  readonly #options: CueLogOptions;
  readonly #listeners: ((row: LogRow) => void)[] = [];
  readonly epoch: string;
  #lastSeq: number;
  /** Under way while entries are committed that this thread has not been told of. */
  #catchingUp: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #doubts = 0;
  readonly #onDoubtOver: ((doubt: number) => void)[] = [];
  #closed = false;

  constructor(
    writer: BatchWriter<CueLogOp, CueLogResult, CueLogQuery, CueLogAnswer>,
    options: CueLogOptions,
    epoch: string,
    lastSeq: number,
  ) {
    this.#writer = writer;
    this.#options = options;
    this.epoch = epoch;
    this.#lastSeq = lastSeq;
  }

  /** The newest entry that was told to `onCommitted`. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get healthy(): boolean {
    return this.#writer.healthy;
  }

  get queued(): number {
    return this.#writer.queued;
  }

  /** Counts up each time that the fate of writes can be known which were refused with `mayBeCommitted`. */
  get doubts(): number {
    return this.#doubts;
  }

  /** Told once all entries that were in doubt have been told to `onCommitted`: the others are not in the log. */
  onDoubtOver(listener: (doubt: number) => void): void {
    this.#onDoubtOver.push(listener);
  }

  onCommitted(listener: (row: LogRow) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Appends a cue's first entry, and the key that it was asked for with. Resolves when it is on the disk and was
   * told to the listeners.
   * @throws {FramecueError} ERR_CUE_EXISTS, ERR_IDEMPOTENCY_CONFLICT, ERR_OVERLOADED, ERR_STORE_UNAVAILABLE.
   */
  async accept(cue: Cue, at: UnixMilliseconds, key: KeyRow | null): Promise<void> {
    const logged = loggedCue(cue);
    await this.#append({ kind: 'accept', at, cue: logged, key }, [{ at, cue: logged }]);
  }

  /**
   * Appends cues as they now stand, in this order, all or none; told to the listeners before this resolves.
   * @throws {FramecueError} ERR_OVERLOADED, ERR_STORE_UNAVAILABLE.
   */
  async update(entries: readonly JournalEntry[]): Promise<void> {
    const updates = entries.map(({ cue, at, forgetKey }) => ({ at, cue: loggedCue(cue), forgetKey }));
    await this.#append({ kind: 'updates', updates }, updates);
  }

  async setStamping(stream: string, on: boolean): Promise<void> {
    await this.#writer.write({ kind: 'stamping', stream, on });
  }

  /** Entries after `seq`, oldest first, a page at most; an empty page is the end. */
  async after(seq: number): Promise<EntriesAfter> {
    const answer = await this.#writer.query({ kind: 'after', seq, limit: PAGE });
    if (answer.kind === 'rows' || answer.kind === 'too-old') return answer;
    throw unexpected(answer);
  }

  /** Cues that can still change and the newest others, as of entry `seq`. */
  async snapshot(stream: string | null): Promise<{ readonly seq: number; readonly rows: readonly LogRow[] }> {
    const answer = await this.#writer.query({ kind: 'snapshot', stream, recent: SNAPSHOT_RECENT_CUES });
    if (answer.kind !== 'snapshot') throw unexpected(answer);
    return answer;
  }

  /** Cues of a stream by acceptance, newest first; null when there is no cue `before`. */
  async list(stream: string, limit: number, before: string | null): Promise<readonly Cue[] | null> {
    const answer = await this.#writer.query({ kind: 'list', stream, limit, before });
    if (answer.kind === 'unknown') return null;
    if (answer.kind !== 'rows') throw unexpected(answer);
    return answer.rows.map(cueOfRow);
  }

  async find(id: string): Promise<Cue | null> {
    const answer = await this.#writer.query({ kind: 'find', id });
    if (answer.kind !== 'rows') throw unexpected(answer);
    const row = answer.rows[0];
    return row === undefined ? null : cueOfRow(row);
  }

  /** What the log has of one cue, oldest first: all of it while it is young, the newest state at least. */
  async history(id: string): Promise<readonly FeedEntry[]> {
    const answer = await this.#writer.query({ kind: 'history', id, limit: MAX_HISTORY });
    if (answer.kind !== 'rows') throw unexpected(answer);
    return answer.rows.map((row) => ({ seq: row.seq, at: row.at, cue: cueOfRow(row) }));
  }

  /** Lets go of what is older than the settings keep. Small steps: cues are accepted in between. */
  async compact(now: UnixMilliseconds): Promise<number> {
    let total = 0;
    for (;;) {
      const result = await this.#writer.write({
        kind: 'compact',
        olderThan: unixMs(now - this.#options.keepDays * DAY_MS),
        keepEntries: this.#options.keepEntries,
        keysOlderThan: unixMs(now - KEY_LIFE_MS),
        limit: COMPACT_ROWS,
      });
      if (result.kind !== 'compacted') throw unexpected(result);
      total += result.deleted;
      if (result.deleted < COMPACT_ROWS || this.#closed) return total;
    }
  }

  /** @param clean everything that happened was appended: the next start may rely on it. */
  async close(clean: boolean): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    try {
      if (clean) await this.#writer.write({ kind: 'clean-stop' });
    } catch (error) {
      this.#options.log.error({ err: error }, 'the cue log could not note that it was closed in order');
    }
    await this.#writer.close();
  }

  async #append(
    op: CueLogOp,
    entries: readonly { readonly at: UnixMilliseconds; readonly cue: LoggedCue }[],
  ): Promise<void> {
    const result = await this.#writer.write(op);
    if (result.kind !== 'entries') throw unexpected(result);
    for (const [index, { at, cue }] of entries.entries()) {
      const { id, stream, json } = cue;
      this.#committed({ seq: result.seqs[index]!, at, id, stream, json });
    }
    if (this.#catchingUp !== null) await this.#catchingUp;
  }

  #committed(row: LogRow): void {
    // While catching up, this entry is read back with the others.
    if (this.#catchingUp !== null || row.seq <= this.#lastSeq) return;
    if (row.seq === this.#lastSeq + 1) this.#tell(row);
    else this.#catchUp();
  }

  #tell(row: LogRow): void {
    this.#lastSeq = row.seq;
    for (const listener of this.#listeners) listener(row);
  }

  /** Writes were refused that may be committed all the same, and the store can be asked which are. */
  async endDoubt(): Promise<void> {
    const doubt = ++this.#doubts;
    // One that is under way may have read past them already.
    await this.#catchingUp;
    this.#catchUp();
    await this.#catchingUp;
    if (this.#retry === null && !this.#closed) for (const listener of this.#onDoubtOver) listener(doubt);
  }

  /** Reads back what is committed and nobody was told of. */
  #catchUp(): void {
    if (this.#closed) return;
    this.#catchingUp ??= this.#readBack().finally(() => {
      this.#catchingUp = null;
    });
  }

  async #readBack(): Promise<void> {
    try {
      for (;;) {
        const page = await this.after(this.#lastSeq);
        if (page.kind === 'too-old') {
          // Followers who lack these get a snapshot.
          this.#lastSeq = page.floor;
          continue;
        }
        if (page.rows.length === 0) return;
        for (const row of page.rows) this.#tell(row);
      }
    } catch (error) {
      this.#options.log.error({ err: error }, 'the cue log cannot be read back; it is tried again');
      if (this.#closed || this.#retry !== null) return;
      this.#retry = setTimeout(() => {
        this.#retry = null;
        void this.endDoubt();
      }, CATCH_UP_RETRY_MS);
    }
  }
}

/** Opens or makes the log. @throws {FramecueError} ERR_STORE_UNAVAILABLE. */
export async function openCueLog(
  options: CueLogOptions,
): Promise<{ readonly cueLog: CueLog; readonly start: CueLogStart }> {
  let opened: CueLog | null = null;
  const writer = await openBatchWriter<CueLogOp, CueLogResult, CueLogQuery, CueLogAnswer>({
    worker: new URL('./cue-log.worker.ts', import.meta.url),
    path: options.path,
    log: options.log,
    maxQueued: options.maxQueued,
    timeoutMs: options.timeoutMs,
    maxPages: options.maxPages ?? 0,
    ...(options.observer === undefined ? {} : { observer: options.observer }),
    onDoubtOver: () => void opened?.endDoubt(),
  });
  try {
    const started = await writer.write({ kind: 'start' });
    if (started.kind !== 'started') throw unexpected(started);
    const state = await writer.query({ kind: 'state', recent: RECENT_CUES, keys: MAX_KEYS });
    if (state.kind !== 'state') throw unexpected(state);
    opened = new CueLog(writer, options, state.epoch, state.lastSeq);
    return {
      cueLog: opened,
      start: {
        cues: state.rows.map(cueOfRow),
        keys: state.keys,
        stampingOff: state.stampingOff,
        cleanStop: started.cleanStop,
        lastAt: state.lastAt === null ? null : unixMs(state.lastAt),
      },
    };
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** An `uncertain` cue waits for somebody to read the outputs: it does not change by itself. */
export const isLive = (state: CueState): boolean => !isFinal(state) && state !== 'uncertain';

function loggedCue(cue: Cue): LoggedCue {
  return { id: cue.id, stream: cue.stream, json: JSON.stringify(cue), live: isLive(cue.state) };
}

export const cueOfRow = (row: LogRow): Cue => JSON.parse(row.json) as Cue;

const unexpected = (what: { readonly kind: string }): FramecueError =>
  new FramecueError('ERR_INTERNAL', undefined, { cause: `the cue log answered "${what.kind}"` });
