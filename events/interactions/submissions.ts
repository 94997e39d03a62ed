import type { JsonObject } from '../../cues/wire/index.ts';
import { type ErrorCode, FramecueError } from '../../packet/errors.ts';
import type { UnixMicroseconds } from '../../packet/time.ts';
import type { Claims, NewSubmission, Receipt } from '../ledger/facts.ts';
import type { Ledger } from '../ledger/store.ts';
import type { EventsObserver } from '../observer.ts';
import type { Admission, Waiting } from './admission.ts';
import type { BookEntry, InteractionBook } from './book.ts';
import { readClaims } from './claims.ts';
import type { HeldAnswers } from './held.ts';
import type { JudgeLimits } from './judge.ts';
import { countedSubmission, type ReadAnswer } from './real-round.ts';
import type { RehearsalReceipt, RehearsalRound } from './rehearsal-round.ts';
import type { RehearsalRounds } from './rehearsal-rounds.ts';
import { ShadowRound } from './shadow-round.ts';
import type { NotProven, StampProofs } from './stamp-proof.ts';
import type { AnswerRead } from './type.ts';

export type SubmitOutcome =
  | { readonly kind: 'receipt'; readonly receipt: Receipt; readonly repeated: boolean }
  /** Of a rehearsal: taken, and counted nowhere. */
  | { readonly kind: 'rehearsal'; readonly receipt: RehearsalReceipt; readonly repeated: boolean }
  /** Of a kind that viewers come to one after the other: nothing is written, and they come back. */
  | { readonly kind: 'waiting'; readonly waiting: Waiting }
  | {
      readonly kind: 'refused' | 'invalid';
      readonly code: ErrorCode;
      readonly details?: Readonly<Record<string, unknown>>;
    };

export interface SubmissionsOptions {
  readonly ledger: Ledger;
  readonly book: InteractionBook;
  readonly rehearsals: RehearsalRounds;
  readonly proofs: StampProofs;
  readonly held: HeldAnswers;
  /** By the name of the domain that books answers (`bookedBy`). */
  readonly admissions?: ReadonlyMap<string, Admission>;
  readonly limits: JudgeLimits;
  readonly newId: () => string;
  readonly observer: EventsObserver;
}

/** What happens to an answer: read, judged, written, and only then acknowledged. */
export class Submissions {
  readonly #options: SubmissionsOptions;

  constructor(options: SubmissionsOptions) {
    this.#options = options;
  }

