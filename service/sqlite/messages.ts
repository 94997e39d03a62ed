import type { ErrorCode } from '../../packet/errors.ts';

/** What travels between the main thread and a store's worker. All of it is structured-cloneable. */

export interface StoreFile {
  readonly path: string;
  /** How long SQLite waits for another process's lock, milliseconds. */
  readonly busyTimeoutMs: number;
  /** `PRAGMA max_page_count`, in pages of 4,096 bytes; 0: no limit. */
  readonly maxPages: number;
}

export interface WorkerStart {
  readonly file: StoreFile;
  /** Ops of one transaction. */
  readonly maxBatch: number;
  /** Of a `Handover`. */
  readonly handover: SharedArrayBuffer;
}

export type ToWorker<Op, Query> =
  | { readonly kind: 'batch'; readonly batch: number; readonly ops: readonly Op[] }
  | { readonly kind: 'query'; readonly id: number; readonly query: Query }
  | { readonly kind: 'close' };

export type FromWorker<Result, Answer> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | BatchTold<Result>
  | BatchRefused
  /** Taken back before it was begun. */
  | { readonly kind: 'left-alone'; readonly batch: number }
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Outcome<Answer> }
  | { readonly kind: 'closed' };

/**
 * After the commit of one transaction, which has this batch and all before it that are not answered: what each op gave,
 * in order. Bare, since an object for each op costs more than all else of it here.
 */
export interface BatchTold<Result> {
  readonly kind: 'batch';
  readonly batch: number;
  /** Null where the op was refused, and where it gave null. */
  readonly values: readonly (Result | null)[];
  readonly refusals: readonly { readonly at: number; readonly error: PlainError }[];
}

/** Nothing of the transaction stands. */
export interface BatchRefused {
  readonly kind: 'batch-refused';
  readonly batch: number;
  readonly error: PlainError;
}

export type Outcome<Value> =
  | { readonly good: true; readonly value: Value }
  | { readonly good: false; readonly error: PlainError };

/** An error as it crosses threads. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** For the log alone. */
  readonly internal?: string;
}
