import type { InteractionState } from '../shared/events-api.ts';
import type { Cue } from '../shared/media-api.ts';
import type { Action } from './keys.ts';

/** The cues of one question, as far as they still mean something: cancelled and missed ones do not. */
export interface Round {
  readonly open: Cue | null;
  readonly lock: Cue | null;
  readonly reveal: Cue | null;
  readonly cancel: Cue | null;
}

const NO_ROUND: Round = { open: null, lock: null, reveal: null, cancel: null };

const means = ({ state }: Cue): boolean => state !== 'cancelled' && state !== 'missed';

/** @param cues newest first. */
export function roundOf(interaction: string | null, cues: readonly Cue[]): Round {
  if (interaction === null) return NO_ROUND;
  const find = (type: string, fits: (cue: Cue) => boolean): Cue | null =>
    cues.find((cue) => cue.type === `interaction.${type}` && means(cue) && fits(cue)) ?? null;
  const open = find('open', (cue) => cue.interaction === interaction);
  const follows = (cue: Cue): boolean =>
    (open !== null && cue.ref === open.id) || cue.interaction === interaction;
  return {
    open,
    lock: find('lock', follows),
    reveal: find('reveal', follows),
    cancel: find('cancel', follows),
  };
}

/** Where a question is. */
export type Phase =
  | 'none'
  /** Created, and not marked yet. */
  | 'ready'
  /** Marked, not on its frame yet. */
  | 'opening'
  | 'open'
  | 'locked'
  | 'revealed'
  | 'cancelled';

export interface PhaseFacts {
  readonly round: Round;
  /** What the events service says; null while it cannot be asked. */
  readonly state: InteractionState | null;
  /** Of the server, Unix milliseconds. */
  readonly now: number;
}

/** What was marked goes before what the events service has heard of: the mark is newer. */
export function phaseOf({ round, state, now }: PhaseFacts): Phase {
  const { open, lock, reveal, cancel } = round;
  if (cancel !== null || state === 'CANCELED') return 'cancelled';
  if (reveal !== null || state === 'RESOLVED') return 'revealed';
  if (lock !== null || state === 'LOCKED') return 'locked';
  if (open === null) return state === 'ACTIVE' ? 'open' : 'ready';
  if (open.landing === null) return 'opening';
  const { fireAtMs } = open.landing;
  if (fireAtMs !== null && open.durationMs !== null && now >= fireAtMs + open.durationMs) return 'locked';
  return 'open';
}

export interface ActionFacts {
  readonly phase: Phase;
  /** A lock, reveal or cancel refers to it. */
  readonly hasOpenCue: boolean;
  /** Of the newest press of the same action on the same question, while its cue is not known. */
  readonly press: 'sending' | 'unknown' | null;
}

/** Null where the action may be taken; else why not, in words. */
export function whyNot(action: Action, { phase, hasOpenCue, press }: ActionFacts): string | null {
  if (press === 'sending') return 'Sending';
  if (press === 'unknown') return 'No answer yet: see the list';
  switch (action) {
    case 'open':
      if (phase === 'none') return 'No question is ready';
      return phase === 'ready' ? null : phase === 'opening' ? 'On its way to the frame' : 'Opened already';
    case 'lock':
      if (phase === 'opening' || phase === 'open') return hasOpenCue ? null : 'Opening cue not known';
      return phase === 'none' || phase === 'ready' ? 'Open it first' : 'Locked already';
    case 'reveal':
      if (phase === 'locked') return null;
      if (phase === 'revealed') return 'Revealed already';
      if (phase === 'cancelled') return 'Cancelled';
      return phase === 'open' || phase === 'opening' ? 'Lock it first' : 'Open it first';
    case 'cancel':
      if (phase === 'none' || phase === 'ready') return 'Nothing to cancel';
      if (phase === 'revealed') return 'Too late to cancel';
      if (phase === 'cancelled') return 'Cancelled already';
      return hasOpenCue ? null : 'Opening cue not known';
  }
}
