import { Worker } from 'node:worker_threads';
import { FramecueError } from '../../packet/errors.ts';
import type { Log } from '../log.ts';
import { Flights } from './flights.ts';
import type { BatchTold, FromWorker, Outcome, PlainError, ToWorker, WorkerStart } from './messages.ts';

export interface BatchWriterOptions {
  /** The worker's entry file, which calls `runBatchWorker`: `new URL('./x.worker.ts', import.meta.url)`. */
  readonly worker: URL;
  readonly path: string;
  readonly log: Log;
  /** Ops that may wait; one more is refused. */
  readonly maxQueued: number;
  /** An op that is not committed within this time is refused; milliseconds. */
  readonly timeoutMs: number;
  /** Ops of one transaction. */
  readonly maxBatch?: number;
  readonly maxQueries?: number;
  readonly busyTimeoutMs?: number;
  readonly maxPages?: number;
  readonly observer?: BatchObserver;
  /** Writes were refused with `mayBeCommitted`, and the store can be asked again which of them stand. */
  readonly onDoubtOver?: () => void;
}

/** What is worth measuring. */
export interface BatchObserver {
  committed?(ops: number, tookMs: number): void;
  refused?(ops: number, code: string): void;
  workerLost?(): void;
}

/** One store, seen from the main thread. */
export interface BatchWriter<Op, Result, Query, Answer> {
  /**
   * Resolves once the op is committed to the disk, with its own outcome.
   * @throws {FramecueError} ERR_OVERLOADED when the queue is full. ERR_STORE_UNAVAILABLE when the disk refuses,
   * when it takes too long or when the worker is lost; where `details.mayBeCommitted` is true nobody knows.
   */
  write(op: Op): Promise<Result>;
  /** Reads what is committed; in order behind the batches on their way. Bounded and timed like writes. */
  query(query: Query): Promise<Answer>;
  /** True while the worker stands and takes writes. */
  readonly healthy: boolean;
  readonly queued: number;
  /** Commits what waits, then closes the file. */
  close(): Promise<void>;
}

interface Waiting<Op, Result> {
  readonly op: Op;
  readonly since: number;
  settle: ((outcome: Outcome<Result>) => void) | null;
}

const MAX_BATCH = 1_000;
/** So many go at once, and not at the end of the turn: the worker writes them while others are being read. */
const HANDED_OVER_AT = 32;
const MAX_QUERIES = 1_000;
const BUSY_TIMEOUT_MS = 2_000;
const RESTARTS_MAX = 5;
/** A worker that stood this long has its restarts given back. */
const RESTARTS_FORGIVEN_MS = 60_000;
const RESTART_DELAY_MS = 100;
const CLOSE_TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 30_000;
const COMPLAINT_INTERVAL_MS = 1_000;

/**
 * Opens (or makes) a SQLite file in a worker thread. Batches go to it as they come, and what has come while it was
 * committing is its next transaction: one fsync for all of them.
 * @throws {FramecueError} ERR_STORE_UNAVAILABLE when the file cannot be opened.
 */
export async function openBatchWriter<Op, Result, Query = never, Answer = never>(
  options: BatchWriterOptions,
): Promise<BatchWriter<Op, Result, Query, Answer>> {
  const writer = new WorkerBatchWriter<Op, Result, Query, Answer>(options);
  await writer.start();
  return writer;
}

