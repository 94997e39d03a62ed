import type {
  CloseReason,
  DrawResult,
  FiredCue,
  FramecueClientError,
  OwnEntry,
  OwnPlace,
  OwnPrize,
  Receipt,
} from '../../../client/src/index.ts';
import { isObject, listOf, numberOf, textOf } from '../shared/json.ts';

/** What viewers may see of a lottery: the `data` of its opening cue, or its public config. */
export interface LotteryData {
  readonly interaction: string;
  readonly title: string;
  readonly prizes: readonly { readonly title: string; readonly pieces: number }[];
  /** What those read who win nothing. */
  readonly consolation: string | null;
}

export interface LotteryRound {
  /** The cue that opened it; null where this viewer only saw its reveal. */
  readonly cue: FiredCue | null;
  readonly lottery: LotteryData;
  readonly phase: LotteryPhase;
  readonly entering: Entering;
  readonly own: Own;
  readonly result: Result;
  /** What the server says of this viewer's prize after the reveal. */
  readonly prize: OwnPrize | null;
  readonly rehearsal: boolean;
}

export type LotteryPhase =
  | { readonly kind: 'open' }
  | { readonly kind: 'closed'; readonly why: CloseReason }
  | { readonly kind: 'revealed' }
  | { readonly kind: 'cancelled' };

export type Entering =
  | { readonly kind: 'none' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'in'; readonly receipt: Receipt }
  | { readonly kind: 'refused'; readonly error: FramecueClientError };

/** This viewer's place in the list. */
export type Own =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'checked'; readonly place: OwnPlace; readonly isDrawn: boolean }
  /** They are on no list: they did not enter, or their entry does not count. */
  | { readonly kind: 'not-on-it' }
  | { readonly kind: 'failed'; readonly error: FramecueClientError };

export type Result =
  | { readonly kind: 'none' }
  | { readonly kind: 'shown'; readonly result: DrawResult }
  | { readonly kind: 'failed'; readonly error: FramecueClientError };

export type LotteryEvent =
  | { readonly kind: 'opened'; readonly cue: FiredCue; readonly lottery: LotteryData }
  /** A reveal whose opening this viewer did not see. */
  | { readonly kind: 'recovered'; readonly lottery: LotteryData }
  | { readonly kind: 'cue'; readonly cue: FiredCue }
  | { readonly kind: 'closed'; readonly cueId: string; readonly why: CloseReason }
  | { readonly kind: 'entering'; readonly cueId: string }
  | { readonly kind: 'entered'; readonly cueId: string; readonly receipt: Receipt }
  | { readonly kind: 'refused'; readonly cueId: string; readonly error: FramecueClientError }
  | { readonly kind: 'own'; readonly mine: OwnEntry }
  | { readonly kind: 'own-failed'; readonly interaction: string; readonly error: FramecueClientError }
  | { readonly kind: 'result'; readonly result: DrawResult }
  | { readonly kind: 'result-failed'; readonly interaction: string; readonly error: FramecueClientError };

/** Null where it is no lottery that can be shown. */
export function readLottery(data: unknown): LotteryData | null {
  if (!isObject(data)) return null;
  const interaction = textOf(data.interaction);
  const title = textOf(data.title);
  const prizes = listOf(data.prizes, readPrize);
  if (interaction === null || title === null || prizes === null) return null;
  return { interaction, title, prizes, consolation: textOf(data.consolation) };
}

function readPrize(value: unknown): LotteryData['prizes'][number] | null {
  if (!isObject(value)) return null;
  const title = textOf(value.title) ?? textOf(value.prize);
  return title === null ? null : { title, pieces: numberOf(value.pieces) ?? 1 };
}

