import { Counter, Gauge, type Registry } from 'prom-client';
import type { ConsoleObserver } from '../../director/console/console-hub.ts';
import type { StreamBrief } from '../../director/console/shapes.ts';
import type { RtmpIngest } from '../../ingest/rtmp-server.ts';
import type { Clock } from '../../packet/clock.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';
import type { StreamRegistry } from './stream-registry.ts';

export interface BriefSources {
  readonly streams: StreamRegistry;
  readonly ingest: () => RtmpIngest | null;
  readonly clock: Clock;
}

/** Landings ask for it within a frame: what was looked up just now is good enough. */
const FRESH_US = 250_000;
const KEPT = 100;

/** A stream's health in short, as consoles show it once a second. */
export function createBriefs(sources: BriefSources): (stream: string) => StreamBrief {
  const { clock } = sources;
  const kept = new Map<string, { readonly atUs: number; readonly brief: StreamBrief }>();
  return (stream) => {
    const nowUs = clock.monotonicUs();
    const found = kept.get(stream);
    if (found !== undefined && nowUs - found.atUs < FRESH_US) return found.brief;
    const brief = briefOf(stream, sources);
    kept.delete(stream);
    kept.set(stream, { atUs: nowUs, brief });
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return brief;
  };
}

function briefOf(key: string, { streams, ingest, clock }: BriefSources): StreamBrief {
  const [app, name] = key.split('/') as [string, string];
  const stream: StreamName = { app, name };
  const live = streams.find(stream);
  const injector = live?.injector ?? null;
  const publisher = ingest()
    ?.publishers()
    .find((one) => streamKeyOf(one.stream) === key);
  const protocols = live?.hub.stats().protocols;
  const video = publisher?.health.video;
  return {
    at: clock.unixMs(),
    live: live?.isLive ?? false,
    epoch: injector?.epoch ?? null,
    frame: injector?.frame ?? 0,
    pts: injector?.nextPts ?? null,
    frameRate: video?.declaredFrameRate ?? video?.frameRate ?? null,
    stamping: live?.stampingOn ?? true,
    viewers:
      protocols === undefined ? 0 : protocols.flv.viewers + protocols.ws.viewers + protocols.hls.viewers,
    publisher:
      publisher === undefined ? null : { remote: publisher.remote, encoder: publisher.encoder ?? null },
    problems: publisher?.health.problems.map(({ code }) => code) ?? [],
    programmeDelayMs: streams.delayOf(stream)?.setMs ?? null,
  };
}

export function consoleMetrics(registry: Registry): ConsoleObserver {
  const registers = [registry];
  const consoles = new Gauge({ name: 'framecue_consoles', help: 'Consoles that are connected.', registers });
  const cut = new Counter({
    ...{ name: 'framecue_console_cut_total', help: 'Consoles that did not read and were cut.', registers },
  });
  return { consoles: (count) => consoles.set(count), consoleCut: () => cut.inc() };
}
