import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLatest } from '../design/hooks.ts';
import type { DemoConfig } from '../shared/config.ts';
import type { Interaction, Result } from '../shared/events-api.ts';
import type { ApiFailure } from '../shared/http.ts';
import type { DirectorApi } from './api.ts';
import type { Chime } from './chime.ts';
import type { Command } from './model/commands.ts';
import { type Air, airOf } from './model/headline.ts';
import { type ClockHealth, type LatencyReport, meantPts } from './model/health.ts';
import { type OnAir, onAir } from './model/on-air.ts';
import type { Spread } from './model/spread.ts';
import { FIRST_SHOW, type ShowState } from './model/state.ts';
import { standingOf } from './model/together.ts';
import { type Feed, useFeed } from './use-feeds.ts';
import { usePreview } from './use-preview.ts';
import { keptName, keptOffset } from './wire/kept.ts';
import type { ShowApi, StreamFacts } from './wire/show-api.ts';
import { type ShowRunner, startShow } from './wire/show-runner.ts';

/** Everything the console's views are made of. */
export interface Show {
  readonly state: ShowState;
  readonly self: string;
  /** Another console is in control: nothing but panic can be done here. */
  readonly standby: boolean;
  readonly air: Air;
  /** The newest question for the cues was not answered. */
  readonly failure: ApiFailure | null;
  readonly stream: Feed<StreamFacts>;
  readonly spread: Feed<Spread>;
  readonly latency: Feed<LatencyReport>;
  readonly clocks: { readonly media: Feed<ClockHealth>; readonly events: Feed<ClockHealth> };
  readonly interactions: Feed<readonly Interaction[]>;
  /** Of the round that was opened last. */
  readonly result: Feed<Result>;
  readonly rounds: readonly OnAir[];
  readonly preview: ReturnType<typeof usePreview>;
  readonly serverNow: () => number;
  /** The picture on screen, PTS. */
  readonly sample: () => number | null;
  readonly press: (command: Command, mediaTime: number | null) => void;
  readonly runner: ShowRunner | null;
  /** The person's press delay that is taken off, milliseconds. */
  readonly offsetMs: number | null;
  readonly setOffset: () => void;
}

const STREAM_MS = 1000;
const INTERACTIONS_MS = 2000;
const RESULT_MS = 1000;
const SLOW_MS = 5000;
const LATENCY_MS = 2500;

export function useShow(
  config: DemoConfig,
  api: DirectorApi,
  show: ShowApi,
  self: string,
  chime: Chime,
): Show {
  const address = useCallback(async (): Promise<string> => {
    const ticket = await show.preview();
    return ticket.ok ? ticket.value.url : config.flv;
  }, [config, show]);
  const preview = usePreview(config, address);
  const [{ state, polling }, setSeen] = useState({ state: FIRST_SHOW, polling: false });
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [offset, setOffset] = useState(() => keptOffset(localStorage));
  const runner = useRef<ShowRunner | null>(null);
  const said = useRef(0);

  useEffect(() => {
    const started = startShow({
      ...{ api: show, self, storage: sessionStorage, onFailure: setFailure },
      name: () => keptName(localStorage),
      onChange: (now, isPolling) => setSeen({ state: now, polling: isPolling }),
      onRefused: () => chime.failed(),
    });
    runner.current = started;
    return () => started.stop();
  }, [show, self, chime]);

  const { news } = state;
  useEffect(() => {
    if (news === null || news.seq === said.current) return;
    said.current = news.seq;
    if (news.kind === 'landed') chime.landed();
    else chime.failed();
  }, [news, chime]);

  const serverNow = useCallback(() => preview.session()?.serverNow() ?? Date.now(), [preview.session]);
  const sample = useCallback(() => preview.session()?.streamTime()?.pts ?? null, [preview.session]);
  const rounds = useMemo(() => onAir(state.cues ?? [], serverNow(), state.rundown), [state, serverNow]);
  const round = rounds[0]?.cue.interaction ?? null;
  const spread = useFeed(show.spread, SLOW_MS, show);
  const stream = useFeed(show.stream, STREAM_MS, show);

  const latest = useLatest({ rounds, hold99Ms: spread.value?.hold99Ms ?? null, offset });
  const press = useCallback(
    (command: Command, mediaTime: number | null) => {
      const { rounds: under, hold99Ms, offset: own } = latest.current;
      const meant = meantPts(mediaTime, own?.ms ?? null);
      runner.current?.press(command, { meant, onAir: under, hold99Ms });
    },
    [latest],
  );

  return {
    ...{ state, self, failure, stream, spread, rounds, preview, serverNow, sample, press },
    standby: standingOf(state.control, self) === 'standby',
    air: airOf({
      ...{ link: state.link, polling, rehearsal: state.rehearsal },
      health: stream.failure === null ? (stream.value?.health ?? null) : null,
    }),
    latency: useFeed(show.latency, LATENCY_MS, show),
    clocks: {
      media: useFeed((signal) => show.clockOf('media', signal), SLOW_MS, show),
      events: useFeed((signal) => show.clockOf('events', signal), SLOW_MS, show),
    },
    interactions: useFeed(api.interactions, INTERACTIONS_MS, api),
    result: useFeed(round === null ? null : (signal) => api.result(round, signal), RESULT_MS, round),
    runner: runner.current,
    offsetMs: offset?.ms ?? null,
    setOffset: () => setOffset(keptOffset(localStorage)),
  };
}
