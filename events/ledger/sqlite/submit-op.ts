import type { NewSubmission } from '../facts.ts';

/** A row of values, with JSON already written: thousands cross the threads in one batch, and names cost as much as values. */
export interface SubmitOp {
  readonly kind: 'submit';
  readonly row: readonly [
    interaction: string,
    viewer: string,
    id: string,
    answer: string,
    bucket: string,
    status: 'accepted' | 'held',
    arrivedAtUs: number,
    claims: string,
    /** The domain that books it too, in the same transaction; null: none. */
    bookedBy: string | null,
  ];
}

export function submitOp({
  interaction,
  viewer,
  id,
  answer,
  bucket,
  status,
  arrivedAtUs,
  claims,
  bookedBy,
}: NewSubmission): SubmitOp {
  const [said, claimed] = [JSON.stringify(answer), JSON.stringify(claims)];
  return {
    kind: 'submit',
    row: [interaction, viewer, id, said, bucket, status, arrivedAtUs, claimed, bookedBy ?? null],
  };
}

/** What the leaf of an answer commits to, in this order. `answer`, `claims`: JSON. */
export const submissionFields = (row: {
  readonly interaction: string;
  readonly viewer: string;
  readonly id: string;
  readonly answer: string;
  readonly bucket: string;
  readonly status: string;
  readonly arrivedAtUs: number;
  readonly claims: string;
}): readonly (string | number)[] => [
  ...[row.interaction, row.viewer, row.id, row.answer, row.bucket, row.status, row.arrivedAtUs, row.claims],
];
