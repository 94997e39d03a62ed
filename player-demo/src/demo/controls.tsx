import { ActionButton } from '../director/action-button.tsx';
import type { Action } from '../director/keys.ts';
import type { Phase } from '../director/round.ts';
import './control.css';

export interface ControlsProps {
  readonly phase: Phase;
  readonly reasonAgainst: (action: Action) => string | null;
  readonly sample: () => number | null;
  readonly onPress: (action: Action, mediaTime: number | null) => void;
  readonly onNext: () => void;
}

const KEYS = [
  { action: 'open', cap: 'O', hint: 'the question, on the picture you see' },
  { action: 'lock', cap: 'L', hint: 'no more answers' },
  { action: 'reveal', cap: 'R', hint: 'show the result' },
] as const satisfies readonly { readonly action: Action; readonly cap: string; readonly hint: string }[];

/** The keys of one round in their order; the one that comes next stands out. */
export function Controls({ phase, reasonAgainst, sample, onPress, onNext }: ControlsProps) {
  const against = againstNext(phase);
  return (
    <fieldset class="keys">
      <legend class="only-read">Marks</legend>
      {KEYS.map(({ action, cap, hint }) => (
        <ActionButton
          key={action}
          action={action}
          hint={hint}
          against={reasonAgainst(action)}
          sample={sample}
          onPress={(mediaTime) => onPress(action, mediaTime)}
        >
          <kbd class="cap">{cap}</kbd>
        </ActionButton>
      ))}
      <button
        type="button"
        class={`action action-next ${against === null ? '' : 'action-against'}`}
        aria-disabled={against !== null}
        onClick={onNext}
      >
        <kbd class="cap">N</kbd>
        <span class="action-name">Next</span>
        <span class="action-note">{against ?? 'another question'}</span>
      </button>
    </fieldset>
  );
}

/** Null where another question may come; else why not. */
export function againstNext(phase: Phase): string | null {
  switch (phase) {
    case 'revealed':
    case 'cancelled':
      return null;
    case 'none':
    case 'ready':
      return 'Open this one first';
    case 'opening':
    case 'open':
      return 'Lock it first';
    case 'locked':
      return 'Reveal it first';
  }
}
