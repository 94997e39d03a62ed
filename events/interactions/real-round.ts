import type { NewSubmission } from '../ledger/facts.ts';
import { ShadowRound } from './shadow-round.ts';

/**
 * A round that counts. Answers reach the ledger, and whatever is given away is given, for one of these alone: the
 * private field makes it a type of its own, and the interaction book, which knows nothing but what the ledger has
 * committed, is the only place that makes one (`events/rehearsal.test.ts` holds that). A `RehearsalRound` has no way
 * to become one.
 */
export class RealRound {
  readonly #interaction: string;

  constructor(interaction: string) {
    this.#interaction = interaction;
  }

  get interaction(): string {
    return this.#interaction;
  }
}

/** What a viewer has answered, before it is of any round. */
export type ReadAnswer = Omit<NewSubmission, 'id' | 'interaction' | 'status' | 'bookedBy'>;

/**
 * An answer to be written to the ledger: of a round that counts, or of one that is pressed on, by type. What is given
 * away with an answer (`bookedBy`) is given for a round that counts alone.
 */
export const countedSubmission = (
  round: RealRound | ShadowRound,
  answer: ReadAnswer,
  id: string,
  status: NewSubmission['status'],
  bookedBy?: string,
): NewSubmission => {
  const { viewer, answer: said, bucket, arrivedAtUs, claims } = answer;
  // Each field by name: to spread them costs more than all the rest of this.
  const submission = {
    id,
    interaction: round.interaction,
    viewer,
    answer: said,
    bucket,
    status,
    arrivedAtUs,
    claims,
  };
  return bookedBy === undefined || round instanceof ShadowRound ? submission : { ...submission, bookedBy };
};
