import { useEffect, useState } from 'preact/hooks';
import type { Interaction, Result } from '../shared/events-api.ts';
import type { ApiFailure, ApiOutcome } from '../shared/http.ts';
import type { Cue, StreamHealth } from '../shared/media-api.ts';
import { startPoller } from '../shared/poller.ts';
import type { DirectorApi } from './api.ts';

/** The newest answer of something that is asked again and again. */
export interface Feed<T> {
  readonly value: T | null;
  /** Null while the newest question was answered. */
  readonly failure: ApiFailure | null;
}

/** A director does not wait long to hear that all is well again. */
const MOST_MS = 2000;
const NOTHING = { value: null, failure: null };

/** @param key another one: what was known before is forgotten. */
export function useFeed<T>(
  run: ((signal: AbortSignal) => Promise<ApiOutcome<T>>) | null,
  everyMs: number,
  key: unknown,
  onValue?: (value: T) => void,
): Feed<T> {
  const [feed, setFeed] = useState<Feed<T>>(NOTHING);
  useEffect(() => {
    setFeed(NOTHING);
    if (run === null) return;
    const poller = startPoller({
      run,
      everyMs,
      mostMs: MOST_MS,
      onValue(value) {
        setFeed({ value, failure: null });
        onValue?.(value);
      },
      onFailure: (failure) => setFeed((before) => ({ ...before, failure })),
    });
    return poller.stop;
  }, [key, everyMs]);
  return feed;
}

export interface Feeds {
  readonly cues: Feed<readonly Cue[]>;
  readonly stream: Feed<StreamHealth>;
  readonly interactions: Feed<readonly Interaction[]>;
  readonly result: Feed<Result>;
}

const CUES_MS = 500;
const STREAM_MS = 1000;
const INTERACTIONS_MS = 2000;
const RESULT_MS = 1000;

/** @param onDeck the interaction whose result is wanted; null: none. */
export function useFeeds(
  api: DirectorApi,
  onDeck: string | null,
  onCues: (cues: readonly Cue[]) => void,
  onInteractions: (interactions: readonly Interaction[]) => void,
): Feeds {
  return {
    cues: useFeed(api.cues, CUES_MS, api, onCues),
    stream: useFeed(api.stream, STREAM_MS, api),
    interactions: useFeed(api.interactions, INTERACTIONS_MS, api, onInteractions),
    result: useFeed(
      onDeck === null ? null : (signal) => api.result(onDeck, signal),
      RESULT_MS,
      onDeck === null ? null : `${onDeck}`,
    ),
  };
}
