import { createHash } from 'node:crypto';
import type { Express, Request } from 'express';
import { z } from 'zod';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { SteadyWall } from '../../packet/steady-wall.ts';
import { type UnixMicroseconds, unixUsToMs } from '../../packet/time.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { Catalog, InteractionView } from '../interactions/catalog.ts';
import { FlashSaleConfig } from '../interactions/sale/config.ts';
import { FLASH_SALE } from '../interactions/sale/flash-sale.ts';
import type { Books } from '../ledger/commands.ts';
import type { OrderOutcome, Reservation, SaleStock } from '../ledger/sale.ts';
import type { SaleBoard } from '../sale/board.ts';
import type { SaleObserver } from '../sale/observer.ts';
import { requireViewer, viewerOf } from './session.ts';
import { IdempotencyKey } from './treasury-requests.ts';
import type { ViewerTokens } from './viewer-token.ts';

export interface SaleRoutesOptions {
  readonly catalog: Catalog;
  readonly viewers: ViewerTokens;
  readonly books: Books;
  readonly board: SaleBoard;
  readonly clock: Clock;
  /** What is sold and how long it is kept goes by it: a clock that is wrong for a moment takes nothing from anybody. */
  readonly wall: SteadyWall;
  readonly observer: SaleObserver;
}

/** An order says nothing but that it is one. */
export const OrderRequest = z.strictObject({});

const A_SECOND = 'public, max-age=1';

export function saleRoutes(app: Express, options: SaleRoutesOptions): void {
  const { catalog, viewers, books, board, clock, wall, observer } = options;
  const viewerOnly = requireViewer(viewers, clock);

  const saleOf = async (req: Request): Promise<InteractionView> => {
    const { id } = req.params;
    if (typeof id !== 'string' || !ID_PATTERN.test(id)) throw new FramecueError('ERR_INTERACTION_UNKNOWN');
    const view = await catalog.get(id);
    if (view.facts.record.type !== FLASH_SALE) {
      throw new FramecueError('ERR_INTERACTION_UNKNOWN', 'Nothing is sold in this interaction.');
    }
    return view;
  };
  const answered = (what: 'order' | 'give-back', interaction: string, outcome: OrderOutcome) => {
    if (outcome.kind === 'refused') {
      const { code, message, details } = outcome;
      observer.asked(what, 'refused', code);
      throw new FramecueError(code, message, details === undefined ? {} : { details });
    }
    if (outcome.kind === 'done') board.forget(interaction);
    observer.asked(what, outcome.kind === 'done' ? 'done' : 'repeated', null);
    return { reservation: reservationBody(outcome.reservation), repeated: outcome.kind === 'already' };
  };

  app
    .route('/api/v1/interactions/:id/sale')
    .get(async (req, res) => {
      const view = await saleOf(req);
      const stock = await board.of(view.facts.record.id);
      if (stock === null) throw new FramecueError('ERR_INTERACTION_UNKNOWN');
      res.set('Cache-Control', A_SECOND).json(saleBody(view, stock, wall.unixUs()));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/interactions/:id/reservation')
    .get(viewerOnly, async (req, res) => {
      const { facts } = await saleOf(req);
      const given = { interaction: facts.record.id, viewer: viewerOf(res), nowUs: wall.unixUs() };
      const { reservation, place } = await books.ask('sale.mine', given);
      res.set('Cache-Control', 'no-store').json({
        at: unixUsToMs(given.nowUs),
        reservation: reservation === null ? null : reservationBody(reservation),
        place:
          place === null
            ? null
            : {
                ...{ number: place.number, turnAt: unixUsToMs(place.turnUs) },
                openUntil: unixUsToMs(place.openUntilUs),
              },
      });
    })
    .delete(viewerOnly, async (req, res) => {
      const atUs = wall.unixUs();
      const { id } = (await saleOf(req)).facts.record;
      const outcome = await books.perform('sale.give-back', { interaction: id, viewer: viewerOf(res), atUs });
      res.set('Cache-Control', 'no-store').json(answered('give-back', id, outcome));
    })
    .all(methodNotAllowed('GET', 'DELETE'));

  app
    .route('/api/v1/interactions/:id/order')
    .post(viewerOnly, async (req, res) => {
      // Before any await: the order came in time, or it did not.
      const atUs = wall.unixUs();
      const key = hashOf(IdempotencyKey.parse(req.headers['idempotency-key']));
      OrderRequest.parse(req.body ?? {});
      const { id } = (await saleOf(req)).facts.record;
      const outcome = await books.perform('sale.order', {
        ...{ interaction: id, viewer: viewerOf(res), key, atUs },
      });
      const body = answered('order', id, outcome);
      res
        .status(body.repeated ? 200 : 201)
        .set('Cache-Control', 'no-store')
        .json(body);
    })
    .all(methodNotAllowed('POST'));
}

/** The ledger keeps nothing that a caller could write a name into. */
const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url');

const reservationBody = (it: Reservation) => ({
  ...{ id: it.id, interaction: it.interaction, state: it.state },
  ...{ priceMinor: it.priceMinor, currency: it.currency },
  reservedAt: unixUsToMs(it.reservedAtUs),
  expiresAt: unixUsToMs(it.expiresAtUs),
  order:
    it.order === null
      ? null
      : { id: it.order, orderedAt: it.orderedAtUs === null ? null : unixUsToMs(it.orderedAtUs) },
});

function saleBody({ facts, life }: InteractionView, stock: SaleStock, nowUs: UnixMicroseconds) {
  const { title, priceMinor, currency, reservationMs, admitPerSecond } = FlashSaleConfig.parse(
    facts.record.config,
  );
  const waitMs = stock.lineUntilUs === null ? 0 : Math.max(0, Math.ceil((stock.lineUntilUs - nowUs) / 1000));
  return {
    ...{ interaction: facts.record.id, state: life.state, title, priceMinor, currency, reservationMs },
    sale: stateOf(stock),
    stock: { free: stock.free, reserved: stock.reserved, ordered: stock.ordered },
    line: admitPerSecond === undefined ? null : { perSecond: admitPerSecond, waitMs },
  };
}

function stateOf({ isOpen, free, reserved }: SaleStock): 'closed' | 'on-sale' | 'all-reserved' | 'sold-out' {
  if (!isOpen) return 'closed';
  if (free > 0) return 'on-sale';
  return reserved > 0 ? 'all-reserved' : 'sold-out';
}
