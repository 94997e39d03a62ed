import { FramecueError } from '../../packet/errors.ts';
import type { Outcome } from '../../service/sqlite/messages.ts';
import type { OpenStore } from '../../service/sqlite/open-store.ts';
import type { LedgerWriter } from '../ledger/sqlite/ledger.ts';
import type { LedgerAnswer, LedgerOp, LedgerQuery, LedgerResult } from '../ledger/sqlite/messages.ts';
import type { SimulatedDisk } from './disk.ts';

export type LedgerStore = OpenStore<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>;

/** What goes wrong between the main thread and the writer. */
export type WriterFault =
  /** The batch is committed; the main thread gave up waiting and has told everybody that nobody knows. */
  | 'answer-too-late'
  /** The writer is lost before it began. */
  | 'lost-before'
  /** The queue is full. */
  | 'overloaded';

interface Waiting {
  readonly op: LedgerOp;
  readonly settle: (outcome: Outcome<LedgerResult>) => void;
}

const unavailable = (problem: string, mayBeCommitted: boolean): Outcome<never> => ({
  good: false,
  error: { code: 'ERR_STORE_UNAVAILABLE', message: 'simulated', details: { problem, mayBeCommitted } },
});

/** What several writers of one world share: how busy it is, and what is planted. */
export interface WriterOptions {
  readonly store: LedgerStore;
  readonly disk: SimulatedDisk;
  /** Something went wrong, as planned. */
  readonly ailed: () => void;
  /** Something happened: a world is at rest when nothing does any more. */
  readonly moved: () => void;
  readonly onDoubtOver: () => void;
  /** The process died. */
  readonly died: () => void;
  /** Planted: promises are kept before the commit is. */
  readonly acknowledgesFirst: boolean;
}

/**
 * The thread that writes, without a thread: what is asked in one turn of the event loop is one batch, through the
 * store's own code; answers come back as copies. After a crash nothing is ever answered.
 */
export class SimulatedWriter implements LedgerWriter {
  readonly #options: WriterOptions;
  #waiting: Waiting[] = [];
  #planned = false;
  #fault: WriterFault | null = null;
  #isDead = false;
  #batches = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get healthy(): boolean {
    return !this.#isDead;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  failNext(fault: WriterFault): void {
    this.#fault = fault;
  }

  mend(): void {
    this.#fault = null;
  }

  kill(): void {
    this.#isDead = true;
    this.#waiting = [];
  }

  write(op: LedgerOp): Promise<LedgerResult> {
    return new Promise((resolve, reject) => {
      if (this.#fault === 'overloaded') {
        this.#fault = null;
        this.#options.ailed();
        reject(new FramecueError('ERR_OVERLOADED'));
        return;
      }
      const settle = (outcome: Outcome<LedgerResult>) => {
        if (outcome.good) resolve(structuredClone(outcome.value));
        else reject(errorOf(outcome.error));
      };
      this.#waiting.push({ op: structuredClone(op), settle });
      this.#plan();
    });
  }

  query(query: LedgerQuery): Promise<LedgerAnswer> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        if (this.#isDead) return;
        this.#options.moved();
        const outcome = this.#options.store.answer(structuredClone(query));
        if (outcome.good) resolve(structuredClone(outcome.value));
        else reject(errorOf(outcome.error));
      });
    });
  }

  async close(): Promise<void> {
    this.#flush();
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isDead || this.#waiting.length === 0) return;
    const { store, disk, moved, died, acknowledgesFirst, onDoubtOver } = this.#options;
    moved();
    const batch = this.#waiting.splice(0);
    const fault = this.#fault;
    this.#fault = null;
    if (fault !== null) this.#options.ailed();
    const tell = (outcome: (at: number) => Outcome<LedgerResult>) => {
      for (const [at, { settle }] of batch.entries()) settle(outcome(at));
    };
    if (fault === 'lost-before') {
      tell(() => unavailable('the writer was lost', true));
      onDoubtOver();
      return;
    }
    if (acknowledgesFirst) {
      for (const { op, settle } of batch) if (op.kind === 'submit') settle({ good: true, value: 'recorded' });
    }
    const done = store.applyBatch(
      ++this.#batches,
      batch.map(({ op }) => op),
    );
    if (disk.crashed) {
      this.kill();
      died();
      return;
    }
    if (done.kind === 'batch' && fault !== 'answer-too-late') {
      tell((at) => done.outcomes[at]!);
      return;
    }
    if (done.kind === 'batch') tell(() => unavailable('not committed in time', true));
    else if (done.kind === 'batch-refused') {
      tell(() => ({ good: false, error: done.error }));
      if (done.error.details?.mayBeCommitted !== true) return;
    }
    onDoubtOver();
  }
}

const errorOf = (error: Extract<Outcome<never>, { good: false }>['error']): FramecueError =>
  new FramecueError(error.code, error.message, {
    cause: error.internal,
    ...(error.details === undefined ? {} : { details: error.details }),
  });
