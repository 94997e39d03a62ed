import { FramecueError } from '../../packet/errors.ts';
import type { Log } from '../log.ts';
import { Flights } from './flights.ts';
import type { BatchTold, FromWorker, Outcome, PlainError, WorkerStart } from './messages.ts';
import { Questions } from './questions.ts';
import { plainUnavailable, revive, unavailable } from './store-errors.ts';
import { StoreThread } from './store-thread.ts';

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
/** Why what a lost worker had is refused. */
const LOST = 'the writer was lost';
const CLOSE_TIMEOUT_MS = 10_000;
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
  readonly #thread: StoreThread<Op, Result, Query, Answer>;
  #queue: Waiting<Op, Result>[] = [];
  readonly #flights = new Flights<Waiting<Op, Result>>();
  readonly #questions: Questions<Answer>;
  #nextBatch = 1;
  #flushPlanned = false;
  #isHeldBack = false;
  #timer: NodeJS.Timeout | null = null;
  #onIdle: (() => void) | null = null;
  #onClosed: (() => void) | null = null;
  #closing: Promise<void> | null = null;
  /** Ops of batches up to this one were refused whose fate is not known yet; 0: none. */
  #inDoubtUpTo = 0;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(options: BatchWriterOptions) {
    const { worker, log, timeoutMs, maxBatch = MAX_BATCH, maxQueries: max = MAX_QUERIES } = options;
    this.#options = options;
    this.#maxBatch = maxBatch;
    this.#questions = new Questions({ max, timeoutMs }, log);
    this.#thread = new StoreThread(
      { worker, log, start: () => this.#workerStart() },
      {
        message: (message) => this.#onMessage(message),
        lost: (comesBack) => this.#onLost(comesBack),
        back: () => {
          this.#endDoubt();
          this.#goOn();
        },
        down: () => this.#refuse(this.#queue.splice(0), 'down', false),
      },
    );
  }

  get healthy(): boolean {
    return this.#thread.isOpen;
  }

  get queued(): number {
    return this.#queue.length + this.#flights.ops;
  }

  start(): Promise<void> {
    return this.#thread.start();
  }

  #workerStart(): WorkerStart {
    const { path, busyTimeoutMs = BUSY_TIMEOUT_MS, maxPages = 0 } = this.#options;
    const file = { path, busyTimeoutMs, maxPages };
    return { file, maxBatch: this.#maxBatch, handover: this.#flights.renew() };
  }

  write(op: Op): Promise<Result> {
    const refusal = this.#refusalNow();
    if (refusal !== null) {
      this.#options.observer?.refused?.(1, refusal.code);
      return Promise.reject(refusal);
    }
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome<Result>) => {
        if (outcome.good) resolve(outcome.value);
        else reject(revive(outcome.error, this.#options.log));
      };
      this.#queue.push({ op, since: performance.now(), settle });
      this.#armTimer();
      if (this.#queue.length >= HANDED_OVER_AT) this.#flush();
      else this.#planFlush();
    });
  }

  #refusalNow(): FramecueError | null {
    if (this.#closing !== null) return new FramecueError('ERR_NOT_READY');
    if (this.#thread.isDown) return unavailable('down', false);
    if (this.queued < this.#options.maxQueued) return null;
    return new FramecueError('ERR_OVERLOADED', undefined, { details: { retryAfterMs: 1_000 } });
  }

  query(query: Query): Promise<Answer> {
    if (!this.#thread.isOpen) return Promise.reject(unavailable('not open', false));
    return this.#questions.ask((id) => this.#thread.send({ kind: 'query', id, query }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#thread.retire()) {
      let late: NodeJS.Timeout | undefined;
      const tooLate = new Promise<void>((resolve) => {
        late = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      });
      await Promise.race([this.#drain(), tooLate]);
      clearTimeout(late);
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queue.unshift(...this.#flights.takeBack());
    this.#refuse(this.#queue.splice(0), 'closed', false);
    this.#refuse(this.#flights.lose(), 'closed', true);
    this.#questions.refuseAll('closed');
    await this.#thread.end();
  }

  async #drain(): Promise<void> {
    if (this.queued > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        this.#flush();
      });
    }
    if (!this.#thread.takesMessages) return;
    await new Promise<void>((resolve) => {
      this.#onClosed = resolve;
      this.#thread.send({ kind: 'close' });
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
        this.#questions.answered(message.id, message.outcome);
        break;
      case 'closed':
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
      // What was refused before, as late, is counted.
      observer?.refused?.(ops.filter(({ settle }) => settle !== null).length, refusal.code);
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
    if (this.#queue.length === 0 || !this.#thread.takesMessages || this.#isHeldBack) return;
    const room = 2 * this.#maxBatch - this.#flights.ops;
    if (room <= 0) return;
    const ops = this.#queue.splice(0, Math.min(room, this.#maxBatch));
    const batch = this.#nextBatch++;
    try {
      this.#thread.send({ kind: 'batch', batch, ops: ops.map((waiting) => waiting.op) });
    } catch (error) {
      // An op that cannot be cloned: nothing of the batch has gone.
      this.#options.log.error({ err: error }, 'a batch could not be handed over');
      this.#refuse(ops, 'not handed over', false);
      this.#goOn();
      return;
    }
    this.#flights.launch(batch, ops);
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

  #onLost(comesBack: boolean): void {
    this.#options.observer?.workerLost?.();
    this.#queue.unshift(...this.#flights.takeBack());
    this.#refuse(this.#flights.lose(), LOST, true);
    this.#questions.refuseAll(LOST);
    if (comesBack) return;
    this.#refuse(this.#queue.splice(0), LOST, false);
    this.#onIdle?.();
    this.#onClosed?.();
  }

  #refuse(ops: readonly Waiting<Op, Result>[], problem: string, mayBeCommitted: boolean): void {
    const waiting = ops.filter(({ settle }) => settle !== null);
    if (waiting.length === 0) return;
    const error = plainUnavailable(problem, mayBeCommitted);
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
}

function settleOne<Result>(waiting: Waiting<unknown, Result> | undefined, outcome: Outcome<Result>): void {
  waiting?.settle?.(outcome);
  if (waiting !== undefined) waiting.settle = null;
}

/** A batch's answer that is shorter than the batch would be a fault of the worker. */
const LOST_OUTCOME: PlainError = plainUnavailable('the writer gave no outcome', true);
