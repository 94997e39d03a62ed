import type { Cue } from '../../cues/cue.ts';
import type { UnixMilliseconds } from '../../packet/time.ts';
import type {
  HeldSubmission,
  HeldVerdict,
  InteractionFacts,
  InteractionRecord,
  NewSubmission,
  Receipt,
  Tally,
  Transition,
} from './facts.ts';

/**
 * The ledger of interactions: what was created, what happened, who answered what. It only grows.
 *
 * Every promise that stands for a change resolves after the change is committed, and never before: an answer is
 * acknowledged because its promise has resolved. Changes are applied in the order of the calls.
 *
 * Every method may reject with a `FramecueError`: ERR_OVERLOADED when the bounded queue is full,
 * ERR_STORE_UNAVAILABLE when the change could not be committed in time (it may yet be: ask again, all changes
 * here can be asked for twice), ERR_NOT_READY after `close`.
 */
export interface Ledger {
  createInteraction(record: InteractionRecord): Promise<CreateOutcome>;

  /** One answer for one viewer and interaction: a second one, whatever it says, gives the receipt of the first. */
  recordSubmission(submission: NewSubmission): Promise<SubmissionOutcome>;

  /** The receipt of the viewer's answer, if there is one. */
  receiptOf(interaction: string, viewer: string): Promise<Receipt | null>;

  recordTransition(transition: Transition): Promise<TransitionOutcome>;

  /** The oldest answers that wait for a judgement. */
  heldSubmissions(interaction: string, limit: number): Promise<readonly HeldSubmission[]>;

  /** All of them or none; a verdict on an answer that is not held (any more) changes nothing. */
  judgeHeld(verdicts: readonly HeldVerdict[]): Promise<JudgeOutcome>;

  /** Null for an interaction that is not known. */
  resultOf(interaction: string): Promise<Tally | null>;

  /** Newest first; `before` is the `seq` of an earlier page's last one. */
  listInteractions(page: { readonly limit: number; readonly before?: number }): Promise<InteractionPage>;

  factsOf(interaction: string): Promise<InteractionFacts | null>;

  /** What must be known in memory to go on after a start: the newest `limit` interactions, the feed, the cues. */
  load(limit: number): Promise<LoadedLedger>;

  /**
   * The position, the cue and what it does to interactions, in one transaction; `already` when the ledger has
   * this position or a later one of the same log.
   */
  applyFeedEntry(change: FeedEntryChange): Promise<FeedOutcome>;

  /** As `applyFeedEntry`, but all mirrored cues are replaced, and the position is taken as it is. */
  applyFeedSnapshot(change: FeedSnapshotChange): Promise<FeedOutcome>;

  status(): LedgerStatus;

  /** Commits what waits, then ends. */
  close(): Promise<void>;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly facts: InteractionFacts }
  | { readonly kind: 'exists'; readonly facts: InteractionFacts };

export type SubmissionOutcome =
  | { readonly kind: 'recorded'; readonly receipt: Receipt }
  | { readonly kind: 'repeated'; readonly receipt: Receipt }
  /** It was resolved or cancelled, or its list closed for a draw, before this answer was committed. */
  | { readonly kind: 'closed'; readonly state: 'RESOLVED' | 'CANCELED' | 'LOCKED' }
  | { readonly kind: 'unknown-interaction' };

export type TransitionOutcome =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'already' }
  | { readonly kind: 'closed'; readonly state: 'RESOLVED' | 'CANCELED' }
  | { readonly kind: 'unknown-interaction' };

export interface JudgeOutcome {
  readonly accepted: number;
  readonly refused: number;
  /** Already judged, or never held. */
  readonly passed: number;
}

export interface InteractionPage {
  readonly interactions: readonly { readonly seq: number; readonly facts: InteractionFacts }[];
}

/** Where in the cue feed we are: the id of the last entry whose effect is committed. */
export interface FeedPosition {
  readonly logEpoch: string;
  readonly seq: number;
}

export interface FeedEntryChange {
  readonly position: FeedPosition;
  readonly cue: MirroredCue;
  readonly transitions: readonly Transition[];
  /** Mirrored cues that may be forgotten from this moment on are. */
  readonly now: UnixMilliseconds;
}

export interface FeedSnapshotChange {
  readonly position: FeedPosition;
  readonly cues: readonly MirroredCue[];
  readonly transitions: readonly Transition[];
}

/** A cue as the feed last showed it, kept for viewers who lose stamps. */
export interface MirroredCue {
  readonly cue: Cue;
  readonly forgetAt: UnixMilliseconds;
}

export type FeedOutcome =
  | { readonly kind: 'applied'; readonly transitions: readonly TransitionOutcome[] }
  | { readonly kind: 'already'; readonly position: FeedPosition };

export interface LoadedLedger {
  readonly interactions: readonly {
    readonly facts: InteractionFacts;
    readonly answered: boolean;
    readonly held: number;
  }[];
  readonly position: FeedPosition | null;
  readonly cues: readonly MirroredCue[];
}

export interface LedgerStatus {
  readonly state: 'open' | 'failing' | 'closed';
  /** Changes and questions that wait or are under way. */
  readonly queued: number;
  readonly queueLimit: number;
}
