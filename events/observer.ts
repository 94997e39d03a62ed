import type { ErrorCode } from '../packet/errors.ts';

/** What is worth measuring in events. Every method is called often and must be cheap. */
export interface EventsObserver {
  /** One submission's end. `code` where it was not taken. */
  submission(outcome: SubmissionOutcomeName, code: ErrorCode | null): void;
  /** From the request's arrival to the acknowledgement being written. */
  acknowledged(tookMs: number): void;
  /** What a viewer says they took to answer, of answers that were taken. */
  answerTime(answerMs: number, path: string): void;
  /** A committed batch of the ledger. */
  batch(ops: number, tookMs: number): void;
  batchRefused(ops: number, code: string): void;
  /** An entry of the feed is applied: how long after media wrote it. */
  feedApplied(lagMs: number): void;
  feedConnected(connected: boolean): void;
  /** A cue that could not do what it meant. */
  cuePassedOver(why: string): void;
  heldJudged(accepted: number, refused: number): void;
  /** A viewer's report of one cue; bounded and clamped, and still only what a viewer says. */
  report(report: CueReport): void;
  reportDropped(why: string): void;
  /** A viewer's report of their delay: taken, or why not. */
  delayReport(outcome: string): void;
  /** One that was taken. */
  viewerDelay(protocol: string, delayMs: number): void;
  /** The share of viewers who report their delay has changed. */
  delayShare(share: number): void;
  session(outcome: 'issued' | 'refused' | 'failed'): void;
}

export interface CueReport {
  readonly path: string;
  /** By what the cue came; null: the client does not say. */
  readonly carrier: string | null;
  readonly outcome: string;
  readonly lateMs: number | null;
  /** It was to open for all at one moment. */
  readonly aligned: boolean;
  /** Why it was late or never opened, as the viewer says; any text. */
  readonly reason: string | null;
}

export type SubmissionOutcomeName =
  | 'accepted'
  | 'held'
  | 'repeated'
  /** Taken, and counted nowhere. */
  | 'rehearsal'
  /** Taken, of a load test. */
  | 'shadow'
  /** In the line for a sale. */
  | 'waiting'
  | 'refused'
  | 'invalid'
  | 'failed';

const nothing = (): void => undefined;

export const silentObserver: EventsObserver = {
  submission: nothing,
  acknowledged: nothing,
  answerTime: nothing,
  batch: nothing,
  batchRefused: nothing,
  feedApplied: nothing,
  feedConnected: nothing,
  cuePassedOver: nothing,
  heldJudged: nothing,
  report: nothing,
  reportDropped: nothing,
  delayReport: nothing,
  viewerDelay: nothing,
  delayShare: nothing,
  session: nothing,
};
