import type { Express } from 'express';
import type { Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { WebhookSigner } from '../../service/webhooks.ts';
import type { Books } from '../ledger/commands.ts';
import type { Timers } from '../timers.ts';
import type { BreakerLimits } from './breaker.ts';
import { Dispatcher, type DispatcherStatus } from './dispatcher.ts';
import type { OutboxObserver } from './observer.ts';
import { outboxRoutes } from './routes.ts';

/** How the reward platform is reached. */
export interface RewardsOptions {
  /** Null: nothing is sent, and everything waits. */
  readonly url: string | null;
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly signedAnswers: boolean;
  readonly giveUpMs: number;
  /** Calls a second, of all pools and of one. */
  readonly perSecond: number;
  readonly lanePerSecond: number;
  /** Calls of one pool at a time. */
  readonly concurrency: number;
  readonly breaker?: BreakerLimits;
  readonly observer?: OutboxObserver;
}

export interface Outbox {
  start(): void;
  routes(app: Express): void;
  status(): DispatcherStatus;
  /** Before the ledger closes. */
  close(): Promise<void>;
}

const BREAKER: BreakerLimits = { failures: 5, firstMs: 1_000, longestMs: 60_000 };
/** For calls that are under way when we stop; who is slower is called again in the next life. */
const GRACE_MS = 5_000;

const NOTHING_IS_SENT: RewardsOptions = {
  ...{ url: null, secrets: [], timeoutMs: 10_000, signedAnswers: false, giveUpMs: 72 * 3_600_000 },
  ...{ perSecond: 200, lanePerSecond: 50, concurrency: 4 },
};

/** The way out to the reward platform, over the ledger's books. */
export function createOutbox(
  parts: {
    readonly books: Books;
    readonly tokens: TokenRegistry;
    readonly clock: Clock;
    readonly timers: Timers;
    /** 0 to 1. */
    readonly random: () => number;
    readonly log: Log;
  },
  options: RewardsOptions = NOTHING_IS_SENT,
): Outbox {
  const { url, secrets, timeoutMs, signedAnswers, giveUpMs, perSecond, observer } = options;
  const { books, tokens, clock } = parts;
  const dispatcher = new Dispatcher({
    ...parts,
    call: url === null ? null : { url, signer: new WebhookSigner(secrets), timeoutMs, signedAnswers },
    lane: {
      concurrency: options.concurrency,
      perSecond: options.lanePerSecond,
      breaker: options.breaker ?? BREAKER,
    },
    perSecond,
    giveUpMs,
    ...(observer === undefined ? {} : { observer }),
  });
  return {
    start: () => dispatcher.start(),
    routes: (app) => outboxRoutes(app, { books, dispatcher, tokens, clock }),
    status: () => dispatcher.status(),
    close: () => dispatcher.close(GRACE_MS),
  };
}