  /**
   * @param body the request's JSON; @param arrivedAtUs when it was whole; @param from a viewer, or one of a load test.
   * @throws {FramecueError} as the ledger does: nothing is known to be written then.
   */
  async submit(
    interaction: string,
    viewer: string,
    body: JsonObject,
    arrivedAtUs: UnixMicroseconds,
    from: 'viewer' | 'shadow' = 'viewer',
    region?: string,
  ): Promise<SubmitOutcome> {
    const { book, rehearsals, limits, observer } = this.#options;
    const entry = book.get(interaction);
    if (entry === undefined) return refused('ERR_INTERACTION_UNKNOWN');
    // Before all else: neither is told anything of the other's answers.
    const isShadowRound = entry.round instanceof ShadowRound;
    if (isShadowRound !== (from === 'shadow')) {
      return refused(isShadowRound ? 'ERR_SHADOW_ROUND' : 'ERR_SHADOW_VIEWER');
    }
    const read = readClaims(body);
    if (read.kind === 'invalid') return invalid('ERR_REQUEST_INVALID', read);
    const answer = entry.prepared.readAnswer(body);
    if (answer.kind === 'invalid') return invalid('ERR_ANSWER_INVALID', answer);
    const { stamp } = read;
    const claims = region === undefined ? read.claims : { ...read.claims, region };
    // By the cue, whatever the answer says of itself: what a rehearsal's cue has opened counts for nothing.
    const rehearsed = rehearsals.openedBy(claims.cue);
    if (rehearsed?.interaction === interaction) {
      return this.#rehearse(rehearsed, { viewer, answer, arrivedAtUs, claims });
    }
    if (rehearsed !== null) {
      return invalid('ERR_ANSWER_INVALID', {
        field: 'cue',
        problem: 'the cue rehearses no such interaction',
      });
    }
    // A fast viewer can see it land before the feed says so: they ask again, as in a round that counts.
    if (rehearsals.isOfRehearsal(claims.cue)) {
      return refused('ERR_INTERACTION_NOT_OPEN', { reason: 'not-opened', rehearsal: true });
    }
    if (read.rehearsal) return refuseMarked(entry, claims.cue);
    const { opened } = entry.facts;
    if (opened !== null && opened.moment.cue !== claims.cue) {
      return invalid('ERR_ANSWER_INVALID', {
        field: 'cue',
        problem: 'another cue has opened this interaction',
      });
    }
    const admission = this.#admissionOf(entry);
    const verdict = entry.prepared.judge(entry.facts, { arrivedAtUs, claims }, limits);
    const atUs = admission?.nowUs() ?? arrivedAtUs;
    const given = { viewer, answer: answer.answer, bucket: answer.bucket, arrivedAtUs: atUs, claims };
    if (verdict.kind === 'in-time') {
      const outcome = await (admission === undefined
        ? this.#record(entry, given, 'accepted')
        : this.#admit(admission, entry, given, body.ticket, from));
      if (outcome.kind === 'receipt' && !outcome.repeated && claims.answerMs !== undefined) {
        observer.answerTime(claims.answerMs, claims.path ?? 'none');
      }
      return outcome;
    }
    if (verdict.why === 'not-opened' && stamp !== null && entry.prepared.bookedBy === undefined) {
      return this.#hold(entry, given, stamp);
    }
    return this.#refuse(entry, viewer, verdict.code, { reason: verdict.why });
  }

  #admissionOf({ prepared: { bookedBy } }: BookEntry): Admission | undefined {
    return bookedBy === undefined ? undefined : this.#options.admissions?.get(bookedBy);
  }

