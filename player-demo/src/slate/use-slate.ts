import { useEffect, useRef, useState } from 'preact/hooks';
import { ServerClock } from '../../../client/src/net/clock.ts';
import { browserNet } from '../../../client/src/page/environment.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { request } from '../shared/http.ts';
import { startPoller } from '../shared/poller.ts';
import { readReader, type SlateNow, type SlateWords, wordsOf } from './state.ts';

const READER_EVERY_MS = 2_000;
const TIMEOUT_MS = 4_000;
const WORDS_EVERY_MS = 500;
/** Failures in a row after which nothing is known of the session any more. */
const LOST_AFTER = 3;

export interface Slate {
  /** To be asked for each display. */
  readonly now: () => SlateNow;
  readonly words: SlateWords;
}

const NOTHING: SlateNow = { clock: null, reader: null, isLost: false };

/** The server's clock, and what its reader expects to see. No token: all of it is in the picture anyway. */
export function useSlate(config: DemoConfig): Slate {
  const known = useRef<{ clock: ServerClock | null } & Omit<SlateNow, 'clock'>>({ ...NOTHING, clock: null });
  const now = useRef((): SlateNow => ({ ...known.current, clock: known.current.clock?.now() ?? null }));
  const [words, setWords] = useState<SlateWords>(() => wordsOf(NOTHING));

  useEffect(() => {
    const clock = new ServerClock(browserNet, {
      url: `${config.events}/api/v1`,
      way: 'gateway',
      // What is not known is on the screen, whatever the reason.
      onProblem: () => undefined,
      onKnown: () => undefined,
    });
    clock.start();
    known.current = { ...known.current, clock };
    const poller = startPoller({
      run: (signal) =>
        request({
          url: `${config.media}/api/v1/streams/${streamPath(config)}/latency/slate`,
          read: readReader,
          timeoutMs: TIMEOUT_MS,
          signal,
        }),
      everyMs: READER_EVERY_MS,
      onValue(reader) {
        known.current = { ...known.current, reader, isLost: false };
      },
      onFailure(_failure, attempt) {
        if (attempt >= LOST_AFTER) known.current = { ...known.current, isLost: true };
      },
    });
    const timer = setInterval(() => {
      const next = wordsOf(now.current());
      setWords((last) => (last.title === next.title && last.more === next.more ? last : next));
    }, WORDS_EVERY_MS);
    return () => {
      clearInterval(timer);
      poller.stop();
      clock.destroy();
      known.current = { ...NOTHING, clock: null };
    };
  }, [config]);

  return { now: now.current, words };
}
