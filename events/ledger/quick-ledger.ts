import { DatabaseSync } from 'node:sqlite';
import { FramecueError } from '../../packet/errors.ts';
import { type UnixMicroseconds, unixUs } from '../../packet/time.ts';
import { type OpenStore, openStore } from '../../service/sqlite/open-store.ts';
import type { CommandIn, CommandOut, Commands, QuestionIn, QuestionOut, Questions } from './commands.ts';
import type { HeldVerdict, InteractionRecord, NewSubmission, Transition } from './facts.ts';
import { openBooks } from './sqlite/books.ts';
import type { LedgerAnswer, LedgerOp, LedgerQuery, LedgerResult } from './sqlite/messages.ts';
import { MIGRATIONS } from './sqlite/schema.ts';
import { submitOp } from './sqlite/submit-op.ts';

export interface QuickLedgerOptions {
  /** Instead of the program's own: versions before and after it. */
  readonly migrations?: readonly string[];
}

/** A ledger's file without its thread, for tests: each call is a transaction and a block of its own. */
export class QuickLedger {
  readonly #store: OpenStore<LedgerOp, LedgerResult, LedgerQuery, LedgerAnswer>;
  #batch = 0;
  /** Of its blocks. */
  nowUs: UnixMicroseconds = unixUs(1_700_000_000_000_000);

  constructor(path: string, { migrations = MIGRATIONS }: QuickLedgerOptions = {}) {
    this.#store = openStore(
      { path, busyTimeoutMs: 1_000, maxPages: 0 },
      { migrations, open: ({ write, read }) => openBooks({ write, read, nowUs: () => this.nowUs++ }) },
    );
  }

  create(record: InteractionRecord): void {
    this.apply({ kind: 'create', record });
  }

  submit(...answers: readonly NewSubmission[]): LedgerResult[] {
    return this.apply(...answers.map(submitOp));
  }

  step(transition: Transition): void {
    this.apply({ kind: 'transition', transition });
  }

  judge(...verdicts: readonly HeldVerdict[]): void {
    this.apply({ kind: 'judge', verdicts });
  }

  /** @throws {FramecueError} what the command refuses with */
  perform<Name extends keyof Commands>(name: Name, given: CommandIn<Name>): CommandOut<Name> {
    return this.apply({ kind: 'command', name, given })[0] as unknown as CommandOut<Name>;
  }

  ask<Name extends keyof Questions>(name: Name, given: QuestionIn<Name>): QuestionOut<Name> {
    const outcome = this.#store.answer({ kind: 'question', name, given });
    if (!outcome.good) throw revived(outcome.error);
    return outcome.value as unknown as QuestionOut<Name>;
  }

  /** As one batch. */
  apply(...ops: readonly LedgerOp[]): LedgerResult[] {
    const answer = this.#store.applyBatch(++this.#batch, ops);
    if (answer.kind === 'batch-refused') throw revived(answer.error);
    return answer.outcomes.map((outcome) => {
      if (!outcome.good) throw revived(outcome.error);
      return outcome.value;
    });
  }

  close(): void {
    this.#store.close();
  }
}

type PlainError = Extract<
  ReturnType<OpenStore<never, never, never, never>['answer']>,
  { good: false }
>['error'];

const revived = ({ code, message, details, internal }: PlainError): FramecueError =>
  new FramecueError(code, message, {
    ...(details === undefined ? {} : { details }),
    ...(internal === undefined ? {} : { cause: internal }),
  });

/** Somebody who has the file: its triggers hold nobody back who takes them out of the way, and puts them there again. */
export function tamper(path: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    db.exec('PRAGMA synchronous = OFF; BEGIN');
    const triggers = db
      .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid`)
      .all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    work(db);
    for (const { sql } of triggers) db.exec(String(sql));
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
