import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { ServerClock } from '../../../client/src/net/clock.ts';
import { browserNet } from '../../../client/src/page/environment.ts';
import { useLatest } from '../design/hooks.ts';
import { createChime } from '../director/chime.ts';
import type { Link } from '../director/model/link.ts';
import { takeConsoleId } from '../director/wire/console-id.ts';
import type { DemoConfig } from '../shared/config.ts';
import { type Remote, startRemote } from './remote.ts';
import { type Asked, keepRole, keptRole } from './screen-id.ts';
import type { Told, View } from './told.ts';
import { IDLE, maySend, nextTouch, type Touch } from './touch.ts';

export interface StageLine {
  /** Null: this screen has no ticket, and follows nobody. */
  readonly link: Link | null;
  /** As it was told last; null: nothing yet. */
  readonly told: Told | null;
  /** By this machine's clock. */
  readonly toldAt: number | null;
  readonly screen: string | null;
  readonly isShown: boolean;
  readonly touch: Touch;
  /** What a key of this screen came to that did nothing. */
  readonly refusal: string | null;
  readonly now: () => { readonly unixMs: number; readonly errorMs: number } | null;
  readonly send: (leave: string) => void;
  readonly show: (view: View) => void;
  readonly takeOver: () => void;
  /** From a finger or a key: browsers let sound begin only then. */
  readonly wake: () => void;
}

const REFUSAL_MS = 5_000;
const LANDED: ReadonlySet<string> = new Set(['landed', 'ended']);
const LOST: ReadonlySet<string> = new Set(['missed', 'uncertain', 'cancelled', 'voided']);

/** This screen's line to the director, where it has a ticket. */
export function useRemote(config: DemoConfig, asked: Asked): StageLine {
  const { ticket } = asked;
  const [screen, setScreen] = useState<string | null>(null);
  const [link, setLink] = useState<Link>({ kind: 'connecting' });
  const [told, setTold] = useState<Told | null>(null);
  const [toldAt, setToldAt] = useState<number | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [touch, dispatch] = useReducer(nextTouch, IDLE);
  const latest = useLatest({ touch, told, screen });
  const remote = useRef<Remote | null>(null);
  const clock = useRef<ServerClock | null>(null);
  const chime = useRef(createChime(localStorage));

  useEffect(() => {
    if (ticket === null) return;
    const own = (key: string): string => `${key}.stage`;
    void takeConsoleId({
      getItem: (key) => sessionStorage.getItem(own(key)),
      setItem: (key, value) => sessionStorage.setItem(own(key), value),
      removeItem: (key) => sessionStorage.removeItem(own(key)),
    }).then(setScreen);
  }, [ticket]);

  useEffect(() => {
    if (ticket === null) return;
    const started = new ServerClock(browserNet, {
      ...{ url: `${config.events}/api/v1`, way: 'gateway' },
      // What is not known is on the screen, whatever the reason.
      ...{ onProblem: () => undefined, onKnown: () => undefined },
    });
    started.start();
    clock.current = started;
    return () => {
      started.destroy();
      clock.current = null;
    };
  }, [config, ticket]);

  useEffect(() => {
    if (ticket === null || screen === null) return;
    const { auto } = asked;
    const started = startRemote({
      ...{ config, ticket, screen, name: asked.name ?? `Screen ${screen.slice(-4)}`, auto },
      role: () => keptRole(sessionStorage) ?? asked.role,
      onTold(next, fresh) {
        setTold(next);
        setToldAt(Date.now());
        dispatch({ kind: 'told', told: next, fresh });
        const isKnown = next.screens.some((one) => one.screen === screen);
        if (isKnown) keepRole(sessionStorage, next.shown === screen ? 'show' : 'standby');
      },
      onLink: (now) => setLink((before) => (before.kind === 'lost' && now.kind === 'lost' ? before : now)),
      onTouch: dispatch,
      onRefused: setRefusal,
    });
    remote.current = started;
    return () => {
      started.stop();
      remote.current = null;
    };
  }, [config, ticket, screen, asked]);

  useEffect(() => {
    if (refusal === null) return;
    const timer = setTimeout(() => setRefusal(null), REFUSAL_MS);
    return () => clearTimeout(timer);
  }, [refusal]);

  const taken = told?.taken ?? null;
  const outcome = taken === null || taken.screen !== screen ? null : `${taken.leave} ${taken.state}`;
  const heard = useRef<string | null | undefined>(undefined);
  useEffect(() => {
    if (told === null) return;
    const before = heard.current;
    heard.current = outcome;
    // What had happened before this page was loaded makes no sound.
    if (before === undefined || before === outcome || taken === null) return;
    if (LANDED.has(taken.state)) chime.current.landed();
    else if (LOST.has(taken.state)) chime.current.failed();
  }, [told, outcome, taken]);
  useEffect(() => {
    if (touch.kind === 'refused') chime.current.failed();
  }, [touch]);

  return {
    link: ticket === null ? null : link,
    ...{ told, toldAt, screen, touch, refusal },
    isShown: told !== null && screen !== null && told.shown === screen,
    now: () => {
      const known = clock.current?.now() ?? null;
      return known === null ? null : { unixMs: known.unixUs / 1000, errorMs: known.errorUs / 1000 };
    },
    send(leave) {
      const { touch: before } = latest.current;
      if (!maySend(before, leave)) return;
      latest.current.touch = { kind: 'sent', leave };
      dispatch({ kind: 'touched', leave });
      remote.current?.touch(leave);
    },
    show: (view) => remote.current?.show(view),
    takeOver: () => remote.current?.takeOver(),
    wake: () => chime.current.wake(),
  };
}
