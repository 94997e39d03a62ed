import type { JsonObject } from '../../cues/wire/index.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';

/**
 * One record of the journal: what was decided about rights, grants, pools, draws, sales, or by a person. The journal
 * only grows, and every table of balances and states follows from it, entry by entry.
 */
export interface JournalEntry<Kind extends string = string, Body extends object = JsonObject> {
  /** 1, 2, 3... without gaps. */
  readonly seq: number;
  /** `noun.verb` in the past: `grant.made`, `pool.moved`. */
  readonly kind: Kind;
  readonly atUs: UnixMicroseconds;
  /** Whom it is about. Apart from the body, since it is what is taken away when a viewer's data is deleted. */
  readonly viewer: string | null;
  /** Names no viewer, and nothing else about a person. */
  readonly body: Body;
}

export type NewEntry<Kind extends string = string, Body extends object = JsonObject> = Omit<
  JournalEntry<Kind, Body>,
  'seq'
>;
