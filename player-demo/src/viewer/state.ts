import type {
  CloseReason,
  CueOutcome,
  FiredCue,
  FramecueClientError,
  Receipt,
} from '../../../client/src/index.ts';
import { type QuestionData, readQuestion, readReveal } from '../shared/cue-data.ts';
import { type LotteryEvent, type LotteryRound, nextLottery } from './lottery-state.ts';

/** One viewer's page: at most one question or lottery at a time, and what became of the last cues. */
export interface ViewerState {
  readonly round: Round | null;
  /** In the place of a question, where a lottery was opened last. */
  readonly lottery: LotteryRound | null;
  /** Newest first. */
  readonly log: readonly LogEntry[];
}

export interface Round {
  /** The cue that opened it; null where this viewer only saw its reveal. */
  readonly cue: FiredCue | null;
  readonly question: QuestionData;
  readonly phase: Phase;
  readonly answer: AnswerState;
}

export type Phase =
  | { readonly kind: 'open' }
  | { readonly kind: 'closed'; readonly why: CloseReason }
  | {
      readonly kind: 'revealed';
      readonly correct: number | null;
      readonly counts: readonly number[];
    }
  | { readonly kind: 'cancelled' };

export type AnswerState =
  | { readonly kind: 'none' }
  | { readonly kind: 'sending'; readonly choice: number; readonly actedAt: number }
  /** `choice` is the one that counts: the first one, where this was a repeat. */
  | { readonly kind: 'received'; readonly choice: number; readonly receipt: Receipt }
  | {
      readonly kind: 'refused';
      readonly choice: number;
      readonly actedAt: number;
      readonly error: FramecueClientError;
    };

export type LogEntry =
  | { readonly kind: 'fired'; readonly key: string; readonly at: number; readonly cue: FiredCue }
  | { readonly kind: 'never'; readonly key: string; readonly at: number; readonly outcome: CueOutcome };

export type ViewerEvent =
  /** `at`: wall clock, Unix milliseconds. */
  | { readonly kind: 'cue'; readonly cue: FiredCue; readonly at: number }
  | { readonly kind: 'close'; readonly cue: FiredCue; readonly why: CloseReason }
  | { readonly kind: 'update'; readonly cue: FiredCue }
  | { readonly kind: 'outcome'; readonly outcome: CueOutcome; readonly at: number }
  | { readonly kind: 'answer'; readonly cueId: string; readonly choice: number; readonly actedAt: number }
  | { readonly kind: 'receipt'; readonly cueId: string; readonly receipt: Receipt }
  | { readonly kind: 'refused'; readonly cueId: string; readonly error: FramecueClientError }
  | { readonly kind: 'lottery'; readonly event: LotteryEvent }
  /** The question behind a reveal whose opening this viewer did not see. */
  | {
      readonly kind: 'recovered';
      readonly question: QuestionData;
      readonly correct: number | null;
      readonly counts: readonly number[];
    };

export const FIRST_VIEWER: ViewerState = { round: null, lottery: null, log: [] };
const LOG_LENGTH = 12;

