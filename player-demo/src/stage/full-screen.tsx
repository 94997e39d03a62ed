import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../design/icons.tsx';

export function FullScreen() {
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const onChange = (): void => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', onChange);
    return () => document.removeEventListener('fullscreenchange', onChange);
  }, []);
  if (full || !document.fullscreenEnabled) return null;
  return (
    <button type="button" class="button button-quiet stage-full" onClick={toggleFullScreen}>
      <Icon name="expand" /> Full screen
    </button>
  );
}

export function toggleFullScreen(): void {
  // Refused without a touch, or where a frame does not allow it: the page stays as it is.
  if (document.fullscreenElement === null)
    document.documentElement.requestFullscreen().catch(() => undefined);
  else document.exitFullscreen().catch(() => undefined);
}
