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

/** @param address where the picture is to be had; the undelayed play URL when absent. */
export function usePreview(config: DemoConfig, address?: () => Promise<string>): Preview {
  const video = useRef<HTMLVideoElement>(null);
  const session = useRef<PreviewSession | null>(null);
  const [link, setLink] = useState<LinkState>(FIRST_LINK);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    element.muted = true;
    session.current = startPreview(config, element, setLink, address);
    return () => session.current?.stop();
  }, [config, address]);
  return { video, link, session: () => session.current };
}
