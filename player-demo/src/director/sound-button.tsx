import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../design/icons.tsx';
import type { Chime } from './chime.ts';

/** Turns the chime on and off, and wakes it at the page's first touch. */
export function SoundButton({ chime }: { readonly chime: Chime }) {
  const [sound, setSound] = useState(chime.on());

  useEffect(() => {
    const wake = (): void => chime.wake();
    for (const type of ['pointerdown', 'keydown']) addEventListener(type, wake);
    return () => {
      for (const type of ['pointerdown', 'keydown']) removeEventListener(type, wake);
    };
  }, [chime]);

  return (
    <button
      type="button"
      class="button button-quiet"
      aria-pressed={sound}
      onClick={() => {
        chime.set(!sound);
        chime.wake();
        setSound(!sound);
      }}
    >
      <Icon name={sound ? 'sound' : 'mute'} /> {sound ? 'Sounds on' : 'Sounds off'}
    </button>
  );
}
