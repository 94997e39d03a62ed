import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { FIRST_LINK, type LinkState } from '../players/link.ts';
import type { DemoConfig } from '../shared/config.ts';
import { type PreviewSession, startPreview } from './preview-session.ts';

export interface Preview {
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly link: LinkState;
  readonly session: () => PreviewSession | null;
}

export function usePreview(config: DemoConfig): Preview {
  const video = useRef<HTMLVideoElement>(null);
  const session = useRef<PreviewSession | null>(null);
  const [link, setLink] = useState<LinkState>(FIRST_LINK);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    element.muted = true;
    session.current = startPreview(config, element, setLink);
    return () => session.current?.stop();
  }, [config]);
  return { video, link, session: () => session.current };
}
