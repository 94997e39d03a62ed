import type { Express } from 'express';
import type { Clock } from '../../packet/clock.ts';
import { SteadyWall } from '../../packet/steady-wall.ts';
import { saleRoutes } from '../http/sale.ts';
import type { ViewerTokens } from '../http/viewer-token.ts';
import type { Admission } from '../interactions/admission.ts';
import type { Catalog } from '../interactions/catalog.ts';
import type { SpreadCap } from '../interactions/life-cycle.ts';
import type { Books } from '../ledger/commands.ts';
import { every, type Timers } from '../timers.ts';
import { SaleBoard } from './board.ts';
import { type SaleObserver, silentSaleObserver } from './observer.ts';
import { SaleTickets } from './tickets.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface SaleSetup {
  readonly books: Books;
  readonly clock: Clock;
  readonly cap: SpreadCap;
  /** What the key of tickets is made from; kept on disk. */
  readonly secret: string;
  readonly observer?: SaleObserver | undefined;
}

/** Between two looks at the clock, whether anybody buys or not. */
const LOOK_MS = 250;

/** Flash sales, for the events process. Reservations that are over are the treasury's keeper's. */
export function setUpSales({ books, clock, cap, secret, observer = silentSaleObserver }: SaleSetup): {
  readonly admissions: ReadonlyMap<string, Admission>;
  routes(app: Express, parts: { readonly catalog: Catalog; readonly viewers: ViewerTokens }): void;
  start(timers: Timers): void;
  stop(): void;
} {
  const wall = new SteadyWall(clock);
  let stop: (() => void) | null = null;
  const board = new SaleBoard(books, clock, wall);
  const room = new WaitingRoom({ books, tickets: new SaleTickets(secret), board, cap, wall, observer });
  return {
    admissions: new Map([['sale', room]]),
    start(timers) {
      stop ??= every(timers, LOOK_MS, async () => void wall.unixUs());
    },
    stop: () => stop?.(),
    routes: (app, parts) => saleRoutes(app, { ...parts, books, board, clock, wall, observer }),
  };
}
