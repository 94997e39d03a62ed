import type { Link } from '../director/model/link.ts';
import { startChannel } from '../director/wire/channel.ts';
import { type DemoConfig, streamPath } from '../shared/config.ts';
import { failureWords } from '../shared/failure-words.ts';
import { request } from '../shared/http.ts';
import { isObject, numberOf } from '../shared/json.ts';
import { readTold, type Told, type View } from './told.ts';
import type { TouchEvent } from './touch.ts';

export interface RemoteOptions {
  readonly config: DemoConfig;
  readonly ticket: string;
  /** This screen's id and what people call it. */
  readonly screen: string;
  readonly name: string;
  readonly auto: boolean;
  /** What it says that it is when the server does not know it. */
  readonly role: () => 'show' | 'standby';
  readonly onTold: (told: Told, fresh: boolean) => void;
  readonly onLink: (link: Link) => void;
  readonly onTouch: (event: TouchEvent) => void;
  readonly onRefused: (text: string) => void;
}

export interface Remote {
  readonly takeOver: () => void;
  readonly show: (view: View) => void;
  readonly touch: (leave: string) => void;
  readonly stop: () => void;
}

const KEEP_MS = 2_000;
const TIMEOUT_MS = 4_000;
const TOUCH_TIMEOUT_MS = 6_000;

/** A screen's line to the director: it follows what to show, says that it is there, and takes by touch. */
export function startRemote(options: RemoteOptions): Remote {
  const { config, ticket, screen, name, auto, onTold, onTouch, onRefused } = options;
  const base = `${config.media}/api/v1/streams/${streamPath(config)}/stage`;
  const end = new AbortController();
  let fresh = true;
  let heard: Link = { kind: 'connecting' };
  /** What this screen says does not arrive: a touch would not either, whatever is still heard. */
  let isMute = false;
  let newest = 0;

  const take = (value: unknown, isFresh: boolean): Told | null => {
    const told = readTold(value);
    // Answers and events come by two ways: an older one says nothing new.
    if (told === null || end.signal.aborted || (!isFresh && told.at < newest)) return told;
    newest = told.at;
    onTold(told, isFresh);
    return told;
  };

  const tell = (): void => {
    const mute: Link = { kind: 'lost', since: performance.now(), attempt: 1 };
    options.onLink(heard.kind === 'live' && isMute ? mute : heard);
  };
  const setMute = (mute: boolean): void => {
    if (mute === isMute || end.signal.aborted) return;
    isMute = mute;
    tell();
  };

  const send = (method: 'POST' | 'PUT', path: string, body: object) =>
    request({
      ...{ url: `${base}${path}`, method, token: ticket, body, timeoutMs: TIMEOUT_MS, signal: end.signal },
      read: (value) => (isObject(value) ? value : null),
    });

  const say = async (what: 'show' | 'standby' | 'keep' | 'take-over'): Promise<boolean> => {
    const outcome = await send('POST', '', {
      screen,
      name,
      do: what,
      ...(what === 'standby' ? { auto } : {}),
    });
    setMute(!outcome.ok && (outcome.failure.kind === 'unreachable' || outcome.failure.kind === 'timeout'));
    if (outcome.ok) take(outcome.value, false);
    else if (what === 'keep' && outcome.failure.kind === 'refused' && outcome.failure.status === 404) {
      return say(options.role());
    }
    return outcome.ok;
  };

  const channel = startChannel({
    ...{ url: `${base}/events?screen=${encodeURIComponent(screen)}`, token: ticket, first: 'stage' },
    onEvent(event, payload) {
      if (event !== 'stage') return;
      take(payload, fresh);
      fresh = false;
    },
    onLink(link) {
      if (link.kind !== 'live') fresh = true;
      heard = link;
      tell();
    },
  });
  void say(options.role());
  const keep = (): void => void say('keep');
  const onOffline = (): void => setMute(true);
  const timer = setInterval(keep, KEEP_MS);
  addEventListener('online', keep);
  addEventListener('offline', onOffline);

  return {
    takeOver: async () => {
      if (!(await say('take-over'))) onRefused('Not taken over: the server does not answer.');
    },
    show: async (view) => {
      const outcome = await send('PUT', '/show', { view });
      if (outcome.ok) take(outcome.value, false);
      else onRefused(`Not switched: ${failureWords(outcome.failure).text}`);
    },
    // Once, whatever comes of it: `request` never sends again.
    touch: async (leave) => {
      const outcome = await request({
        ...{ url: `${base}/take`, method: 'POST', token: ticket, body: { screen, leave } },
        ...{ timeoutMs: TOUCH_TIMEOUT_MS, signal: end.signal },
        read: (value) => (isObject(value) ? value : null),
      });
      if (outcome.ok || end.signal.aborted) return;
      const { failure } = outcome;
      const refused = failure.kind === 'refused' && failure.status < 500;
      if (refused) onTouch({ kind: 'refused', leave, text: failureWords(failure).text });
      else {
        onTouch({ kind: 'no-answer', leave });
        const after = await request({
          ...{ url: base, token: ticket, timeoutMs: TIMEOUT_MS, signal: end.signal },
          read: (value) => (isObject(value) && numberOf(value.at) !== null ? value : null),
        });
        // Asked after the answer failed to come: what it says of this touch holds.
        if (after.ok) take(after.value, true);
      }
    },
    stop() {
      end.abort();
      clearInterval(timer);
      removeEventListener('online', keep);
      removeEventListener('offline', onOffline);
      channel.stop();
    },
  };
}
