import { useCallback, useEffect, useState } from 'preact/hooks';
import { type ApiFailure, type ApiOutcome, request } from '../shared/http.ts';
import { randomName } from '../shared/ids.ts';
import { startPoller } from '../shared/poller.ts';
import { remember, type Sample, sampleOf } from './history.ts';
import {
  type DeadLetter,
  type Deed,
  type Outbox,
  readDead,
  readOutbox,
  readPeople,
  readTreasury,
  type Treasury,
} from './report.ts';

export interface Prizes {
  readonly treasury: Treasury;
  /** Null: this part was not told. */
  readonly outbox: Outbox | null;
  readonly dead: readonly DeadLetter[] | null;
  readonly people: readonly Deed[] | null;
}

export interface PrizesFeed {
  /** The newest that was told; null before the first answer. */
  readonly prizes: Prizes | null;
  readonly history: readonly Sample[];
  /** Null while the newest question was answered. */
  readonly failure: ApiFailure | null;
}

const NOTHING: PrizesFeed = { prizes: null, history: [], failure: null };
const EVERY_MS = 2000;
const MOST_BACKOFF_MS = 4000;
/** A server that is well answers in milliseconds: silence for this long is told as a loss. */
const TIMEOUT_MS = 3000;
const DEAD_SHOWN = 50;
const PEOPLE_SHOWN = 50;

/** Asks the events process how the prizes stand, every two seconds, for as long as the page is open. */
export function usePrizes(
  events: string,
  token: string,
): { readonly feed: PrizesFeed; readonly ask: () => void } {
  const [feed, setFeed] = useState(NOTHING);
  const [ask, setAsk] = useState<() => void>(() => () => undefined);
  useEffect(() => {
    setFeed(NOTHING);
    const poller = startPoller({
      run: (signal) => askAll(events, token, signal),
      everyMs: EVERY_MS,
      mostMs: MOST_BACKOFF_MS,
      onValue: (prizes) =>
        setFeed(({ history }) => ({
          prizes,
          history: remember(history, sampleOf(prizes.treasury, prizes.outbox)),
          failure: null,
        })),
      onFailure: (failure) => setFeed((before) => ({ ...before, failure })),
    });
    setAsk(() => poller.poke);
    const onVisible = (): void => {
      if (document.visibilityState === 'visible') poller.poke();
    };
    // The browser knows of a pulled cable at once; the server's silence takes longer.
    const onOffline = (): void => setFeed((before) => ({ ...before, failure: { kind: 'unreachable' } }));
    document.addEventListener('visibilitychange', onVisible);
    globalThis.addEventListener('offline', onOffline);
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      globalThis.removeEventListener('offline', onOffline);
      poller.stop();
    };
  }, [events, token]);
  return { feed, ask };
}

/** The treasury decides whether there is a connection; a part that is not told is left out. */
async function askAll(events: string, token: string, signal: AbortSignal): Promise<ApiOutcome<Prizes>> {
  const of = <T>(path: string, read: (value: unknown) => T | null): Promise<ApiOutcome<T>> =>
    request({ url: `${events}/api/v1/${path}`, token, read, timeoutMs: TIMEOUT_MS, signal });
  const [treasury, outbox, dead, people] = await Promise.all([
    of('treasury', readTreasury),
    of('outbox/status', readOutbox),
    of(`outbox?state=dead&limit=${DEAD_SHOWN}`, readDead),
    of(`people?limit=${PEOPLE_SHOWN}`, readPeople),
  ]);
  if (!treasury.ok) return treasury;
  const orNull = <T>(outcome: ApiOutcome<T>): T | null => (outcome.ok ? outcome.value : null);
  const value = {
    ...{ treasury: treasury.value, outbox: orNull(outbox), dead: orNull(dead), people: orNull(people) },
  };
  return { ok: true, value, status: treasury.status };
}

/** `path` behind `/api/v1/`. */
export type Press = (path: string, body?: object) => Promise<ApiOutcome<true>>;

/** One press. Sent once; the same press never twice. */
export function usePress(events: string, token: string): Press {
  return useCallback(
    (path, body = {}) =>
      request({
        ...{ url: `${events}/api/v1/${path}`, method: 'POST', token, body },
        idempotencyKey: randomName('press-'),
        read: () => true as const,
      }),
    [events, token],
  );
}
