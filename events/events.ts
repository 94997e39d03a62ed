import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import { webCrypto } from '../cues/wire/index.ts';
import { type Clock, systemClock } from '../packet/clock.ts';
import { ms } from '../packet/time.ts';
import type { Cors } from '../service/cors.ts';
import type { HealthCheck } from '../service/health.ts';
import type { HotHandler, UpgradeHandler } from '../service/http-server.ts';
import type { Log } from '../service/log.ts';
import type { TokenRegistry } from '../service/tokens.ts';
import { createClockHandler } from './clock.ts';
import type { DrawsObserver } from './draws/draws.ts';
import { announcedBy, type DrawsSettings, setUpDraws } from './draws/setup.ts';
import { FeedClient, type FeedLimits, type FeedStatus } from './feed-client.ts';
import { createGateway, type GatewayStatus } from './gateway/gateway.ts';
import { createSubmissionsHandler } from './http/hot-submissions.ts';
import { interactionRoutes } from './http/interactions.ts';
import { keysRoute } from './http/keys.ts';
import { ledgerRoutes } from './http/ledger.ts';
import { nowRoute } from './http/now.ts';
import { presentationRoutes } from './http/presentations.ts';
import { reportRoutes } from './http/reports.ts';
import { sessionRoutes } from './http/session.ts';
import { shadowSessionRoute } from './http/shadow-session.ts';
import { spreadRoutes } from './http/spread.ts';
import { type JwtSource, ViewerJwt } from './http/viewer-jwt.ts';
import { ViewerTokens } from './http/viewer-token.ts';
import { InteractionBook } from './interactions/book.ts';
import { Catalog } from './interactions/catalog.ts';
import { CueMirror } from './interactions/cue-mirror.ts';
import { FeedFollower } from './interactions/feed-follower.ts';
import { HeldAnswers, type HeldLimits } from './interactions/held.ts';
import type { JudgeLimits } from './interactions/judge.ts';
import { Keeper } from './interactions/keeper.ts';
import { RehearsalRounds } from './interactions/rehearsal-rounds.ts';
import { StampProofs } from './interactions/stamp-proof.ts';
import { Submissions } from './interactions/submissions.ts';
import { KeysMirror } from './keys-mirror.ts';
import type { Books } from './ledger/commands.ts';
import type { InteractionRecord } from './ledger/facts.ts';
import { askAside } from './ledger/sqlite/aside.ts';
import { openSqliteLedger } from './ledger/sqlite/ledger.ts';
import type { LedgerStatus } from './ledger/store.ts';
import { tellHead } from './ledger/tell-head.ts';
import { WriteHealth } from './ledger/write-health.ts';
import { type EventsObserver, silentObserver } from './observer.ts';
import { createOutbox, type RewardsOptions } from './outbox/setup.ts';
import type { SaleObserver } from './sale/observer.ts';
import { setUpSales } from './sale/setup.ts';
import { Presentations } from './spread/presentations.ts';
import { FIRST_SHARE, ViewerSpread } from './spread/viewer-spread.ts';
import { systemTimers, type Timers } from './timers.ts';
import type { TreasuryObserver } from './treasury/observer.ts';
import { setUpTreasury } from './treasury/setup.ts';
import { refuseUnfitPools } from './treasury/unfit-pools.ts';

export interface EventsOptions {
  /** The ledger's file. */
  readonly ledgerPath: string;
  /** Base URL at which this process reaches media; asked for before each connection, since its port may change. */
  readonly mediaUrl: string | (() => string);
  /** Bearer token with the right `feed` on media. */
  readonly feedToken: string;
  /** Who may create and read interactions. */
  readonly tokens: TokenRegistry;
  /** The secret behind short viewer tokens. */
  readonly sessionKey: string;
  /** The secret behind draws and boxes; a draw that is under way needs it to the end. */
  readonly prizeKey: string;
  readonly sessionTtlMs: number;
  readonly jwt: { readonly source: JwtSource; readonly audience: string; readonly issuer: string | null };
  /** Gives viewer tokens to anybody. */
  readonly demo: boolean;
  /** How far behind the stream a viewer may be and still answer in full. */
  readonly viewerSpreadMs: number;
  /** About so many reports of viewers' delays a second; 0: none. */
  readonly delayReportsPerSecond: number;
  readonly storeQueue: number;
  readonly storeTimeoutMs: number;
  readonly cors: Cors;
  /** Connections to the gateway at a time. Default 10,000. */
  readonly gatewayLimit?: number;
  /** How often this machine's clock has stepped since the start. */
  readonly clockSteps?: () => number;
  readonly log: Log;
  readonly observer?: EventsObserver;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** 0 to 1. */
  readonly random?: () => number;
  readonly feedLimits?: Partial<FeedLimits>;
  readonly heldLimits?: Partial<HeldLimits>;
  /** How long SQLite waits for another program's lock. */
  readonly storeBusyTimeoutMs?: number;
  /** An upper bound for the ledger's file, in pages of 4,096 bytes. */
  readonly storeMaxPages?: number;
  /** Absent: nothing is sent to a reward platform. */
  readonly rewards?: RewardsOptions;
  readonly treasuryObserver?: TreasuryObserver;
  /** Where randomness comes from. */
  readonly draws?: DrawsSettings;
  readonly drawsObserver?: DrawsObserver;
  readonly saleObserver?: SaleObserver;
}

