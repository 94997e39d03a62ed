import type { JsonObject } from '../../cues/wire/index.ts';
import type { Milliseconds, UnixMicroseconds } from '../../packet/time.ts';

/** What the ledger holds, in the words of an interaction. Times are Unix microseconds of the events process. */

/** An interaction as it was created; it never changes afterwards. */
export interface InteractionRecord {
  readonly id: string;
  /** The folder under `interactions/` that knows what it means. */
  readonly type: string;
  readonly show?: string;
  /** Only cues of this stream (`app/name`) move it; absent: the stream whose cue opens it first. */
  readonly stream?: string;
  /** Checked by its type before it comes here. */
  readonly config: JsonObject;
  /** It takes answers of shadow viewers alone, and nothing is given away for it. */
  readonly shadow?: true;
  /** What its type made public when it was created: a commitment to a seed, say. */
  readonly announced?: JsonObject;
  readonly createdAtUs: UnixMicroseconds;
}

/** Where a cue landed that moved an interaction; copied from its landing receipt. */
export interface CueMoment {
  readonly cue: string;
  readonly rev: number;
  readonly stream: string;
  readonly epoch: string;
  /** Fire PTS on the stream's output timeline. */
  readonly pts: Milliseconds;
  /** The wall clock of the media process at which the fire PTS passed the injector. */
  readonly fireAtUs: UnixMicroseconds;
}

/**
 * One step of an interaction's life; of each kind there is one at most.
 * `expired` is the window's own end (`durationMs`), written down when its time comes: nothing waits for it.
 */
export type Transition =
  | {
      readonly kind: 'opened';
      readonly interaction: string;
      readonly moment: CueMoment;
      /** Length of the window; null: open until a lock. */
      readonly durationMs: Milliseconds | null;
    }
  | { readonly kind: 'locked'; readonly interaction: string; readonly moment: CueMoment }
  | { readonly kind: 'expired'; readonly interaction: string; readonly atUs: UnixMicroseconds }
  | {
      readonly kind: 'revealed';
      readonly interaction: string;
      readonly moment: CueMoment;
      /** What the reveal cue shows. */
      readonly data: JsonObject;
    }
  | {
      readonly kind: 'canceled';
      readonly interaction: string;
      /** The cue that cancelled it. */
      readonly cue: string;
      readonly atUs: UnixMicroseconds;
    };

export type TransitionKind = Transition['kind'];
type OfKind<Kind extends TransitionKind> = Extract<Transition, { readonly kind: Kind }>;

/** An interaction with all that has happened to it. */
export interface InteractionFacts {
  readonly record: InteractionRecord;
  readonly opened: OfKind<'opened'> | null;
  readonly locked: OfKind<'locked'> | null;
  readonly expired: OfKind<'expired'> | null;
  readonly revealed: OfKind<'revealed'> | null;
  readonly canceled: OfKind<'canceled'> | null;
}

export const newFacts = (record: InteractionRecord): InteractionFacts => ({
  record,
  opened: null,
  locked: null,
  expired: null,
  revealed: null,
  canceled: null,
});

/** The facts after this step; the same object where the step is not the first of its kind. */
export function withTransition(facts: InteractionFacts, step: Transition): InteractionFacts {
  return facts[step.kind] === null ? { ...facts, [step.kind]: step } : facts;
}

/** RESOLVED or CANCELED: nothing is added to it any more, neither a step nor an answer. */
export function finalStateOf(facts: InteractionFacts): 'RESOLVED' | 'CANCELED' | null {
  if (facts.canceled !== null) return 'CANCELED';
  return facts.revealed === null ? null : 'RESOLVED';
}

/** A round can be voided after its result was shown; nothing else is added to what is over. */
export const mayFollow = (step: Transition, state: 'RESOLVED' | 'CANCELED'): boolean =>
  step.kind === 'canceled' && state === 'RESOLVED';

/** What a viewer says about their answer: kept as said, for judging and for those who look into it later. */
export interface Claims {
  /** The opening cue that was answered. */
  readonly cue: string;
  readonly rev?: number;
  readonly epoch?: string;
  /** PTS at which the cue fired for this viewer. */
  readonly firePts?: number;
  /** PTS on the viewer's screen at the action, on the stream's output timeline. */
  readonly actedPts?: number;
  /** From presentation to action on the viewer's monotonic clock. */
  readonly answerMs?: number;
  /** By which way the cue reached the viewer. */
  readonly path?: string;
  /** Not said by the viewer: of their session, as the customer's JWT has it (ISO 3166-1 alpha-2). */
  readonly region?: string;
}

/** One answer of one viewer, before it is written. */
export interface NewSubmission {
  readonly id: string;
  readonly interaction: string;
  readonly viewer: string;
  readonly answer: JsonObject;
  /** Under which name the answer is counted. */
  readonly bucket: string;
  /** `held`: its cue is not known here yet; judged when it is. */
  readonly status: 'accepted' | 'held';
  readonly arrivedAtUs: UnixMicroseconds;
  readonly claims: Claims;
  /** The domain of the ledger that books it too, in the same transaction. */
  readonly bookedBy?: string;
}

/** What a viewer gets back, the first time and every time after. */
export type Receipt = {
  readonly id: string;
  readonly interaction: string;
  readonly answer: JsonObject;
  readonly arrivedAtUs: UnixMicroseconds;
} & (
  | { readonly status: 'accepted' | 'held' }
  /** Was held and came too late, or its cue never came. */
  | { readonly status: 'refused'; readonly code: RefusalCode }
);

export type RefusalCode = 'ERR_INTERACTION_NOT_OPEN' | 'ERR_INTERACTION_LOCKED' | 'ERR_INTERACTION_CANCELED';

/** A held answer that waits for its judgement. */
export interface HeldSubmission {
  readonly id: string;
  readonly interaction: string;
  readonly arrivedAtUs: UnixMicroseconds;
  readonly claims: Claims;
}

/** The judgement of a held answer; the first one counts. */
export type HeldVerdict = {
  readonly submission: string;
  readonly interaction: string;
  readonly judgedAtUs: UnixMicroseconds;
} & ({ readonly verdict: 'accepted' } | { readonly verdict: 'refused'; readonly code: RefusalCode });

/** Accepted answers by bucket. Held ones are apart, refused ones nowhere. */
export interface Tally {
  readonly total: number;
  readonly buckets: { readonly [bucket: string]: number };
  readonly held: number;
}
