/**
 * A cue's life: accepted -> (armed -> taken ->) (announced ->) landed -> ended; or cancelled, missed, uncertain.
 * `uncertain`: a crash between stamp and receipt; reading the outputs settles it.
 */
export const CUE_TRANSITIONS = {
  accepted: ['armed', 'announced', 'landed', 'cancelled', 'missed', 'uncertain'],
  armed: ['taken', 'cancelled', 'missed'],
  // Back to armed where the log could not take it: nothing was stamped, and whoever pressed was told.
  taken: ['announced', 'landed', 'cancelled', 'missed', 'uncertain', 'armed'],
  announced: ['landed', 'cancelled', 'missed', 'uncertain', 'accepted', 'taken'],
  landed: ['ended'],
  uncertain: ['landed', 'missed'],
  ended: [],
  cancelled: [],
  missed: [],
} as const satisfies Record<string, readonly string[]>;

export type CueState = keyof typeof CUE_TRANSITIONS;

export const CUE_STATES = Object.keys(CUE_TRANSITIONS) as readonly CueState[];

export const canBecome = (from: CueState, to: CueState): boolean =>
  (CUE_TRANSITIONS[from] as readonly CueState[]).includes(to);

/** Nothing follows on these. */
export const isFinal = (state: CueState): boolean => CUE_TRANSITIONS[state].length === 0;

/** The injector holds a cue in these. */
export const isPending = (state: CueState): boolean =>
  state === 'accepted' || state === 'taken' || state === 'announced';

/** It may still be edited, and taken back without anybody having heard of it. */
export const isUnheard = (state: CueState): boolean =>
  state === 'armed' || state === 'accepted' || state === 'taken';
