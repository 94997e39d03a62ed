import type { Finding, Stats } from './engine.ts';

/** What a worker is told to do, as its first message. */
export interface WorkerOrder {
  /** A module that exports `TARGETS`. */
  readonly targetsUrl: string;
  /** Only these; empty: all. */
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly seed: number;
  readonly stream: number;
  /** Null: until the time is up. */
  readonly inputs: number | null;
  /** Milliseconds from its start; null: until the inputs are done. */
  readonly forMs: number | null;
  /** The file of its slate. */
  readonly slate: string;
}

export type WorkerMessage =
  | { readonly kind: 'ready'; readonly targets: readonly string[] }
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** Since the worker's start. */
  | { readonly kind: 'stats'; readonly stats: Stats; readonly inputs: number; readonly keptSeeds: number }
  /** Something broke outside of a target: the fuzzer itself is wrong. */
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'done' };
