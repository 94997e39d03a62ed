import { useEffect } from 'preact/hooks';
import { useLatest } from '../design/hooks.ts';
import { type Command, commandOfKey } from './model/commands.ts';

export interface ShowKeys {
  /** PTS on screen now; asked at the press, before anything else. */
  readonly sample: () => number | null;
  readonly guarded: boolean;
  readonly onCommand: (command: Command, mediaTime: number | null) => void;
  /** The panic key went up. */
  readonly onLetGo: () => void;
}

/** The console's keys, wherever the focus is. */
export function useShowKeys(keys: ShowKeys): void {
  const latest = useLatest(keys);
  useEffect(() => {
    const onDown = (event: KeyboardEvent): void => {
      // The first thing of all: what is on screen now is what the director means.
      const mediaTime = latest.current.sample();
      const { guarded, onCommand } = latest.current;
      const modal = document.querySelector('dialog[open]') !== null;
      const { key, repeat, isComposing, defaultPrevented, ctrlKey, metaKey, altKey, shiftKey } = event;
      const target = event.target instanceof HTMLElement ? event.target : null;
      const command = commandOfKey(
        {
          ...{ key, repeat, isComposing, defaultPrevented, ctrlKey, metaKey, altKey, shiftKey },
          target:
            target === null
              ? null
              : {
                  tagName: target.tagName,
                  type: target instanceof HTMLInputElement ? target.type : undefined,
                  isContentEditable: target.isContentEditable,
                },
        },
        { modal, guarded },
      );
      if (command === null) return;
      event.preventDefault();
      onCommand(command, mediaTime);
    };
    const onUp = ({ key }: KeyboardEvent): void => {
      if (key === 'Backspace' || key === 'Shift') latest.current.onLetGo();
    };
    const onBlur = (): void => latest.current.onLetGo();
    addEventListener('keydown', onDown);
    addEventListener('keyup', onUp);
    addEventListener('blur', onBlur);
    return () => {
      removeEventListener('keydown', onDown);
      removeEventListener('keyup', onUp);
      removeEventListener('blur', onBlur);
    };
  }, [latest]);
}
