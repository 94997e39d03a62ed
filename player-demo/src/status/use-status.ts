import { useEffect, useState } from 'preact/hooks';
import { type ApiFailure, request } from '../shared/http.ts';
import { startPoller } from '../shared/poller.ts';
import { type History, remember } from './history.ts';
import { type MediaReport, readReport } from './report.ts';

export interface StatusFeed {
  /** The newest that was told; null before the first answer. */
  readonly report: MediaReport | null;
  readonly history: History;
  /** Null while the newest question was answered. */
  readonly failure: ApiFailure | null;
}

const NOTHING: StatusFeed = { report: null, history: new Map(), failure: null };
const EVERY_MS = 1000;
/** Few have this page open, and whoever has it waits for the server. */
const MOST_BACKOFF_MS = 2000;
/** A server that is well answers in milliseconds: silence for this long is told as a loss. */
const TIMEOUT_MS = 2500;

/** Asks the media process how it is, each second, for as long as the page is open. */
export function useStatus(
  media: string,
  token: string,
): { readonly feed: StatusFeed; readonly ask: () => void } {
  const [feed, setFeed] = useState(NOTHING);
  const [ask, setAsk] = useState<() => void>(() => () => undefined);
  useEffect(() => {
    setFeed(NOTHING);
    const poller = startPoller({
      run: (signal) =>
        request({ url: `${media}/api/v1/status`, token, read: readReport, timeoutMs: TIMEOUT_MS, signal }),
      everyMs: EVERY_MS,
      mostMs: MOST_BACKOFF_MS,
      onValue: (report) =>
        setFeed(({ history }) => ({
          report,
          history: remember(history, report, performance.now()),
          failure: null,
        })),
      onFailure: (failure) => setFeed((before) => ({ ...before, failure })),
    });
    setAsk(() => poller.poke);
    const onVisible = (): void => {
      if (document.visibilityState === 'visible') poller.poke();
    };
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      poller.stop();
    };
  }, [media, token]);
  return { feed, ask };
}
