import type { AsRunRow } from '../as-run/row.ts';
import type { ModeState } from '../console/shapes.ts';

/** What the two halves of the console store say to each other. Moments are Unix milliseconds. */

export interface LoggedRow {
  readonly stream: string;
  readonly row: AsRunRow;
  /** Of two rows of one stream and key the first one stands. */
  readonly key: string | null;
}

/** A trigger as it is kept: never the secret itself. */
export interface TriggerRow {
  readonly id: string;
  readonly stream: string;
  readonly name: string;
  /** SHA-256 of the secret, hex. The secret has 256 random bits: no salt, no stretching. */
  readonly secretHash: string;
  /** What it does, as JSON. */
  readonly json: string;
  readonly by: string;
  readonly createdAt: number;
  readonly uses: number;
  readonly lastUsedAt: number | null;
}

export interface StoredMode extends ModeState {
  readonly stream: string;
}

export interface RowsWanted {
  readonly stream: string;
  /** Moments: from this one on, and before that one. */
  readonly from: number;
  readonly to: number;
  /** Rows after this `seq`; null: the newest `limit`. */
  readonly after: number | null;
  readonly limit: number;
}

export type ConsoleStoreOp =
  | { readonly kind: 'rows'; readonly rows: readonly LoggedRow[] }
  | { readonly kind: 'mode'; readonly mode: StoredMode }
  /** Takes the place of one of the same stream and name. */
  | { readonly kind: 'put-trigger'; readonly trigger: TriggerRow; readonly limit: number }
  | { readonly kind: 'drop-trigger'; readonly stream: string; readonly name: string }
  | { readonly kind: 'used'; readonly id: string; readonly uses: number; readonly at: number }
  | {
      readonly kind: 'compact';
      readonly olderThan: number;
      readonly keepRows: number;
      /** Rows at most, so that nobody waits long. */
      readonly limit: number;
    };

export type ConsoleStoreResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'dropped'; readonly known: boolean }
  | { readonly kind: 'compacted'; readonly deleted: number };

export type ConsoleStoreQuery =
  | { readonly kind: 'state'; readonly recent: number }
  | { readonly kind: 'rows'; readonly wanted: RowsWanted };

export type ConsoleStoreAnswer =
  | {
      readonly kind: 'state';
      readonly lastSeq: number;
      readonly modes: readonly StoredMode[];
      readonly triggers: readonly TriggerRow[];
      /** The newest of all streams, oldest first. */
      readonly recent: readonly { readonly stream: string; readonly json: string }[];
    }
  | { readonly kind: 'rows'; readonly rows: readonly { readonly seq: number; readonly json: string }[] };