/** The events process, but for its ports. */
export interface Events {
  /** Asked before Express: what everybody does in the same second. */
  readonly hot: readonly HotHandler[];
  readonly upgrade: UpgradeHandler;
  readonly routes: (app: Express) => void;
  /** What is given away, for whoever runs it in this process. */
  readonly books: Books;
  /** For readiness. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  /** Begins to follow the feed. */
  start(): void;
  status(): EventsStatus;
  /** Commits what waits. No request may come any more. */
  close(): Promise<void>;
}

export interface EventsStatus {
  readonly feed: FeedStatus;
  readonly ledger: LedgerStatus;
  readonly gateway: GatewayStatus;
  readonly interactions: { readonly live: number; readonly held: number };
  readonly cues: number;
  readonly stampKeys: number;
}

/** Media and events may run on two machines, each kept by NTP. */
const CLOCK_ERROR_MS = 100;
/** A frame shown late, an event handled late, PTS that round. */
const TOLERANCE_MS = 250;
const INTERACTIONS_IN_MEMORY = 10_000;
const CUES_IN_MEMORY = 10_000;
const GATEWAY_LIMIT = 10_000;
const HELD: HeldLimits = { count: 20_000, forMs: 600_000 };
/** Holds the largest stamp, with every quote in it escaped, and all the other fields. */
const SUBMISSION_LIMITS = { bytes: 8 * 1024, timeoutMs: 10_000 };

/**
 * Opens the ledger, brings memory up to it and puts the parts together.
 * @throws {FramecueError} ERR_STORE_UNAVAILABLE when the ledger cannot be opened or read.
 */
