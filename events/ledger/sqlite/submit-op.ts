import type { NewSubmission } from '../facts.ts';

/** An answer as its row has it, `answer` and `claims` as JSON: what its leaf commits to, in this order. */
export type SubmissionFields = readonly [
  interaction: string,
  viewer: string,
  id: string,
  answer: string,
  bucket: string,
  status: string,
  arrivedAtUs: number,
  claims: string,
];

/** Values in a row: thousands cross the threads in one batch, and names cost as much as values. */
export interface SubmitOp {
  readonly kind: 'submit';
  readonly fields: SubmissionFields;
  /** The domain that books it too, in the same transaction; null: none. */
  readonly bookedBy: string | null;
}

export const submitOp = (submission: NewSubmission): SubmitOp => ({
  kind: 'submit',
  fields: submissionFields({
    ...submission,
    answer: JSON.stringify(submission.answer),
    claims: JSON.stringify(submission.claims),
  }),
  bookedBy: submission.bookedBy ?? null,
});

/** @param row `answer`, `claims`: JSON */
export const submissionFields = (row: {
  readonly interaction: string;
  readonly viewer: string;
  readonly id: string;
  readonly answer: string;
  readonly bucket: string;
  readonly status: string;
  readonly arrivedAtUs: number;
  readonly claims: string;
}): SubmissionFields => [
  row.interaction,
  row.viewer,
  row.id,
  row.answer,
  row.bucket,
  row.status,
  row.arrivedAtUs,
  row.claims,
];
