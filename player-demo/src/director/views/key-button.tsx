import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { type Command, keyOf } from '../model/commands.ts';

export interface KeyButtonProps {
  readonly command: Command;
  readonly tone: 'take' | 'cue' | 'plain' | 'quiet' | 'bad';
  /** It would be refused; pressing says why. */
  readonly off?: boolean;
  readonly wide?: boolean;
  readonly note?: string;
  /** A class of its own, for its place in a row. */
  readonly look?: string;
  readonly sample: () => number | null;
  readonly onPress: (mediaTime: number | null) => void;
  readonly children: ComponentChildren;
}

const HELD_FOR_MS = 1500;

/**
 * A button with its key on it. The moment is when the finger comes down; it counts when it goes up on the button, so
 * that a slip can be taken back by sliding off.
 */
export function KeyButton(props: KeyButtonProps) {
  const { command, tone, off = false, wide = false, look = '', note, sample, onPress, children } = props;
  const down = useRef<{ readonly at: number; readonly mediaTime: number | null } | null>(null);
  return (
    <button
      type="button"
      class={`key-button key-${tone} ${wide ? 'key-wide' : ''} ${off ? 'key-off' : ''} ${look}`}
      aria-disabled={off}
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
      <span class="key-name">
        {children} <kbd>{keyOf(command)}</kbd>
      </span>
      {note !== undefined && <span class="key-note">{note}</span>}
    </button>
  );
}
