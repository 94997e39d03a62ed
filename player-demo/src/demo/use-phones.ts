import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import { FIRST_LINK, type LinkState } from '../players/link.ts';
import type { PlayPath } from '../players/player.ts';
import type { PhoneWatch } from '../viewer/phone.tsx';
import type { Session } from '../viewer/session.ts';
import type { Reached } from './opening.ts';
import { snapshotOf } from './snapshot.ts';

type Links = { readonly [path in PlayPath]: LinkState };

/** What the page knows of its three players. */
export interface Phones {
  readonly watch: PhoneWatch;
  /** Newest first. */
  readonly reached: readonly Reached[];
  readonly links: Links;
  readonly session: (path: PlayPath) => Session | null;
  /** Unix milliseconds, told by the player that the director looks at. */
  readonly serverNow: () => number;
}

const KEPT = 24;

export function usePhones(): Phones {
  const sessions = useRef<{ [path in PlayPath]?: Session | null }>({});
  const [links, setLinks] = useState<Links>({ flv: FIRST_LINK, ws: FIRST_LINK, hls: FIRST_LINK });
  const [reached, setReached] = useState<readonly Reached[]>([]);
  const session = useCallback((path: PlayPath) => sessions.current[path] ?? null, []);
  const serverNow = useCallback(() => session('flv')?.serverNow() ?? Date.now(), [session]);
  const watch = useMemo<PhoneWatch>(() => {
    const keep = (one: Reached): void => setReached((before) => [one, ...before].slice(0, KEPT));
    return {
      onSession(path, started) {
        sessions.current[path] = started;
      },
      onLink: (path, link) => setLinks((before) => ({ ...before, [path]: link })),
      onEvent(path, event, video) {
        if (event.kind === 'cue' && event.cue.type === 'interaction.open') {
          const { cue } = event;
          const snapshot = cue.shownPts === null ? null : snapshotOf(video);
          const openedAt = serverNow() - (performance.now() - cue.presentedAt);
          keep({ kind: 'opened', path, cue, openedAt, snapshot });
        }
        if (event.kind === 'outcome' && event.outcome.type === 'interaction.open') {
          const { outcome } = event;
          if (outcome.outcome === 'missed' || outcome.outcome === 'closed')
            keep({ kind: 'never', path, outcome });
        }
      },
    };
  }, [serverNow]);
  return { watch, reached, links, session, serverNow };
}
