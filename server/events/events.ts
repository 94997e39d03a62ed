import { join } from 'node:path';
import { drawsMetrics } from '../../events/draws/metrics.ts';
import { createEvents } from '../../events/events.ts';
import { gatewayMetrics } from '../../events/gateway/gateway-metrics.ts';
import type { JwtSource } from '../../events/http/viewer-jwt.ts';
import { LEDGER_FILE, LEDGER_LOCK } from '../../events/ledger/place.ts';
import { eventsMetrics } from '../../events/metrics.ts';
import { outboxMetrics } from '../../events/outbox/metrics.ts';
import { saleMetrics } from '../../events/sale/metrics.ts';
import { treasuryMetrics } from '../../events/treasury/metrics.ts';
import { clockHealthRoute } from '../../service/clock-health/routes.ts';
import { createCors } from '../../service/cors.ts';
import { lockFolder } from '../../service/folder-lock.ts';
import { createHealth } from '../../service/health.ts';
import { createHttpApp } from '../../service/http-app.ts';
import { createHttpServer } from '../../service/http-server.ts';
import { listen } from '../../service/listen.ts';
import { createMetricsRegistry, metricsRoute } from '../../service/metrics.ts';
import { apiDocs } from '../../service/openapi/docs-page.ts';
import type { Secrets } from '../../service/secrets.ts';
import { SETTINGS, type Settings } from '../../service/settings.ts';
import { tlsFilesOf } from '../../service/tls.ts';
import { createTokenRegistry, tokenHoldersOf } from '../../service/tokens.ts';
import { openClockHealth } from '../clock-setup.ts';
import { playUrlsOf, servePages } from '../pages.ts';
import type { ProcessContext, Running } from '../process.ts';
import { eventsUrlOf, mainStreamOf, mediaUrlOf } from '../urls.ts';
import { EVENTS_API, eventsOperations } from './api.ts';

/** The events process: interactions, answers, clock, and the viewers' pages; one in a data folder. */
export async function startEvents(context: ProcessContext): Promise<Running> {
  const lock = lockFolder(context.settings.dataDir, LEDGER_LOCK);
  try {
    const running = await startInFolder(context);
    return { ...running, close: () => running.close().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startInFolder({ settings, secrets, log }: ProcessContext): Promise<Running> {
  const registry = createMetricsRegistry('events');
  const tokens = createTokenRegistry(tokenHoldersOf(secrets));
  const cors = createCors(settings.corsOrigins);
  const tls = tlsFilesOf(settings);
  const health = createHealth();
  const clockHealth = openClockHealth({ settings, log, registry });
  // Started alone, media is where the settings say; the starter of both tells the port in use.
  let mediaPort = settings.mediaPort;
  let ownPort = settings.eventsPort;

  const events = await createEvents({
    ledgerPath: join(settings.dataDir, LEDGER_FILE),
    mediaUrl: settings.feedUrl ?? mediaUrlOf({ ...settings, mediaUrl: null }, mediaPort),
    feedToken: secrets.tokens.feed,
    tokens,
    sessionKey: secrets.sessionKey,
    prizeKey: secrets.prizeKey,
    sessionTtlMs: settings.sessionTtlMs,
    jwt: {
      source: jwtSourceOf(settings, secrets),
      audience: settings.viewerJwtAudience,
      issuer: settings.viewerJwtIssuer,
    },
    demo: settings.demo,
    viewerSpreadMs: settings.viewerSpreadCapMs,
    delayReportsPerSecond: settings.delayReportsPerSecond,
    storeQueue: settings.storeQueue,
    storeTimeoutMs: settings.storeTimeoutMs,
    gatewayLimit: settings.gatewayLimit,
    rewards: {
      url: settings.rewardsUrl,
      secrets: secrets.rewardsSecrets,
      timeoutMs: settings.rewardsTimeoutMs,
      signedAnswers: settings.rewardsSignedAnswers,
      giveUpMs: settings.rewardsGiveUpH * 3_600_000,
      perSecond: settings.rewardsRate,
      lanePerSecond: settings.rewardsLaneRate,
      concurrency: settings.rewardsConcurrency,
      observer: outboxMetrics(registry),
    },
    clockSteps: () => clockHealth.stepCount,
    cors,
    log,
    observer: eventsMetrics(registry),
    draws: { relays: settings.drandRelays },
    drawsObserver: drawsMetrics(registry),
    saleObserver: saleMetrics(registry),
    treasuryObserver: treasuryMetrics(registry),
  });
  gatewayMetrics(registry, () => events.status().gateway);
  for (const [name, check] of Object.entries(events.checks)) health.add(name, check);

  const app = createHttpApp({
    log,
    cors,
    settings,
    routes(app) {
      app.get('/metrics', metricsRoute(registry));
      health.routes(app);
      clockHealthRoute(app, tokens, clockHealth);
      apiDocs(app, EVENTS_API, eventsOperations(settings));
      events.routes(app);
      servePages(app, () => {
        const stream = mainStreamOf(settings);
        const media = mediaUrlOf(settings, mediaPort);
        return { media, events: eventsUrlOf(settings, ownPort), stream, ...playUrlsOf(media, stream) };
      });
    },
  });
  const server = createHttpServer({ hot: events.hot, upgrade: events.upgrade, app, log, tls });
  const listening = await listen(server, {
    host: settings.host,
    port: settings.eventsPort,
    settingName: SETTINGS.eventsPort.name,
  });
  ownPort = listening.port;
  events.start();
  health.markReady();
  return {
    ports: { http: listening.port },
    setSister: (port) => {
      mediaPort = port;
    },
    async close() {
      health.markStopping();
      clockHealth.stop();
      await listening.close(settings.stopGraceMs);
      await events.close();
    },
  };
}

const jwtSourceOf = (settings: Settings, secrets: Secrets): JwtSource =>
  settings.viewerJwksUrl === null
    ? { kind: 'secret', secret: secrets.viewerJwtSecret }
    : { kind: 'jwks', url: settings.viewerJwksUrl };
