import type {
  HeldSubmission,
  HeldVerdict,
  InteractionFacts,
  InteractionRecord,
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
  LoadedLedger,
  TransitionOutcome,
} from '../store.ts';
import type { SubmitOp } from './submit-op.ts';

/** What the main thread asks of the ledger's worker. */
export type LedgerOp =
  | { readonly kind: 'create'; readonly record: InteractionRecord }
  | SubmitOp
  | { readonly kind: 'transition'; readonly transition: Transition }
  | { readonly kind: 'judge'; readonly verdicts: readonly HeldVerdict[] }
  | { readonly kind: 'feed-entry'; readonly change: FeedEntryChange }
  | { readonly kind: 'feed-snapshot'; readonly change: FeedSnapshotChange }
  | { readonly kind: 'command'; readonly name: string; readonly given: unknown };

/** `recorded` carries nothing: the main thread has the receipt's fields. */
export type SubmitResult =
  | 'recorded'
  | 'unknown-interaction'
  | 'RESOLVED'
  | 'CANCELED'
  /** Its list is closed for a draw. */
  | 'LOCKED'
  | { readonly first: Receipt };

export type LedgerResult = CreateOutcome | SubmitResult | TransitionOutcome | JudgeOutcome | FeedOutcome;

export type LedgerQuery =
  | { readonly kind: 'receipt'; readonly interaction: string; readonly viewer: string }
  | { readonly kind: 'held'; readonly interaction: string; readonly limit: number }
  | { readonly kind: 'result'; readonly interaction: string }
  | { readonly kind: 'list'; readonly limit: number; readonly before: number | null }
  | { readonly kind: 'facts'; readonly interaction: string }
  | { readonly kind: 'load'; readonly limit: number }
  | { readonly kind: 'question'; readonly name: string; readonly given: unknown };

export type LedgerAnswer =
  | Receipt
  | readonly HeldSubmission[]
  | Tally
  | InteractionPage
  | InteractionFacts
  | LoadedLedger
  | null;
