import type { UnixMicroseconds } from '../../packet/time.ts';
import type { BookEntry } from './book.ts';
import type { SubmitOutcome } from './submissions.ts';

/** An answer that is in time, before it is recorded. */
export interface Wish {
  readonly entry: BookEntry;
  readonly viewer: string;
  readonly from: 'viewer' | 'shadow';
  /** What came in `ticket` of the request; anything. */
  readonly ticket: unknown;
  readonly arrivedAtUs: UnixMicroseconds;
}

/** Stands before answers that are booked too (`bookedBy`): lets them be recorded, has them wait, or refuses them. */
export interface Admission {
  /** By a clock that no wrong tick moves: what such an answer reserves, it reserves from now on. */
  nowUs(): UnixMicroseconds;
  admit(wish: Wish, record: () => Promise<SubmitOutcome>): Promise<SubmitOutcome>;
}

/** What somebody who has to wait is told. */
export interface Waiting {
  readonly ticket: string;
  /** Turns until theirs, theirs included. */
  readonly position: number;
  readonly turnUs: UnixMicroseconds;
  readonly openUntilUs: UnixMicroseconds;
  readonly waitMs: number;
  /** Before then there is nothing to be heard. */
  readonly retryAfterMs: number;
}
