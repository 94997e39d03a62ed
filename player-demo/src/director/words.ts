import type { IconName } from '../design/icons.tsx';
import type { Tone } from '../design/parts.tsx';
import { formatCount, formatSigned, formatSpan } from '../shared/format.ts';
import type { CueState, Landing } from '../shared/media-api.ts';
import type { Action } from './keys.ts';

interface StateLook {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

export const STATE_LOOKS: { readonly [state in CueState]: StateLook } = {
  accepted: { word: 'Accepted', tone: 'info', icon: 'ring' },
  armed: { word: 'Armed', tone: 'info', icon: 'ring' },
  taken: { word: 'Taken', tone: 'info', icon: 'ring' },
  announced: { word: 'Announced', tone: 'info', icon: 'arrow' },
  landed: { word: 'Landed', tone: 'cue', icon: 'dot' },
  ended: { word: 'Ended', tone: 'plain', icon: 'check' },
  cancelled: { word: 'Cancelled', tone: 'plain', icon: 'cross' },
  missed: { word: 'Missed', tone: 'bad', icon: 'warning' },
  uncertain: { word: 'Uncertain', tone: 'bad', icon: 'warning' },
};

export const ACTION_NAMES: { readonly [action in Action]: string } = {
  open: 'Open',
  lock: 'Lock',
  reveal: 'Reveal',
  cancel: 'Cancel',
};

const CHOICE_WORDS: { readonly [choice: string]: string | undefined } = {
  'next-in-presentation': 'Next picture that had not passed',
  'own-pts': 'Picture at hand: irregular time stamps',
  scheduled: 'Picture that was asked for',
  'read-back': 'Told by a stamp that was read back: a crash took the receipt',
};

/** `Picture that was asked for, by capture time ± 5 ms`; null where the server says nothing of it. */
export function howWords({ choice, timing, timingErrorMs }: Landing): string | null {
  if (choice === null) return null;
  const error = typeof timingErrorMs === 'number' ? ` ± ${formatSpan(Math.ceil(timingErrorMs))}` : '';
  const by =
    timing === 'capture'
      ? `, by capture time${error}`
      : timing === 'stamp'
        ? ', by arrival at the server'
        : '';
  return `${CHOICE_WORDS[choice] ?? choice}${by}`;
}

/** `frame 1 532, 12 ms after the mark, 240 ms past the moment`. */
export function landingWords({ frame, markToStampMs, errorMs }: Landing): string {
  const parts = frame === null ? [] : [`frame ${formatCount(frame)}`];
  if (markToStampMs !== null) parts.push(`${formatSpan(markToStampMs)} after the mark`);
  if (errorMs !== null) parts.push(errorWords(errorMs));
  return parts.join(', ');
}

export const errorWords = (errorMs: number): string =>
  Math.round(errorMs) === 0
    ? 'exactly on the moment'
    : `${formatSpan(Math.abs(errorMs))} ${errorMs > 0 ? 'past' : 'before'} the moment`;

export const signedMs = (spanMs: number | null): string =>
  spanMs === null ? 'not known' : `${formatSigned(spanMs)} ms`;

/** `Open` for `interaction.open`, `Product card` for `product.card`; other types as they are. */
export function cueName(type: string): string {
  if (type === 'product.card') return 'Product card';
  const action = type.startsWith('interaction.') ? type.slice('interaction.'.length) : null;
  return action !== null && action in ACTION_NAMES ? ACTION_NAMES[action as Action] : type;
}
