import { useState } from 'preact/hooks';
import type { Chime } from '../chime.ts';
import { SoundButton } from '../sound-button.tsx';
import type { Show } from '../use-show.ts';
import { keepName, keptName } from '../wire/kept.ts';

export interface ToolsProps {
  readonly show: Show;
  readonly chime: Chime;
  readonly stream: string;
  readonly onStatus: () => void;
  readonly onHelp: () => void;
  readonly onSignOut: () => void;
}

/** The page's own buttons, and panic, which stands apart from them. */
export function Tools({ show, chime, stream, onStatus, onHelp, onSignOut }: ToolsProps) {
  const { rehearsal } = show.state;
  const [name, setName] = useState(keptName(localStorage));
  return (
    <footer class="tools">
      <button
        type="button"
        class="panic"
        onPointerDown={() => show.press('panic', null)}
        onPointerUp={() => show.runner?.letGo()}
        onPointerLeave={() => show.runner?.letGo()}
        onClick={(event) => {
          // By pointer it counts when it goes down; by key or assistive technology there is only the click.
          if (event.detail === 0) show.press('panic', null);
        }}
      >
        <span class="panic-name">Panic</span>
        <kbd>Shift Backspace</kbd>
        <span class="panic-note">twice, or hold</span>
      </button>
      <label class="tools-name">
        <span class="faint">You are</span>
        <input
          class="input"
          type="text"
          maxLength={40}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
          onChange={() => keepName(localStorage, name)}
        />
      </label>
      <span class="tools-stream faint">{stream}</span>
      <span class="tools-end">
        {rehearsal !== null && (
          <button
            type="button"
            class="button"
            aria-pressed={rehearsal}
            onClick={() => show.press('mode', null)}
          >
            {rehearsal ? 'End rehearsal' : 'Rehearse'} <kbd>M</kbd>
          </button>
        )}
        <button type="button" class="button" onClick={onStatus}>
          Status <kbd>F</kbd>
        </button>
        <button type="button" class="button" onClick={onHelp}>
          Keys <kbd>?</kbd>
        </button>
        <SoundButton chime={chime} />
        <button type="button" class="button button-quiet" onClick={onSignOut}>
          Sign out
        </button>
      </span>
    </footer>
  );
}
