import { useEffect } from 'preact/hooks';
import { useLatest } from '../design/hooks.ts';
import { commandOf, type KeyCommand, type KeyTarget } from './keys.ts';

/**
 * Listens for the console's keys while no dialog is open.
 * @param sample PTS on screen now; asked at the press, before anything else.
 */
export function useKeys(
  sample: () => number | null,
  onCommand: (command: KeyCommand, mediaTime: number | null) => void,
): void {
  const latest = useLatest({ sample, onCommand });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // The first thing of all: what is on screen now is what the director means.
      const mediaTime = latest.current.sample();
      if (document.querySelector('dialog[open]') !== null) return;
      const command = commandOf(pressOf(event));
      if (command === null) return;
      event.preventDefault();
      latest.current.onCommand(command, mediaTime);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [latest]);
}

function pressOf(event: KeyboardEvent): Parameters<typeof commandOf>[0] {
  const { key, repeat, isComposing, defaultPrevented, ctrlKey, metaKey, altKey } = event;
  const target = event.target instanceof HTMLElement ? targetOf(event.target) : null;
  return { key, repeat, isComposing, defaultPrevented, ctrlKey, metaKey, altKey, target };
}

const targetOf = (element: HTMLElement): KeyTarget => ({
  tagName: element.tagName,
  type: element instanceof HTMLInputElement ? element.type : undefined,
  isContentEditable: element.isContentEditable,
});