export function nextLottery(round: LotteryRound | null, event: LotteryEvent): LotteryRound | null {
  if (event.kind === 'opened') return begun(event.lottery, event.cue, { kind: 'open' });
  if (event.kind === 'recovered') {
    const isOther = round !== null && round.lottery.interaction !== event.lottery.interaction;
    if (round !== null && !(isOther && round.phase.kind !== 'open')) return round;
    return begun(event.lottery, null, { kind: 'revealed' });
  }
  if (round === null || !isOf(round, event)) return round;
  switch (event.kind) {
    case 'cue':
      return { ...round, phase: phaseAfter(round.phase, event.cue) };
    case 'closed':
      if (round.phase.kind !== 'open') return round;
      if (event.why === 'canceled') return { ...round, phase: { kind: 'cancelled' } };
      return { ...round, phase: { kind: 'closed', why: event.why } };
    case 'entering':
      return canEnter(round) ? { ...round, entering: { kind: 'sending' } } : round;
    case 'entered':
      return { ...round, entering: { kind: 'in', receipt: event.receipt } };
    case 'refused':
      return { ...round, entering: { kind: 'refused', error: event.error } };
    case 'own':
      return withOwn(round, event.mine);
    case 'own-failed':
      // What was checked stays checked: a connection that is lost later takes nothing of it.
      if (round.own.kind === 'checked' && event.error.code !== 'ERR_CLIENT_PROOF') return round;
      return { ...round, own: { kind: 'failed', error: event.error } };
    case 'result':
      // Nothing is shown before its picture, whatever is known.
      return round.phase.kind === 'revealed'
        ? { ...round, result: { kind: 'shown', result: event.result } }
        : round;
    case 'result-failed':
      return { ...round, result: { kind: 'failed', error: event.error } };
  }
}

const begun = (lottery: LotteryData, cue: FiredCue | null, phase: LotteryPhase): LotteryRound => ({
  ...{ cue, lottery, phase, entering: { kind: 'none' }, own: { kind: 'unknown' } },
  ...{ result: { kind: 'none' }, prize: null, rehearsal: cue?.rehearsal === true },
});

function isOf(round: LotteryRound, event: Exclude<LotteryEvent, { kind: 'opened' | 'recovered' }>): boolean {
  const { interaction } = round.lottery;
  switch (event.kind) {
    case 'cue':
      return follows(round, event.cue);
    case 'own':
      return event.mine.interaction === interaction;
    case 'result':
      return event.result.interaction === interaction;
    case 'own-failed':
    case 'result-failed':
      return event.interaction === interaction;
    default:
      return event.cueId === round.cue?.id;
  }
}

/** A lock, reveal or cancel of this round. */
export const follows = (round: LotteryRound, cue: FiredCue): boolean =>
  (cue.ref !== null && cue.ref === round.cue?.id) ||
  (cue.type !== 'interaction.open' && cue.data.interaction === round.lottery.interaction);

function phaseAfter(phase: LotteryPhase, cue: FiredCue): LotteryPhase {
  switch (cue.type) {
    case 'interaction.lock':
      return phase.kind === 'open' ? { kind: 'closed', why: 'locked' } : phase;
    case 'interaction.cancel':
      return { kind: 'cancelled' };
    case 'interaction.reveal':
      return { kind: 'revealed' };
    default:
      return phase;
  }
}

function withOwn(round: LotteryRound, mine: OwnEntry): LotteryRound {
  const { place, entry, state } = mine;
  if (state === 'void') return { ...round, phase: { kind: 'cancelled' } };
  const prize = round.phase.kind === 'revealed' ? mine.prize : null;
  if (place !== null) {
    const isDrawn = state === 'drawn' || state === 'revealed';
    return { ...round, prize, own: { kind: 'checked', place, isDrawn } };
  }
  const isOut = entry === null || entry.status === 'refused';
  return isOut && round.phase.kind !== 'open' ? { ...round, prize, own: { kind: 'not-on-it' } } : round;
}

export const canEnter = ({ cue, phase, entering }: LotteryRound): boolean =>
  cue !== null &&
  phase.kind === 'open' &&
  (entering.kind === 'none' || (entering.kind === 'refused' && entering.error.retryable));

/** What this viewer has won by the opened result; null: nothing; undefined: not known (yet). */
export function wonIn({ own, result, prize, phase }: LotteryRound): string | null | undefined {
  if (phase.kind !== 'revealed') return undefined;
  if (result.kind === 'shown' && own.kind === 'checked') {
    const { leaf, root } = own.place;
    // A result of another list says nothing of this viewer.
    if (result.result.root !== root) return undefined;
    return result.result.winners.find((winner) => winner.leaf === leaf)?.title ?? null;
  }
  if (own.kind === 'not-on-it') return null;
  return prize?.title;
}
