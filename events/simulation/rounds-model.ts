import type { Cue } from '../../cues/cue.ts';

/** One viewer's part in one round. */
export interface AnswerModel {
  /** All that they ever sent. */
  readonly sent: Set<number>;
  /** The receipt that they were shown: id, choice and moment stay. */
  shown: { readonly id: string; readonly choice: number; readonly arrivedAtUs: number } | null;
  /** Whether a receipt said that it was the first answer. */
  firstShown: boolean;
  /** They were told that it waits for a judgement. */
  held: boolean;
}

export interface RoundModel {
  readonly id: string;
  /** Its creation was confirmed. */
  created: boolean;
  readonly answers: Map<string, AnswerModel>;
  /** Landed cues by type, as media wrote them. */
  readonly cues: Map<Cue['type'], Cue>;
  /** The opening cue as it was taken back. */
  voided: Cue | null;
}

export interface RoundsModel {
  readonly rounds: Map<string, RoundModel>;
  /** Media's cue log, oldest first. */
  readonly feed: Cue[];
  /** How many entries of it are known to be applied. */
  applied: number;
}

export const newRoundsModel = (): RoundsModel => ({ rounds: new Map(), feed: [], applied: 0 });

export const answerOf = (round: RoundModel, viewer: string): AnswerModel => {
  let answer = round.answers.get(viewer);
  if (answer === undefined) {
    answer = { sent: new Set(), shown: null, firstShown: false, held: false };
    round.answers.set(viewer, answer);
  }
  return answer;
};
