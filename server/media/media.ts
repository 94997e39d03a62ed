import type { RequestHandler } from 'express';
import { createDelivery } from '../../delivery/delivery.ts';
import { type Director, openDirector } from '../../director/director.ts';
import { keySetOf } from '../../director/keys-route.ts';
import { isRundownUpload } from '../../director/rundown/routes.ts';
import { warmUpCues } from '../../director/warm-up.ts';
import type { RtmpIngest } from '../../ingest/rtmp-server.ts';
import { systemClock } from '../../packet/clock.ts';
import { type StreamName, streamKeyOf } from '../../packet/packet.ts';
import { clockHealthRoute } from '../../service/clock-health/routes.ts';
import { createCors } from '../../service/cors.ts';
import { lockFolder } from '../../service/folder-lock.ts';
import { createHealth } from '../../service/health.ts';
import { createHttpApp } from '../../service/http-app.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { listen } from '../../service/listen.ts';
import { createMetricsRegistry, metricsRoute } from '../../service/metrics.ts';
import { apiDocs } from '../../service/openapi/docs-page.ts';
import { SETTINGS } from '../../service/settings.ts';
import { tlsFilesOf } from '../../service/tls.ts';
import { createTokenRegistry, tokenHoldersOf } from '../../service/tokens.ts';
import { openClockHealth } from '../clock-setup.ts';
import { playUrlsOf, servePages } from '../pages.ts';
import type { ProcessContext, Running } from '../process.ts';
import { eventsUrlOf, httpBase, mainStreamOf, mediaUrlOf } from '../urls.ts';
import { MEDIA_API, mediaOperations } from './api.ts';
import { type Audit, newAuditSecret } from './audit.ts';
import { auditRoutes } from './audit-routes.ts';
import { openAudit } from './audit-setup.ts';
import { ClockLocked } from './clock-locked.ts';
import { consoleMetrics, createBriefs } from './console-setup.ts';
import { gateTo } from './gate.ts';
import { openIngest } from './ingest-setup.ts';
import { interactionLookup } from './interaction-lookup.ts';
import { latencyMetrics } from './latency-metrics.ts';
import { createMediaMetrics, type MediaMetrics } from './metrics.ts';
import { openingLookup } from './opening-lookup.ts';
import { Preview } from './preview-setup.ts';
import { declaredLatencyOf } from './production-latency.ts';
import type { Recorder } from './recorder.ts';
import { recorderRoutes } from './recorder-routes.ts';
import { openRecorder } from './recorder-setup.ts';
import { revealLookup } from './reveal-lookup.ts';
import type { LatencyBook } from './slate/latency-book.ts';
import { latencyRoutes } from './slate/latency-routes.ts';
import { openLatencies } from './slate-setup.ts';
import { StampKeeper } from './stamp-keeper.ts';
import { statusRoutes } from './status.ts';
import { StreamRegistry } from './stream-registry.ts';
import { deliverySettingsOf, injectorSettingsOf } from './stream-settings.ts';
import { traceRoutes } from './trace-routes.ts';
import { loadUpstreamKeys } from './upstream-keys.ts';

/** Streams that are remembered for each that may be on air: for viewers who wait for a publisher's return. */
const REMEMBERED_FACTOR = 4;