export function nextViewer(state: ViewerState, event: ViewerEvent): ViewerState {
  switch (event.kind) {
    case 'cue': {
      const round = roundAfter(state.round, event.cue);
      const isNew = round !== state.round && round?.cue === event.cue;
      return {
        ...{ round, lottery: isNew ? null : state.lottery },
        log: logged(state.log, fired(event.cue, event.at)),
      };
    }
    case 'lottery': {
      const lottery = nextLottery(state.lottery, event.event);
      if (lottery === state.lottery) return state;
      return { ...state, lottery, round: state.lottery === null ? null : state.round };
    }
    case 'update':
      return withRound(state, event.cue.id, (round) => ({ ...round, cue: event.cue }));
    case 'close':
      return withRound(state, event.cue.id, (round) => {
        if (round.phase.kind !== 'open') return round;
        // A reveal is told by its own cue as well, with the numbers.
        if (event.why === 'canceled') return { ...round, phase: { kind: 'cancelled' } };
        return { ...round, phase: { kind: 'closed', why: event.why } };
      });
    case 'outcome': {
      const { outcome, at } = event;
      if (outcome.outcome === 'fired' || outcome.outcome === 'late') return state;
      const key = `${outcome.cue}.${outcome.rev}.${outcome.outcome}`;
      return { ...state, log: logged(state.log, { kind: 'never', key, at, outcome }) };
    }
    case 'answer':
      return withRound(state, event.cueId, (round) =>
        canAnswer(round)
          ? { ...round, answer: { kind: 'sending', choice: event.choice, actedAt: event.actedAt } }
          : round,
      );
    case 'receipt':
      return withRound(state, event.cueId, (round) => ({
        ...round,
        answer: { kind: 'received', choice: event.receipt.choice ?? 0, receipt: event.receipt },
      }));
    case 'refused':
      return withRound(state, event.cueId, (round) =>
        round.answer.kind === 'sending'
          ? { ...round, answer: { ...round.answer, kind: 'refused', error: event.error } }
          : round,
      );
    case 'recovered': {
      const { question, correct, counts } = event;
      if (state.round !== null && state.round.question.interaction !== question.interaction) {
        if (state.round.phase.kind === 'open') return state;
      } else if (state.round !== null) return state;
      return {
        ...state,
        round: {
          cue: null,
          question,
          phase: { kind: 'revealed', correct, counts },
          answer: { kind: 'none' },
        },
      };
    }
  }
}

/** One answer is under way or counts at a time; a refusal that can be mended leaves the question to be tried again. */
export function canAnswer(round: Round): boolean {
  if (round.cue === null || round.phase.kind !== 'open') return false;
  const { answer } = round;
  return answer.kind === 'none' || (answer.kind === 'refused' && !FINAL_CODES.has(answer.error.code));
}

/** Refusals that no other answer would change. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'ERR_INTERACTION_LOCKED',
  'ERR_INTERACTION_CANCELED',
  'ERR_INTERACTION_UNKNOWN',
  'ERR_CLIENT_CLOSED',
  'ERR_CLIENT_NO_INTERACTION',
  'ERR_CLIENT_DESTROYED',
]);

/** The interaction of a reveal that belongs to no question on this screen; null for all else. */
export function unknownReveal(state: ViewerState, cue: FiredCue): string | null {
  if (cue.type !== 'interaction.reveal') return null;
  const reveal = readReveal(cue.data);
  // That of a draw; its own part looks it up.
  if (cue.data.resultKey !== undefined) return null;
  if (reveal === null || reveal.interaction === state.round?.question.interaction) return null;
  return reveal.interaction;
}

function roundAfter(round: Round | null, cue: FiredCue): Round | null {
  if (cue.type === 'interaction.open') {
    const question = readQuestion(cue.data);
    return question === null ? round : { cue, question, phase: { kind: 'open' }, answer: { kind: 'none' } };
  }
  if (round === null || !belongs(round, cue)) return round;
  switch (cue.type) {
    case 'interaction.lock':
      return round.phase.kind === 'open' ? { ...round, phase: { kind: 'closed', why: 'locked' } } : round;
    case 'interaction.cancel':
      return { ...round, phase: { kind: 'cancelled' } };
    case 'interaction.reveal': {
      const reveal = readReveal(cue.data);
      if (reveal === null) return round;
      const counts = reveal.counts ?? round.question.options.map(() => 0);
      return { ...round, phase: { kind: 'revealed', correct: reveal.correct, counts } };
    }
    default:
      return round;
  }
}

const belongs = (round: Round, cue: FiredCue): boolean =>
  (cue.ref !== null && cue.ref === round.cue?.id) ||
  readReveal(cue.data)?.interaction === round.question.interaction;

function withRound(state: ViewerState, cueId: string, change: (round: Round) => Round): ViewerState {
  if (state.round?.cue?.id !== cueId) return state;
  const round = change(state.round);
  return round === state.round ? state : { ...state, round };
}

const fired = (cue: FiredCue, at: number): LogEntry => ({
  kind: 'fired',
  key: `${cue.id}.${cue.rev}`,
  at,
  cue,
});

const logged = (log: readonly LogEntry[], entry: LogEntry): readonly LogEntry[] =>
  [entry, ...log.filter(({ key }) => key !== entry.key)].slice(0, LOG_LENGTH);
