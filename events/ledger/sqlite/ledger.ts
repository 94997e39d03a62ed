import type { Log } from '../../../service/log.ts';
import {
  type BatchObserver,
  type BatchWriter,
  openBatchWriter,
} from '../../../service/sqlite/batch-writer.ts';
import type {
  Books,
  CommandIn,
  CommandOut,
  Commands,
  QuestionIn,
  QuestionOut,
  Questions,
} from '../commands.ts';
import type {
  HeldSubmission,
  HeldVerdict,
  InteractionFacts,
  InteractionRecord,
  NewSubmission,
  Receipt,
  Tally,
  Transition,
} from '../facts.ts';
import type {
  CreateOutcome,
  FeedEntryChange,
  FeedOutcome,
  FeedSnapshotChange,
  InteractionPage,
  JudgeOutcome,
  Ledger,
  LedgerStatus,
  LoadedLedger,
  SubmissionOutcome,
  TransitionOutcome,
} from '../store.ts';
import type { LedgerAnswer, LedgerOp, LedgerQuery, LedgerResult, SubmitResult } from './messages.ts';
import { submitOp } from './submit-op.ts';

export interface SqliteLedgerOptions {
  /** The database file; made where there is none. */
  readonly path: string;
  readonly log: Log;
  /** Changes that may wait. */
  readonly maxQueued: number;
  readonly timeoutMs: number;
  readonly observer?: BatchObserver;
  /** Changes were refused that may be committed, and the ledger can be asked again: memory may be behind it. */
  readonly onDoubtOver?: () => void;
  /** How long SQLite waits for another program's lock. */
  readonly busyTimeoutMs?: number;
  /** An upper bound for the file, in pages of 4,096 bytes. */
  readonly maxPages?: number;
}

/** The thread that writes, as the ledger sees it. */
export type LedgerWriter = BatchWriter<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>;

/**
 * The ledger in one SQLite file (WAL, `synchronous=FULL`): what arrives while a batch is being committed is the next
 * batch, and every promise of it resolves after its one fdatasync.
 * @throws {FramecueError} ERR_STORE_UNAVAILABLE when the file cannot be opened.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<Ledger & Books> {
  const { maxQueued, ...rest } = options;
  const worker = new URL('./ledger.worker.ts', import.meta.url);
  const writer: LedgerWriter = await openBatchWriter({ ...rest, maxQueued, worker });
  return ledgerOver(writer, maxQueued);
}

/** @param queueLimit of the writer */
export const ledgerOver = (writer: LedgerWriter, queueLimit: number): Ledger & Books =>
  new SqliteLedger(writer, queueLimit);

class SqliteLedger implements Ledger, Books {
  readonly #writer: LedgerWriter;
  readonly #queueLimit: number;
  #closed = false;

  constructor(writer: LedgerWriter, queueLimit: number) {
    this.#writer = writer;
    this.#queueLimit = queueLimit;
  }

  createInteraction(record: InteractionRecord): Promise<CreateOutcome> {
    return this.#write<CreateOutcome>({ kind: 'create', record });
  }

  async recordSubmission(submission: NewSubmission): Promise<SubmissionOutcome> {
    const { id, interaction, answer, status, arrivedAtUs } = submission;
    const result = await this.#write<SubmitResult>(submitOp(submission));
    switch (result) {
      case 'recorded':
        return { kind: 'recorded', receipt: { id, interaction, answer, arrivedAtUs, status } };
      case 'unknown-interaction':
        return { kind: 'unknown-interaction' };
      case 'RESOLVED':
      case 'CANCELED':
      case 'LOCKED':
        return { kind: 'closed', state: result };
      default:
        return { kind: 'repeated', receipt: result.first };
    }
  }

  receiptOf(interaction: string, viewer: string): Promise<Receipt | null> {
    return this.#ask<Receipt | null>({ kind: 'receipt', interaction, viewer });
  }

  recordTransition(transition: Transition): Promise<TransitionOutcome> {
    return this.#write<TransitionOutcome>({ kind: 'transition', transition });
  }

  heldSubmissions(interaction: string, limit: number): Promise<readonly HeldSubmission[]> {
    return this.#ask<readonly HeldSubmission[]>({ kind: 'held', interaction, limit });
  }

  judgeHeld(verdicts: readonly HeldVerdict[]): Promise<JudgeOutcome> {
    return this.#write<JudgeOutcome>({ kind: 'judge', verdicts });
  }

  resultOf(interaction: string): Promise<Tally | null> {
    return this.#ask<Tally | null>({ kind: 'result', interaction });
  }

  listInteractions({
    limit,
    before = null,
  }: {
    readonly limit: number;
    readonly before?: number | null;
  }): Promise<InteractionPage> {
    return this.#ask<InteractionPage>({ kind: 'list', limit, before });
  }

  factsOf(interaction: string): Promise<InteractionFacts | null> {
    return this.#ask<InteractionFacts | null>({ kind: 'facts', interaction });
  }

  load(limit: number): Promise<LoadedLedger> {
    return this.#ask<LoadedLedger>({ kind: 'load', limit });
  }

  applyFeedEntry(change: FeedEntryChange): Promise<FeedOutcome> {
    return this.#write<FeedOutcome>({ kind: 'feed-entry', change });
  }

  applyFeedSnapshot(change: FeedSnapshotChange): Promise<FeedOutcome> {
    return this.#write<FeedOutcome>({ kind: 'feed-snapshot', change });
  }

  perform<Name extends keyof Commands>(name: Name, given: CommandIn<Name>): Promise<CommandOut<Name>> {
    return this.#writer.write({ kind: 'command', name, given }) as Promise<CommandOut<Name>>;
  }

  ask<Name extends keyof Questions>(name: Name, given: QuestionIn<Name>): Promise<QuestionOut<Name>> {
    return this.#writer.query({ kind: 'question', name, given }) as Promise<QuestionOut<Name>>;
  }

  status(): LedgerStatus {
    return {
      state: this.#closed ? 'closed' : this.#writer.healthy ? 'open' : 'failing',
      queued: this.#writer.queued,
      queueLimit: this.#queueLimit,
    };
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#writer.close();
  }

  /** The worker answers each op with the outcome of its kind. */
  #write<Outcome extends LedgerResult>(op: LedgerOp): Promise<Outcome> {
    return this.#writer.write(op) as Promise<Outcome>;
  }

  #ask<Answer extends LedgerAnswer>(query: LedgerQuery): Promise<Answer> {
    return this.#writer.query(query) as Promise<Answer>;
  }
}
