import type { ComponentChildren, RefObject } from 'preact';
import { useNow } from '../design/hooks.ts';
import { Icon } from '../design/icons.tsx';
import { Spinner } from '../design/parts.tsx';
import { type LinkState, linkWords } from './link.ts';
import './screen.css';

export interface ScreenProps {
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly link: LinkState;
  readonly muted: boolean;
  readonly label: string;
  readonly onPlay: () => void;
  readonly onMute: (muted: boolean) => void;
  readonly children?: ComponentChildren;
}

/** The picture, and what stands over it while there is none. */
export function Screen({ video, link, muted, label, onPlay, onMute, children }: ScreenProps) {
  const now = useNow(250, link.kind === 'waiting');
  const words = linkWords(link, now);
  return (
    <div class="screen">
      <video ref={video} muted playsInline aria-label={`Live picture by ${label}`} />
      {words !== null && link.kind !== 'blocked' && (
        <div class={`screen-over ${link.kind === 'stalled' ? 'screen-over-thin' : ''}`} role="status">
          {link.kind === 'connecting' || link.kind === 'stalled' ? (
            <Spinner />
          ) : (
            <Icon name="broken" size={28} />
          )}
          <strong>{words.title}</strong>
          <span class="soft">{words.text}</span>
        </div>
      )}
      {link.kind === 'blocked' && words !== null && (
        <button type="button" class="screen-over screen-start" onClick={onPlay}>
          <span class="screen-start-sign">
            <Icon name="play" size={28} />
          </span>
          <strong>{words.title}</strong>
          <span class="soft">{words.text}</span>
        </button>
      )}
      {link.kind === 'playing' && (
        <button
          type="button"
          class="screen-sound"
          aria-pressed={!muted}
          aria-label={muted ? `Sound of ${label} on` : `Sound of ${label} off`}
          onClick={() => onMute(!muted)}
        >
          <Icon name={muted ? 'mute' : 'sound'} size={20} />
        </button>
      )}
      {children}
    </div>
  );
}
