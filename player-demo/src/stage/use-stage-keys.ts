import { useEffect } from 'preact/hooks';
import { useLatest } from '../design/hooks.ts';
import { VIEWS, type View } from './told.ts';

export interface StageKeys {
  readonly onView: (view: View) => void;
  readonly onTest: () => void;
  readonly onTakeOver: () => void;
  readonly onFullScreen: () => void;
}

/** F full screen, 1 to 6 views, T touch test, Shift+Enter take over. */
export function useStageKeys(keys: StageKeys): void {
  const latest = useLatest(keys);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      const { onView, onTest, onTakeOver, onFullScreen } = latest.current;
      const view = /^[1-6]$/.test(event.key) ? VIEWS[Number(event.key) - 1] : undefined;
      if (view !== undefined) onView(view);
      else if (event.key.toLowerCase() === 't') onTest();
      else if (event.key.toLowerCase() === 'f') onFullScreen();
      else if (event.key === 'Enter' && event.shiftKey) {
        event.preventDefault();
        onTakeOver();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [latest]);
}
