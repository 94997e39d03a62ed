import type { UnixMilliseconds } from '../packet/time.ts';

/** What the cue log's two halves say to each other: `cue-log.ts` beside the frames, `cue-log.worker.ts` at the disk. */

/** One entry of the log. */
export interface LogRow {
  /** 1, 2, 3, ... without a gap. */
  readonly seq: number;
  readonly at: UnixMilliseconds;
  readonly id: string;
  readonly stream: string;
  /** The whole cue as it then stood: a `Cue` as JSON. */
  readonly json: string;
}

/** What a cue's newest entry says, as columns. */
export interface LoggedCue {
  readonly id: string;
  readonly stream: string;
  readonly json: string;
  /** It can still change by itself: kept whatever its age. */
  readonly live: boolean;
}

/** An `Idempotency-Key` that was used: by whom, for what request, and which cue came of it. */
export interface KeyRow {
  readonly token: string;
  readonly key: string;
  readonly hash: string;
  readonly cueId: string;
  readonly at: UnixMilliseconds;
}

/** What became of a cue that is in the log. */
export interface CueUpdate {
  readonly at: UnixMilliseconds;
  readonly cue: LoggedCue;
  /** The request that made the cue was not answered with it: its key may be used again. */
  readonly forgetKey: boolean;
}

/** An `Idempotency-Key` answers for a day; then it is free again. */
export const KEY_LIFE_MS = 86_400_000;

export type CueLogOp =
  | {
      readonly kind: 'accept';
      readonly at: UnixMilliseconds;
      readonly cue: LoggedCue;
      readonly key: KeyRow | null;
    }
  /** All of them or none. */
  | { readonly kind: 'updates'; readonly updates: readonly CueUpdate[] }
  | { readonly kind: 'stamping'; readonly stream: string; readonly on: boolean }
  /** Everything that happened is in the log. Undone by the next start. */
  | { readonly kind: 'clean-stop' }
  | { readonly kind: 'start' }
  | {
      readonly kind: 'compact';
      readonly olderThan: UnixMilliseconds;
      readonly keepEntries: number;
      readonly keysOlderThan: UnixMilliseconds;
      /** Rows at most, so that no cue waits long for its turn. */
      readonly limit: number;
    };

export type CueLogResult =
  /** In the order of the op's cues. */
  | { readonly kind: 'entries'; readonly seqs: readonly number[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'started'; readonly cleanStop: boolean }
  | { readonly kind: 'compacted'; readonly deleted: number };

export type CueLogQuery =
  | { readonly kind: 'state'; readonly recent: number; readonly keys: number }
  | { readonly kind: 'after'; readonly seq: number; readonly limit: number }
  | { readonly kind: 'snapshot'; readonly stream: string | null; readonly recent: number }
  | { readonly kind: 'list'; readonly stream: string; readonly before: string | null; readonly limit: number }
  | { readonly kind: 'find'; readonly id: string }
  /** All entries of one cue, oldest first. */
  | { readonly kind: 'history'; readonly id: string; readonly limit: number };

export type CueLogAnswer =
  | {
      readonly kind: 'state';
      readonly epoch: string;
      readonly lastSeq: number;
      /** When the newest entry was made; null: there is none. */
      readonly lastAt: number | null;
      readonly rows: readonly LogRow[];
      readonly keys: readonly KeyRow[];
      readonly stampingOff: readonly string[];
    }
  | { readonly kind: 'rows'; readonly rows: readonly LogRow[] }
  /** Entries after that one were compacted away: those up to `floor`. */
  | { readonly kind: 'too-old'; readonly floor: number }
  /** No cue of that id, where one was named as the place to begin. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'snapshot'; readonly seq: number; readonly rows: readonly LogRow[] };
