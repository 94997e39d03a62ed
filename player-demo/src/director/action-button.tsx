import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Action } from './keys.ts';
import { ACTION_NAMES } from './words.ts';

export interface ActionButtonProps {
  readonly action: Action;
  readonly hint: string;
  /** Null where it may be pressed. */
  readonly against: string | null;
  /** Pressed once, and asks to be pressed again. */
  readonly asks?: string | null;
  readonly sample: () => number | null;
  readonly onPress: (mediaTime: number | null) => void;
  /** Before the words. */
  readonly children?: ComponentChildren;
}

const HELD_FOR_MS = 1500;

/**
 * The moment is when the finger comes down; the mark is sent when it goes up on the button, so that a slip can
 * be taken back by sliding off.
 */
export function ActionButton({
  action,
  hint,
  against,
  asks = null,
  sample,
  onPress,
  children,
}: ActionButtonProps) {
  const down = useRef<{ readonly at: number; readonly mediaTime: number | null } | null>(null);
  return (
    <button
      type="button"
      class={`action action-${action} ${against === null ? '' : 'action-against'}`}
      aria-disabled={against !== null}
      onPointerDown={(event) => {
        down.current = { at: event.timeStamp, mediaTime: sample() };
      }}
      onClick={(event) => {
        const pressed = down.current;
        down.current = null;
        const byPointer = pressed !== null && event.detail > 0 && event.timeStamp - pressed.at < HELD_FOR_MS;
        onPress(byPointer ? pressed.mediaTime : sample());
      }}
    >
      {children}
      <span class="action-name">{asks ?? ACTION_NAMES[action]}</span>
      <span class="action-note">{against ?? hint}</span>
    </button>
  );
}