class WorkerBatchWriter<Op, Result, Query, Answer> implements BatchWriter<Op, Result, Query, Answer> {
  readonly #options: BatchWriterOptions;
  readonly #maxBatch: number;
  readonly #maxQueries: number;
  #worker: Worker | null = null;
  /** lost: being started again. down: given up. */
  #phase: 'starting' | 'open' | 'lost' | 'down' | 'closing' | 'closed' = 'starting';
  #queue: Waiting<Op, Result>[] = [];
  readonly #flights = new Flights<Waiting<Op, Result>>();
  #queries = new Map<number, (outcome: Outcome<Answer>) => void>();
  #nextId = 1;
  #flushPlanned = false;
  #isHeldBack = false;
  #restarts = 0;
  #standingSince = 0;
  #timer: NodeJS.Timeout | null = null;
  #onIdle: (() => void) | null = null;
  #onClosed: (() => void) | null = null;
  #closing: Promise<void> | null = null;
  /** Ops of batches up to this one were refused whose fate is not known yet; 0: none. */
  #inDoubtUpTo = 0;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#maxBatch = options.maxBatch ?? MAX_BATCH;
    this.#maxQueries = options.maxQueries ?? MAX_QUERIES;
  }

  get healthy(): boolean {
    return this.#phase === 'open';
  }

  get queued(): number {
    return this.#queue.length + this.#flights.ops;
  }

  async start(): Promise<void> {
    await this.#startWorker();
    if (this.#worker === null) throw unavailable('ended', false);
    this.#phase = 'open';
  }

  write(op: Op): Promise<Result> {
    if (this.#phase === 'closing' || this.#phase === 'closed') {
      return Promise.reject(new FramecueError('ERR_NOT_READY'));
    }
    if (this.#phase === 'down') {
      this.#options.observer?.refused?.(1, 'ERR_STORE_UNAVAILABLE');
      return Promise.reject(unavailable('down', false));
    }
    if (this.queued >= this.#options.maxQueued) {
      this.#options.observer?.refused?.(1, 'ERR_OVERLOADED');
      return Promise.reject(
        new FramecueError('ERR_OVERLOADED', undefined, { details: { retryAfterMs: 1_000 } }),
      );
    }
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome<Result>) => {
        if (outcome.good) resolve(outcome.value);
        else reject(this.#revive(outcome.error));
      };
      this.#queue.push({ op, since: performance.now(), settle });
      this.#armTimer();
      if (this.#queue.length >= HANDED_OVER_AT) this.#flush();
      else this.#planFlush();
    });
  }

  query(query: Query): Promise<Answer> {
    if (this.#phase !== 'open' || this.#worker === null)
      return Promise.reject(unavailable('not open', false));
    if (this.#queries.size >= this.#maxQueries) return Promise.reject(new FramecueError('ERR_OVERLOADED'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#queries.delete(id);
        reject(unavailable('no answer in time', false));
      }, this.#options.timeoutMs);
      this.#queries.set(id, (outcome) => {
        clearTimeout(timer);
        this.#queries.delete(id);
        if (outcome.good) resolve(outcome.value);
        else reject(this.#revive(outcome.error));
      });
      this.#send({ kind: 'query', id, query });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const drains = this.#phase === 'open';
    this.#phase = drains ? 'closing' : 'closed';
    if (drains) {
      let late: NodeJS.Timeout | undefined;
      const tooLate = new Promise<void>((resolve) => {
        late = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      });
      await Promise.race([this.#drain(), tooLate]);
      clearTimeout(late);
    }
    this.#phase = 'closed';
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queue.unshift(...this.#flights.takeBack());
    this.#refuse(this.#queue.splice(0), 'closed', false);
    this.#refuse(this.#flights.lose(), 'closed', true);
    await this.#worker?.terminate();
  }

  async #drain(): Promise<void> {
    if (this.queued > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        this.#flush();
      });
    }
    if (this.#worker === null) return;
    await new Promise<void>((resolve) => {
      this.#onClosed = resolve;
      this.#send({ kind: 'close' });
    });
  }

  #startWorker(): Promise<void> {
    const { path, busyTimeoutMs = BUSY_TIMEOUT_MS, maxPages = 0 } = this.#options;
    const file = { path, busyTimeoutMs, maxPages };
    const workerData: WorkerStart = { file, maxBatch: this.#maxBatch, handover: this.#flights.renew() };
    // The parent's flags (a debugger's port, a test runner's loaders) are not the worker's.
    const worker = new Worker(this.#options.worker, { workerData, execArgv: [] });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(unavailable('no start in time', false));
        void worker.terminate();
      }, START_TIMEOUT_MS);
      worker.on('message', (message: FromWorker<Result, Answer>) => {
        if (message.kind === 'ready') {
          clearTimeout(late);
          this.#standingSince = performance.now();
          resolve();
        } else if (message.kind === 'failed') {
          clearTimeout(late);
          reject(this.#revive(message.error));
        } else {
          this.#onMessage(message);
        }
      });
      worker.on('error', (error) => {
        this.#options.log.error({ err: error, path }, 'the store worker failed');
        clearTimeout(late);
        reject(unavailable('failed', false, error));
      });
      worker.on('exit', () => {
        clearTimeout(late);
        reject(unavailable('ended', false));
        this.#onExit(worker);
      });
    });
  }

  #onMessage(message: FromWorker<Result, Answer>): void {
    switch (message.kind) {
      case 'batch':
        this.#finish(message.batch, message, null);
        break;
      case 'batch-refused':
        this.#finish(message.batch, null, message.error);
        break;
      case 'left-alone':
        // Those that were refused meanwhile as perhaps committed never will be.
        this.#queue.unshift(...this.#flights.leftAlone(message.batch).filter((op) => op.settle !== null));
        this.#endDoubtIfKnown();
        this.#goOn();
        break;
      case 'answer':
        this.#queries.get(message.id)?.(message.outcome);
        break;
      case 'closed':
        // Its end can come in the same turn as this, and is no loss.
        this.#phase = 'closed';
        this.#onClosed?.();
        break;
    }
  }

  #finish(batch: number, told: BatchTold<Result> | null, refusal: PlainError | null): void {
    const landed = this.#flights.land(batch);
    if (landed === null) return;
    const { ops, tookMs } = landed;
    const { observer } = this.#options;
    if (refusal === null) {
      observer?.committed?.(ops.length, tookMs);
    } else {
      if (refusal.details?.mayBeCommitted === true) this.#doubtUpTo(batch);
      this.#complain({ problem: refusal }, 'the store refused a batch');
      observer?.refused?.(ops.length, refusal.code);
    }
    for (const { at, error } of told?.refusals ?? []) settleOne(ops[at], { good: false, error });
    // Those that are left have a value each, null among them.
    for (const [at, waiting] of ops.entries()) {
      if (told === null || at >= told.values.length)
        settleOne(waiting, { good: false, error: refusal ?? LOST_OUTCOME });
      else settleOne(waiting, { good: true, value: told.values[at] as Result });
    }
    this.#endDoubtIfKnown();
    this.#goOn();
  }

  /** The worker is there. */
  #goOn(): void {
    if (this.#flights.isUnsure) return;
    this.#isHeldBack = false;
    if (this.#queue.length > 0) this.#flush();
    else if (this.#flights.ops === 0) this.#onIdle?.();
  }

  /** A worker that is late has what it has begun; what it has not is certain not to be written, and stays so. */
  #holdBack(): void {
    this.#isHeldBack = true;
    this.#queue.unshift(...this.#flights.takeBack());
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      this.#flush();
    });
  }

  /** A transaction's worth may wait at the worker behind the one that it is committing. */
  #flush(): void {
    if (this.#queue.length === 0 || this.#worker === null || this.#isHeldBack) return;
    if (this.#phase !== 'open' && this.#phase !== 'closing') return;
    const room = 2 * this.#maxBatch - this.#flights.ops;
    if (room <= 0) return;
    const ops = this.#queue.splice(0, Math.min(room, this.#maxBatch));
    const batch = this.#nextId++;
    try {
      this.#send({ kind: 'batch', batch, ops: ops.map((waiting) => waiting.op) });
    } catch (error) {
      // An op that cannot be cloned: nothing of the batch has gone.
      this.#options.log.error({ err: error }, 'a batch could not be handed over');
      this.#refuse(ops, 'not handed over', false);
      this.#goOn();
      return;
    }
    this.#flights.launch(batch, ops);
  }

  #send(message: ToWorker<Op, Query>): void {
    this.#worker?.postMessage(message);
  }

  /** One timer for the oldest op, since all have the same time to live. */
  #armTimer(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#expire();
    }, this.#options.timeoutMs);
  }

  #expire(): void {
    const limit = performance.now() - this.#options.timeoutMs;
    const first = this.#flights.oldestOp;
    // Of what is late at all the oldest is: what is left on its way then is what the worker has begun.
    if (first !== undefined && first.since <= limit) this.#holdBack();
    const sent = this.#flights.ofAll().filter((op) => op.settle !== null && op.since <= limit);
    const stays = this.#queue.findIndex((op) => op.since > limit);
    const unsent = this.#queue.splice(0, stays === -1 ? this.#queue.length : stays);
    const expired = sent.length + unsent.length;
    this.#refuse(sent, 'not committed in time', true);
    this.#refuse(unsent, 'not committed in time', false);
    if (expired > 0) this.#complain({ expired }, 'the store did not commit in time');
    const oldest = this.#flights.ofAll().find((waiting) => waiting.settle !== null) ?? this.#queue[0];
    if (oldest === undefined) return;
    const wait = Math.max(1, oldest.since + this.#options.timeoutMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#expire();
    }, wait);
  }

  #onExit(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    if (this.#phase !== 'open' && this.#phase !== 'closing') return;
    this.#options.observer?.workerLost?.();
    this.#options.log.error({ path: this.#options.path }, 'the store worker is lost');
    this.#queue.unshift(...this.#flights.takeBack());
    this.#refuse(this.#flights.lose(), 'the writer was lost', true);
    for (const settle of [...this.#queries.values()]) {
      settle({ good: false, error: unavailablePlain('the writer was lost', false) });
    }
    if (this.#phase === 'closing') {
      this.#refuse(this.#queue.splice(0), 'the writer was lost', false);
      this.#onIdle?.();
      this.#onClosed?.();
      return;
    }
    this.#phase = 'lost';
    this.#restartLater();
  }

  #restartLater(): void {
    if (performance.now() - this.#standingSince > RESTARTS_FORGIVEN_MS) this.#restarts = 0;
    if (this.#restarts >= RESTARTS_MAX) {
      this.#options.log.fatal({ restarts: this.#restarts }, 'the store worker keeps failing; it stays down');
      this.#phase = 'down';
      this.#refuse(this.#queue.splice(0), 'down', false);
      return;
    }
    const delay = RESTART_DELAY_MS * 2 ** this.#restarts++;
    setTimeout(() => {
      if (this.#phase !== 'lost') return;
      this.#startWorker().then(
        () => {
          if (this.#phase !== 'lost') return;
          // Its end can come in the same turn as its start.
          if (this.#worker === null) return this.#restartLater();
          this.#phase = 'open';
          this.#endDoubt();
          this.#goOn();
        },
        (error: unknown) => {
          this.#options.log.error({ err: error }, 'the store worker did not start again');
          this.#worker = null;
          if (this.#phase === 'lost') this.#restartLater();
        },
      );
    }, delay);
  }

  #refuse(ops: readonly Waiting<Op, Result>[], problem: string, mayBeCommitted: boolean): void {
    const waiting = ops.filter(({ settle }) => settle !== null);
    if (waiting.length === 0) return;
    const error = unavailablePlain(problem, mayBeCommitted);
    this.#options.observer?.refused?.(waiting.length, error.code);
    // Of a worker that is lost no batch is left: the next answer comes from one that has read the file anew.
    if (mayBeCommitted) this.#doubtUpTo(Math.max(this.#flights.newest, 1));
    for (const op of waiting) settleOne(op, { good: false, error });
  }

  #doubtUpTo(batch: number): void {
    this.#inDoubtUpTo = Math.max(this.#inDoubtUpTo, batch);
  }

  #endDoubtIfKnown(): void {
    if (!this.#flights.hasUpTo(this.#inDoubtUpTo)) this.#endDoubt();
  }

  #endDoubt(): void {
    if (this.#inDoubtUpTo === 0) return;
    this.#inDoubtUpTo = 0;
    this.#options.onDoubtOver?.();
  }

  /** A full disk refuses batch after batch: one line a second says enough. */
  #complain(facts: object, text: string): void {
    const now = performance.now();
    if (now - this.#complainedAt < COMPLAINT_INTERVAL_MS) return;
    this.#complainedAt = now;
    this.#options.log.error(facts, text);
  }

  #revive(error: PlainError): FramecueError {
    if (error.code === 'ERR_INTERNAL') {
      this.#options.log.error(
        { internal: error.internal },
        'a store op failed for a reason that nobody expected',
      );
    }
    return new FramecueError(error.code, error.message, {
      cause: error.internal,
      ...(error.details === undefined ? {} : { details: error.details }),
    });
  }
}

function settleOne<Result>(waiting: Waiting<unknown, Result> | undefined, outcome: Outcome<Result>): void {
  waiting?.settle?.(outcome);
  if (waiting !== undefined) waiting.settle = null;
}

function unavailablePlain(problem: string, mayBeCommitted: boolean): PlainError {
  const error = unavailable(problem, mayBeCommitted);
  return { code: error.code, message: error.message, details: error.details ?? {} };
}

const unavailable = (problem: string, mayBeCommitted: boolean, cause?: unknown): FramecueError =>
  new FramecueError('ERR_STORE_UNAVAILABLE', undefined, { cause, details: { problem, mayBeCommitted } });

/** A batch's answer that is shorter than the batch would be a fault of the worker. */
const LOST_OUTCOME: PlainError = unavailablePlain('the writer gave no outcome', true);