  async #admit(
    admission: Admission,
    entry: BookEntry,
    given: ReadAnswer,
    ticket: unknown,
    from: 'viewer' | 'shadow',
  ): Promise<SubmitOutcome> {
    const record = () => this.#record(entry, given, 'accepted');
    const { viewer, arrivedAtUs } = given;
    const outcome = await admission.admit({ entry, viewer, from, ticket, arrivedAtUs }, record);
    return outcome.kind === 'refused'
      ? this.#refuse(entry, viewer, outcome.code, outcome.details ?? {})
      : outcome;
  }

  #rehearse(
    round: RehearsalRound,
    given: {
      readonly viewer: string;
      readonly answer: Extract<AnswerRead, { kind: 'answer' }>;
      readonly arrivedAtUs: UnixMicroseconds;
      readonly claims: Claims;
    },
  ): SubmitOutcome {
    const { viewer, arrivedAtUs, claims } = given;
    const { answer, bucket } = given.answer;
    const id = `rehearsal-${this.#options.newId()}`;
    const outcome = round.answer({ id, viewer, answer, bucket, arrivedAtUs, claims });
    switch (outcome.kind) {
      case 'taken':
        return { kind: 'rehearsal', receipt: outcome.receipt, repeated: outcome.repeated };
      case 'refused':
        return refused(outcome.code, { reason: outcome.why, rehearsal: true });
      case 'full':
        return refused('ERR_OVERLOADED', { reason: 'rehearsal-full' });
    }
  }

  async #record(
    entry: BookEntry,
    answer: ReadAnswer,
    status: NewSubmission['status'],
  ): Promise<SubmitOutcome> {
    const { ledger, newId } = this.#options;
    const outcome = await ledger.recordSubmission(
      countedSubmission(entry.round, answer, newId(), status, entry.prepared.bookedBy),
    );
    switch (outcome.kind) {
      case 'recorded':
        entry.answered = true;
        if (outcome.receipt.status === 'held') this.#options.book.setHeld(entry, entry.held + 1);
        return { kind: 'receipt', receipt: outcome.receipt, repeated: false };
      case 'repeated':
        entry.answered = true;
        return receiptAgain(outcome.receipt);
      case 'closed':
        return outcome.state === 'CANCELED'
          ? refused('ERR_INTERACTION_CANCELED')
          : refused('ERR_INTERACTION_LOCKED', {
              reason: outcome.state === 'LOCKED' ? 'arrived-after-cap' : 'resolved',
            });
      case 'unknown-interaction':
        return refused('ERR_INTERACTION_UNKNOWN');
    }
  }

  /** The viewer has seen what we have not heard of yet: kept if they can show it, judged when we know. */
  async #hold(entry: BookEntry, answer: ReadAnswer, stamp: string): Promise<SubmitOutcome> {
    const { proofs, held } = this.#options;
    const { record } = entry.facts;
    const proof = await proofs.check(stamp, {
      interaction: record.id,
      cue: answer.claims.cue,
      stream: record.stream ?? null,
    });
    if (proof.kind === 'busy') throw new FramecueError('ERR_OVERLOADED');
    if (proof.kind === 'not-proven') {
      const reason: NotProven = proof.why;
      return this.#refuse(entry, answer.viewer, 'ERR_INTERACTION_NOT_OPEN', {
        reason: 'not-opened',
        stamp: reason,
      });
    }
    // The feed may have come while the proof was checked; then the answer is judged like any other.
    if (entry.facts.opened !== null) {
      const { arrivedAtUs, claims } = answer;
      const verdict = entry.prepared.judge(entry.facts, { arrivedAtUs, claims }, this.#options.limits);
      return verdict.kind === 'in-time'
        ? this.#record(entry, answer, 'accepted')
        : this.#refuse(entry, answer.viewer, verdict.code, { reason: verdict.why });
    }
    if (held.isFull) {
      return this.#refuse(entry, answer.viewer, 'ERR_INTERACTION_NOT_OPEN', { reason: 'held-full' });
    }
    return this.#record(entry, answer, 'held');
  }

  /**
   * A viewer whose acknowledgement was lost asks again, maybe after the lock: what counts is that they had answered.
   * Only a cancelled interaction gives no receipts.
   */
  async #refuse(
    entry: BookEntry,
    viewer: string,
    code: ErrorCode,
    details: Readonly<Record<string, unknown>>,
  ): Promise<SubmitOutcome> {
    if (entry.answered && code !== 'ERR_INTERACTION_CANCELED') {
      const first = await this.#options.ledger.receiptOf(entry.id, viewer);
      if (first !== null) return receiptAgain(first);
    }
    return refused(code, details);
  }
}

/** A viewer who says that it is a rehearsal never gets into a round that counts. */
const refuseMarked = ({ facts }: BookEntry, cue: string): SubmitOutcome =>
  facts.opened?.moment.cue === cue
    ? invalid('ERR_ANSWER_INVALID', { field: 'rehearsal', problem: 'the cue is of no rehearsal' })
    : refused('ERR_INTERACTION_NOT_OPEN', { reason: 'not-opened', rehearsal: true });

const receiptAgain = (receipt: Receipt): SubmitOutcome =>
  receipt.status === 'refused'
    ? refused(receipt.code, { reason: 'refused-after-held' })
    : { kind: 'receipt', receipt, repeated: true };

const refused = (code: ErrorCode, details?: Readonly<Record<string, unknown>>): SubmitOutcome => ({
  kind: 'refused',
  code,
  ...(details === undefined ? {} : { details }),
});

const invalid = (
  code: ErrorCode,
  { field, problem }: { readonly field: string; readonly problem: string },
): SubmitOutcome => ({ kind: 'invalid', code, details: { field, problem } });