/** The media process: RTMP in, cues into the frames, FLV and HLS out; one in a data folder. */
export async function startMedia(context: ProcessContext): Promise<Running> {
  const lock = lockFolder(context.settings.dataDir, 'media');
  try {
    const running = await startInFolder(context);
    return { ...running, close: () => running.close().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startInFolder({ settings, secrets, log }: ProcessContext): Promise<Running> {
  const clock = systemClock;
  const tokens = createTokenRegistry(tokenHoldersOf(secrets));
  const registry = createMetricsRegistry('media');
  const cors = createCors(settings.corsOrigins);
  const tls = tlsFilesOf(settings);
  const health = createHealth();
  let ingest: RtmpIngest | null = null;
  let director: Director | null = null;
  let recorder: Recorder | null = null;
  let audit: Audit | null = null;
  let latencies: LatencyBook | null = null;
  const auditSecret = newAuditSecret();
  const clockHealth = openClockHealth({ settings, log, registry });
  const clockLocked = new ClockLocked(clockHealth, () => streams);
  const stamps = new StampKeeper();
  let eventsPort = settings.eventsPort;
  let ownPort = settings.mediaPort;

  const injector = injectorSettingsOf(settings);
  const upstream = loadUpstreamKeys(settings.upstreamKeyFiles);
  const metrics: { current: MediaMetrics | null } = { current: null };
  const streams = new StreamRegistry({
    clock,
    injector,
    upstream,
    delivery: deliverySettingsOf(settings),
    programmeDelay: { delayMs: settings.programmeDelayMs, maxBytes: settings.programmeDelayBytes },
    productionLatency: declaredLatencyOf(settings),
    observer: {
      viewerJoined: (...args) => metrics.current?.delivery.viewerJoined?.(...args),
      viewerLeft: (...args) => metrics.current?.delivery.viewerLeft?.(...args),
      hlsFailed: (stream, error, failures) =>
        log.error(
          { err: error, stream: streamKeyOf(stream), failures },
          'HLS failed; it begins anew with a keyframe',
        ),
      viewerSkipped: (stream, protocol, framesDropped) =>
        log.info(
          { stream: streamKeyOf(stream), protocol, framesDropped },
          'a viewer fell behind and skipped',
        ),
    },
    awayMs: settings.publishAwayMs,
    maxStreams: settings.maxPublishers * REMEMBERED_FACTOR,
    onStampEvent(stream, event) {
      director?.book.onStampEvent(event);
      audit?.onStampEvent(stream, event);
    },
    onEpoch(stream, epoch, reason) {
      log.info({ stream: streamKeyOf(stream), epoch, reason }, 'an epoch begins');
      director?.book.streamBegan(streamKeyOf(stream));
      audit?.streamBegan();
    },
    onFault: onceASecond((error, times) =>
      log.error({ err: error, times }, 'something failed beside a frame, which has passed all the same'),
    ),
    onPublish: (live) => {
      clockLocked.publishBegins(live.stream);
      recorder?.publishBegins(live);
      latencies?.publishBegins(streamKeyOf(live.stream));
      live.onStamped = stamps.note;
    },
    onAway: (stream) => recorder?.streamEnded(stream),
  });
  clockLocked.start();
  metrics.current = createMediaMetrics(registry, streams, () => ingest);

  director = await openDirector({
    settings,
    secrets,
    tokens,
    gate: gateTo(streams),
    clock,
    log,
    upstreamKeys: upstream?.keys ?? [],
    observer: metrics.current.director,
    consoleObserver: consoleMetrics(registry),
    briefOf: createBriefs({ streams, ingest: () => ingest, clock }),
    lookUpInteraction: interactionLookup(() => eventsUrlOf(settings, eventsPort)),
    lookUpOpening: openingLookup(() => eventsUrlOf(settings, eventsPort), log),
    lookUpReveal: revealLookup(() => eventsUrlOf(settings, eventsPort), secrets.tokens.feed),
  });
  health.add('cue-log', director.check);
  const shows = openRecorder({
    ...{ settings, clock, log, streams, injector },
    signingKeys: director.signingKeys,
    upstreamKeys: upstream?.keys ?? [],
  });
  recorder = shows.recorder;
  metrics.current.watchRecorder(shows.recorder, shows.store);
  const preview = new Preview({ settings, streams, clock, mediaUrl: () => mediaUrlOf(settings, ownPort) });
  const opened = openLatencies({
    ...{ dataDir: settings.dataDir, clock, log, streams },
    declared: declaredLatencyOf(settings),
    onChange: (stream, status) => director?.console.publish(stream, 'latency', status),
  });
  latencies = opened;
  latencyMetrics(registry, streams, opened);
  const delivery = createDelivery({
    findHub: (stream) => streams.findHub(stream),
    log,
    limits: { viewers: settings.viewerLimit },
    stallMs: settings.viewerStallMs,
    cors,
    preview: preview.door,
    auditSecret,
  });

  const app = createHttpApp({
    log,
    cors,
    settings,
    readsOwnBody: isRundownUpload,
    routes(app) {
      app.get('/metrics', metricsRoute(registry));
      health.routes(app);
      apiDocs(app, MEDIA_API, mediaOperations());
      app.post(
        '/api/v1/streams/:app/:name/cues',
        timed((seconds) => metrics.current?.cueAnswered(seconds)),
      );
      director?.routes(app);
      traceRoutes(app, tokens, { director: () => director, stamps });
      latencyRoutes(app, tokens, {
        ...{ book: opened, allowed: settings.streams },
        onAction: ({ stream, by, console, what }) =>
          director?.console.asRun.add(stream, { what: 'latency', by, console, reason: what }),
      });
      recorderRoutes(app, tokens, { ...shows, allowed: settings.streams });
      auditRoutes(app, tokens, { audit: () => audit, allowed: settings.streams });
      statusRoutes(app, tokens, {
        streams,
        ingest: () => ingest,
        audit: () => audit,
        clock: () => clockHealth.status(),
        nowMs: () => clock.unixMs(),
      });
      clockHealthRoute(app, tokens, clockHealth);
      preview.routes(app, tokens);
      servePages(app, () => {
        const stream = mainStreamOf(settings);
        const media = mediaUrlOf(settings, ownPort);
        return { media, events: eventsUrlOf(settings, eventsPort), stream, ...playUrlsOf(media, stream) };
      });
    },
  });
  await warmUpCues({ limits: settings, signingKey: director.signingKeys[0]!, clock, log });
  const server = createHttpServer({
    hot: [delivery.handleRequest],
    upgrade: delivery.handleUpgrade,
    app,
    log,
    tls,
  });

  const closeAll = async (): Promise<void> => {
    health.markStopping();
    clockHealth.stop();
    // Publishers first: what they sent is stamped and delivered before the log is closed.
    await ingest?.close();
    streams.close();
    await recorder?.close();
    await latencies?.close();
    await audit?.close();
    // Followers of the feed stay connected for ever: they would hold up the rest until the grace is over.
    director?.feed.close();
    director?.console.endChannel();
    await listening?.close(settings.stopGraceMs);
    delivery.close();
    await director?.close();
  };
  let listening: Awaited<ReturnType<typeof listen>> | null = null;
  try {
    listening = await listen(server, {
      host: settings.host,
      port: settings.mediaPort,
      settingName: SETTINGS.mediaPort.name,
    });
    ownPort = listening.port;
    audit = openAudit({
      ...{ settings, director, streams, clock, log, registry, secret: auditSecret },
      keys: keySetOf(director.signingKeys),
      ownBase: httpBase(settings, ownPort),
    });
    ingest = await openIngest(settings, tokens, tls, streams, log);
  } catch (error) {
    await closeAll();
    throw error;
  }
  health.markReady();
  return {
    ports: { http: listening.port, rtmp: ingest.port },
    setSister: (port) => {
      eventsPort = port;
    },
    close: closeAll,
  };
}

/** Seconds until the answer is out. */
const timed =
  (done: (seconds: number) => void): RequestHandler =>
  (_req, res, next) => {
    const startedAt = performance.now();
    res.once('finish', () => done((performance.now() - startedAt) / 1000));
    next();
  };

/** A fault may come with every frame: told once a second, with how often it has come. */
function onceASecond(tell: (error: unknown, times: number) => void) {
  let times = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (_stream: StreamName, error: unknown): void => {
    times++;
    if (performance.now() - toldAt < 1000) return;
    toldAt = performance.now();
    tell(error, times);
    times = 0;
  };
}
