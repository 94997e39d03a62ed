import type { Express } from 'express';
import { type DrandChain, QUICKNET } from '../../draws/drand.ts';
import type { Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { ViewerTokens } from '../http/viewer-token.ts';
import type { InteractionBook } from '../interactions/book.ts';
import type { Catalog } from '../interactions/catalog.ts';
import type { SpreadCap } from '../interactions/life-cycle.ts';
import type { Books } from '../ledger/commands.ts';
import { openDrawJobs } from '../ledger/sqlite/draws/jobs.ts';
import type { Ledger } from '../ledger/store.ts';
import type { Timers } from '../timers.ts';
import { Draws, type DrawsObserver } from './draws.ts';
import { prepareOverview } from './overview.ts';
import { Relays } from './relays.ts';
import { drawRoutes } from './routes.ts';
import { announceDraw, DrawSecrets } from './secrets.ts';

export interface DrawsSetup {
  readonly ledger: Ledger & Books;
  readonly ledgerPath: string;
  readonly book: InteractionBook;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly cap: SpreadCap;
  readonly log: Log;
  readonly tokens: TokenRegistry;
  readonly viewers: ViewerTokens;
  /** What seeds and keys of draws are made from; kept on disk. */
  readonly secret: string;
  readonly settings?: DrawsSettings;
  readonly observer?: DrawsObserver;
}

export interface DrawsSettings {
  /** Base URLs of drand relays (`FRAMECUE_DRAND_RELAYS`); none: rounds are given by hand. */
  readonly relays?: readonly string[];
  readonly chain?: DrandChain;
  readonly relayTimeoutMs?: number;
}

const RELAY_TIMEOUT_MS = 5_000;
const BUSY_TIMEOUT_MS = 5_000;

/** What a lottery makes public when it is created: for the catalog, which is there before draws are. */
export const announcedBy = (secret: string) => announceDraw(new DrawSecrets(secret));

/** Draws, for the events process. */
export function setUpDraws(given: DrawsSetup): {
  readonly draws: Draws;
  /** For those who look after prizes: of a show, or all. */
  readonly overview: ReturnType<typeof prepareOverview>;
  routes(app: Express, catalog: Catalog): void;
} {
  const { ledger, ledgerPath, book, clock, timers, cap, log, tokens, viewers, settings = {} } = given;
  const { relays: urls = [], chain = QUICKNET, relayTimeoutMs = RELAY_TIMEOUT_MS } = settings;
  const secrets = new DrawSecrets(given.secret);
  const draws = new Draws({
    ...{ ledger, book, secrets, chain, clock, cap, log },
    jobs: openDrawJobs({ path: ledgerPath, busyTimeoutMs: BUSY_TIMEOUT_MS }),
    relays: new Relays({ urls, chain, timers, timeoutMs: relayTimeoutMs }),
    ...(given.observer === undefined ? {} : { observer: given.observer }),
  });
  return {
    draws,
    overview: prepareOverview({ books: ledger, draws, chain }),
    routes: (app, catalog) =>
      drawRoutes(app, { draws, catalog, books: ledger, secrets, chain, tokens, viewers, clock }),
  };
}
