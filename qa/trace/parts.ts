import type { Cue } from '../../cues/cue.ts';

/** What a cue's story is told from, each part as an API gives it. */
export interface TraceParts {
  readonly cue: Cue;
  /** Entries of the cue log, the oldest first. */
  readonly history: readonly TraceEntry[];
  readonly stamps: readonly TracedRevision[];
  /** Rows of the as-run log that name the cue. */
  readonly actions: readonly TraceAction[];
  /** Null: the events process was not reached, or knows nothing of the cue. */
  readonly presentations: readonly TracedPresentations[] | null;
  /** The interaction that the cue names; null: none, or not reached. */
  readonly interaction: TracedInteraction | null;
}

export interface TraceEntry {
  readonly seq: number;
  readonly at: number;
  readonly cue: Cue;
}

/** One stamp as it was written into an access unit. */
export interface TracedStamp {
  readonly epoch: string;
  readonly pts: number;
  readonly dts: number;
  readonly isKeyframe: boolean;
  readonly fireIn: number;
  readonly stampedAtUs: number;
  readonly text: string;
  /** The SEI NAL unit, hexadecimal. */
  readonly nalHex: string;
}

export interface TracedRevision {
  readonly rev: number;
  readonly type: string;
  readonly copies: number;
  readonly first: TracedStamp;
  /** On the access unit that is shown at the fire PTS. */
  readonly fire: TracedStamp | null;
  readonly last: TracedStamp;
}

export interface TraceAction {
  readonly at: number;
  readonly what: string;
  readonly by: string | null;
  readonly console: string | null;
  readonly reason: string | null;
}

export interface TracedPresentations {
  readonly path: string;
  readonly carrier: string | null;
  readonly fired: number;
  readonly late: number;
  readonly missed: number;
  readonly closed: number;
  readonly lateMs: { readonly p50: number; readonly p99: number; readonly most: number } | null;
  readonly reasons: readonly { readonly reason: string; readonly viewers: number }[];
}

export interface TracedInteraction {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly total: number | null;
}
