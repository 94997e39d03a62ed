import type { UnixMicroseconds } from '../../packet/time.ts';

/** What can be prepared for the case that a show goes otherwise than planned. */
export type MeasureWhen =
  /** More boxes than these have dropped in the show. */
  | { readonly boxesOver: number }
  /** Of the viewers who have boxes, more than this share have `boxes` of them or more. */
  | { readonly shareOver: { readonly boxes: number; readonly ppm: number } }
  /** Less than that is free in the pool. */
  | { readonly poolBelow: { readonly pool: string; readonly pieces: number } }
  | { readonly budgetBelow: { readonly pool: string; readonly amountMinor: number } };

export type MeasureDo =
  /** Boxes drop for this many in a million answers from now on. */
  | { readonly dropPpm: number }
  /** As many boxes lead to the high pools. */
  | { readonly threshold: number }
  | { readonly closePool: string };

export interface MeasureTerms {
  readonly id: string;
  readonly title: string;
  /** Null: by hand alone. */
  readonly when: MeasureWhen | null;
  readonly do: MeasureDo;
  /** By itself when its time comes, once. */
  readonly auto: boolean;
}

/** Each show has its own: another's may have the same id. */
export interface MeasureName {
  readonly show: string;
  /** Its id. */
  readonly measure: string;
}

/** How it was before, as far as a measure changes it. */
export type Before =
  | { readonly dropPpm: number }
  | { readonly threshold: number }
  | { readonly pool: string; readonly state: 'open' | 'closed' };

export interface Measure extends MeasureTerms {
  readonly show: string;
  /** One that was reverted is not applied by itself again. */
  readonly state: 'prepared' | 'applied' | 'reverted';
  readonly appliedAtUs: UnixMicroseconds | null;
  readonly before: Before | null;
  /** It is prepared, and its condition is fulfilled now; null: it has none. */
  readonly due: boolean | null;
}

/** What holds for the boxes of a show now. */
export interface ShowRules {
  /** Of a million answers that count, as many drop a box. */
  readonly dropPpm: number;
  /** Boxes that lead to the high pools; 0: everybody may. */
  readonly threshold: number;
}

/** The boxes of a show. */
export interface BoxesOfShow extends ShowRules {
  readonly show: string;
  readonly boxes: number;
  /** Who have any. */
  readonly viewers: number;
  /** Of these, who draw from the high pools. */
  readonly high: number;
  /** How many viewers have how many boxes, from few to many; the last one is `n` and more when there were too many. */
  readonly levels: readonly { readonly n: number; readonly viewers: number }[];
}
