import type { RundownItem } from './document.ts';
import type { RundownIssueCode } from './issues.ts';
import type { PlacedItem, PlanTimes } from './plan-times.ts';

/** What events says of an interaction. */
export type InteractionFact =
  | { readonly kind: 'known'; readonly state: string; readonly stream: string | null }
  | { readonly kind: 'unknown' }
  /** Events did not answer: why. */
  | { readonly kind: 'unchecked'; readonly why: string };

/** What a rundown is held against, beside itself. */
export interface RundownFacts {
  /** Unix milliseconds. */
  readonly now: number;
  /** `app/name` that it is for. */
  readonly stream: string;
  /** How far behind viewers may be and still answer in full: FRAMECUE_VIEWER_SPREAD_CAP_MS. */
  readonly spreadCapMs: number;
  readonly stampTextLimit: number;
  /** Length of the id of the key that signs. */
  readonly keyIdLength: number;
  /** By the interaction's id; null: events is not asked. */
  readonly interactions: ReadonlyMap<string, InteractionFact> | null;
  /** Ids of items that have run already, or are on air: nothing is too late for them. */
  readonly done: ReadonlySet<string>;
}

/** What a rule sees, and how it tells. */
export interface RuleContext {
  readonly placed: readonly PlacedItem[];
  readonly byId: ReadonlyMap<string, PlacedItem>;
  /** Ids of items whose own lines could not be read. */
  readonly unread: ReadonlySet<string>;
  /** One of these fields of the item could not be read: what follows from it is left untold. */
  isBroken(at: PlacedItem, ...fields: readonly (keyof RundownItem)[]): boolean;
  /** A lock, reveal or cancel may belong to any round, as it could not be read. */
  readonly hidesClosings: boolean;
  readonly times: PlanTimes;
  readonly facts: RundownFacts;
  tell(at: PlacedItem, field: string | null, code: RundownIssueCode, problem: string): void;
}
