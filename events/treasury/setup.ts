import { hkdfSync } from 'node:crypto';
import type { Express } from 'express';
import type { Clock } from '../../packet/clock.ts';
import type { Log } from '../../service/log.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { type TreasuryRoutesOptions, treasuryRoutes } from '../http/treasury.ts';
import type { Books } from '../ledger/commands.ts';
import type { Timers } from '../timers.ts';
import { TreasuryKeeper } from './keeper.ts';
import { silentTreasuryObserver, type TreasuryObserver } from './observer.ts';

export interface Treasury {
  routes(app: Express, of: Pick<TreasuryRoutesOptions, 'draws'>): void;
  start(): void;
  /** Before the ledger closes. */
  close(): Promise<void>;
}

/** The treasury over the ledger's books. */
export function setUpTreasury({
  secret,
  timers,
  observer = silentTreasuryObserver,
  ...parts
}: {
  readonly books: Books;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** The key behind boxes is derived from it, for this use alone. */
  readonly secret: string;
  readonly observer?: TreasuryObserver | undefined;
}): Treasury {
  const boxKey = Buffer.from(hkdfSync('sha256', secret, '', 'framecue boxes 1', 32)).toString('hex');
  const keeper = new TreasuryKeeper({ ...parts, observer, boxKey });
  return {
    routes: (app, { draws }) => treasuryRoutes(app, { ...parts, draws }),
    start: () => keeper.start(timers),
    close: () => keeper.stop(),
  };
}