export async function createEvents(options: EventsOptions): Promise<Events> {
  const {
    clock = systemClock,
    timers = systemTimers,
    random = Math.random,
    observer = silentObserver,
    log,
    cors,
    clockSteps = () => 0,
  } = options;
  const judgeLimits: JudgeLimits = {
    spreadMs: ms(options.viewerSpreadMs),
    clockErrorMs: ms(CLOCK_ERROR_MS),
    toleranceMs: ms(TOLERANCE_MS),
  };

  const book = new InteractionBook(INTERACTIONS_IN_MEMORY);
  const mirror = new CueMirror(CUES_IN_MEMORY);
  const writing = new WriteHealth(clock);
  const ledger = await openSqliteLedger({
    path: options.ledgerPath,
    log,
    maxQueued: options.storeQueue,
    timeoutMs: options.storeTimeoutMs,
    observer: {
      committed: (ops, tookMs) => {
        writing.committed();
        observer.batch(ops, tookMs);
      },
      refused: (ops, code) => {
        writing.refused(code);
        observer.batchRefused(ops, code);
      },
    },
    onDoubtOver: () => void follower.catchUp(),
    ...(options.storeBusyTimeoutMs === undefined ? {} : { busyTimeoutMs: options.storeBusyTimeoutMs }),
    ...(options.storeMaxPages === undefined ? {} : { maxPages: options.storeMaxPages }),
  });
  const held = new HeldAnswers({
    ledger,
    book,
    clock,
    log,
    limits: { ...HELD, ...options.heldLimits },
    judgeLimits,
    observer,
  });
  const rehearsals = new RehearsalRounds({
    interaction(id) {
      const entry = book.get(id);
      return entry === undefined ? null : { record: entry.facts.record, prepared: entry.prepared };
    },
    limits: judgeLimits,
    onPassedOver(cue, { why, interaction }) {
      observer.cuePassedOver(why);
      log.warn(
        { cue: cue.id, type: cue.type, interaction, why },
        'a cue of a rehearsal could not do what it meant',
      );
    },
  });
  const follower = new FeedFollower({
    ledger,
    book,
    mirror,
    rehearsals,
    held,
    clock,
    log,
    observer,
    loadLimit: INTERACTIONS_IN_MEMORY,
  });
  try {
    await follower.reload();
    await tellHead(ledger, log, 'start');
  } catch (error) {
    await ledger.close();
    throw error;
  }

  const { mediaUrl } = options;
  const media = {
    url: typeof mediaUrl === 'string' ? () => mediaUrl : mediaUrl,
    timers,
    clock,
    log,
    random,
  };
  const keys = new KeysMirror(media);
  const feed = new FeedClient({
    ...media,
    token: options.feedToken,
    sink: follower,
    observer,
    ...(options.feedLimits === undefined ? {} : { limits: options.feedLimits }),
  });
  const outbox = createOutbox({ books: ledger, tokens: options.tokens, ...media }, options.rewards);
  const aside = askAside(ledger, { path: options.ledgerPath, log });
  const treasury = setUpTreasury({
    ...{ books: aside, tokens: options.tokens, clock, timers, log, secret: options.prizeKey },
    observer: options.treasuryObserver,
  });
  const keeper = new Keeper({ ledger, book, held, follower, clock, log });
  const proofs = new StampProofs({ keys, crypto: webCrypto(crypto.subtle), clock });
  const sales = setUpSales({
    ...{ books: ledger, clock, cap: judgeLimits, secret: options.sessionKey },
    observer: options.saleObserver,
  });
  const submissions = new Submissions({
    ledger,
    book,
    rehearsals,
    proofs,
    held,
    admissions: sales.admissions,
    limits: judgeLimits,
    newId: randomUUID,
    observer,
  });
  const announce = announcedBy(options.prizeKey);
  const refuse = (record: InteractionRecord) => refuseUnfitPools(ledger, record);
  const catalog = new Catalog({ ledger, book, clock, cap: judgeLimits, announce, refuse });
  const viewerTokens = new ViewerTokens(options.sessionKey);
  const drawing = setUpDraws({
    ...{ ledger, ledgerPath: options.ledgerPath, book, clock, timers, cap: judgeLimits, log },
    ...{ tokens: options.tokens, viewers: viewerTokens, secret: options.prizeKey },
    ...(options.draws === undefined ? {} : { settings: options.draws }),
    ...(options.drawsObserver === undefined ? {} : { observer: options.drawsObserver }),
  });
  const gateway = createGateway({
    ...{ clock, timers, cors, log, steps: clockSteps },
    limit: options.gatewayLimit ?? GATEWAY_LIMIT,
  });
  const jwt = new ViewerJwt({ ...options.jwt, clock });
  const spread = new ViewerSpread({
    ...{ clock, observer, capMs: options.viewerSpreadMs, reportsPerSecond: options.delayReportsPerSecond },
    // A demonstration's few viewers are seen at once.
    firstShare: options.demo ? 1 : FIRST_SHARE,
  });
  const presentations = new Presentations();
  const delayReports = () => spread.plan();

  return {
    hot: [
      createSubmissionsHandler({
        submissions,
        tokens: viewerTokens,
        cors,
        clock,
        timers,
        log,
        observer,
        limits: SUBMISSION_LIMITS,
      }),
      createClockHandler({ clock, cors, log, steps: clockSteps }),
    ],
    upgrade: gateway.handleUpgrade,
    books: ledger,
    routes(app) {
      sessionRoutes(app, {
        jwt,
        tokens: viewerTokens,
        ttlMs: options.sessionTtlMs,
        clock,
        demo: options.demo,
        observer,
        delayReports,
      });
      shadowSessionRoute(app, {
        ...{ viewers: viewerTokens, tokens: options.tokens },
        ...{ ttlMs: options.sessionTtlMs, clock },
      });
      interactionRoutes(app, { catalog, rehearsals, clock, tokens: options.tokens });
      nowRoute(app, { mirror, clock, delayReports });
      spreadRoutes(app, { spread, viewers: viewerTokens, tokens: options.tokens, clock, observer });
      reportRoutes(app, { mirror, presentations, tokens: viewerTokens, clock, observer });
      presentationRoutes(app, { presentations, mirror, tokens: options.tokens });
      keysRoute(app, keys);
      treasury.routes(app, { draws: drawing.overview });
      outbox.routes(app);
      drawing.routes(app, catalog);
      sales.routes(app, { catalog, viewers: viewerTokens });
      ledgerRoutes(app, { ledger, tokens: options.tokens, clock });
    },
    checks: {
      // What is known can be read, and is what most ask for; what would be written is refused with Retry-After.
      ledger: () => {
        if (ledger.status().state !== 'open') return 'the store takes nothing now';
        return writing.isImpaired ? { code: 'ERR_STORE_UNAVAILABLE' } : true;
      },
      // Without media no cue comes, but answers to those that came are still taken: only the very first connection counts.
      feed: () =>
        feed.status().everConnected || follower.hasPosition || 'the cue feed has not been reached yet',
    },
    start() {
      keys.start();
      feed.start();
      keeper.start(timers);
      sales.start(timers);
      treasury.start();
      outbox.start();
      drawing.draws.start(timers);
    },
    status: () => ({
      feed: feed.status(),
      ledger: ledger.status(),
      gateway: gateway.status(),
      interactions: { live: book.liveCount, held: book.heldTotal },
      cues: mirror.size,
      stampKeys: keys.current().keys.length,
    }),
    async close() {
      gateway.close();
      keeper.stop();
      sales.stop();
      await treasury.close();
      await drawing.draws.close();
      await aside.close();
      await Promise.all([feed.close(), keys.stop(), outbox.close()]);
      await tellHead(ledger, log, 'end');
      await ledger.close();
    },
  };
}
