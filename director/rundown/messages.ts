/** What the rundown store's two halves say to each other: `store.ts` and `rundown.worker.ts`, at the disk. */

/** What is done in rehearsal is kept apart from the show. */
export const PASSES = ['show', 'rehearsal'] as const;
export type Pass = (typeof PASSES)[number];

/** A stream's rundown: a `KeptRundown` as JSON; null once it was unloaded. */
export interface RundownRow {
  readonly stream: string;
  /** Counts the rundowns that this stream has had. */
  readonly rev: number;
  readonly json: string | null;
}

/** What is noted of one item: an `ItemMark` as JSON. */
export interface MarkRow {
  readonly pass: Pass;
  readonly item: string;
  readonly json: string;
}

export type RundownOp =
  /** In place of whatever the stream had. */
  | { readonly kind: 'load'; readonly row: RundownRow; readonly marks: readonly MarkRow[] }
  | { readonly kind: 'unload'; readonly stream: string }
  /** The same rundown, with another JSON; the marks of `clear` are gone. */
  | { readonly kind: 'change'; readonly row: RundownRow; readonly clear: Pass | null }
  /** Of that rundown alone: marks of one that is gone come to nothing. */
  | {
      readonly kind: 'mark';
      readonly stream: string;
      readonly rev: number;
      readonly marks: readonly MarkRow[];
    };

export type RundownQuery = { readonly kind: 'all' };

export interface RundownAnswer {
  readonly rundowns: readonly (RundownRow & { readonly marks: readonly MarkRow[] })[];
}
