import type { Express, Request } from 'express';
import { z } from 'zod';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { holderOf, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { beforeOf, limitOf, Page } from '../http/paging.ts';
import type { Books } from '../ledger/commands.ts';
import type { Dispatcher } from './dispatcher.ts';
import { itemBody, STATES, statusBody } from './views.ts';

/** Revived in one transaction. */
const REVIVE_AT_ONCE = 500;

const Lane = z.string().min(1).max(200);

export const OutboxQuery = Page.extend({
  state: z.enum(STATES).optional(),
  lane: Lane.optional(),
  viewer: z.string().min(1).max(512).optional(),
});

export const ReviveAll = z.strictObject({
  lane: Lane.optional().meta({ description: 'The pool; absent: all of them.' }),
});

export function outboxRoutes(
  app: Express,
  options: {
    readonly books: Books;
    readonly dispatcher: Dispatcher;
    readonly tokens: TokenRegistry;
    readonly clock: Clock;
  },
): void {
  const { books, dispatcher, tokens, clock } = options;
  const reads = requireRight(tokens, 'read');
  const treasurer = requireRight(tokens, 'treasurer');
  app.use('/api/v1/outbox', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });

  app
    .route('/api/v1/outbox')
    .get(reads, async (req, res) => {
      const { state, lane, viewer, ...page } = OutboxQuery.parse(req.query);
      const limit = limitOf(page);
      const before = beforeOf(page);
      const items = await books.ask('outbox.list', {
        ...(state === undefined ? {} : { state }),
        ...(lane === undefined ? {} : { lane }),
        ...(viewer === undefined ? {} : { viewer }),
        ...(before === null ? {} : { before }),
        limit,
      });
      const next = items.length < limit ? null : items.at(-1)!.seq;
      res.json({ items: items.map(itemBody), next });
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/outbox/status')
    .get(reads, async (_req, res) => {
      const lanes = await books.ask('outbox.lanes', {});
      res.json(statusBody(lanes, dispatcher.status(), clock.unixUs()));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/outbox/revive')
    .post(treasurer, async (req, res) => {
      const { lane = null } = ReviveAll.parse(req.body ?? {});
      const by = holderOf(res).name;
      const given = { lane, limit: REVIVE_AT_ONCE, by, atUs: clock.unixUs() };
      res.json(await books.perform('outbox.revive-all', given));
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/api/v1/outbox/:id')
    .get(reads, async (req, res) => {
      const item = await books.ask('outbox.get', { id: idOf(req) });
      if (item === null) throw new FramecueError('ERR_OUTBOX_UNKNOWN');
      res.json(itemBody(item));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/outbox/:id/revive')
    .post(treasurer, async (req, res) => {
      const by = holderOf(res).name;
      const outcome = await books.perform('outbox.revive', { id: idOf(req), by, atUs: clock.unixUs() });
      switch (outcome.kind) {
        case 'revived':
        // Pressed twice, or answered meanwhile: it is where it was to be.
        case 'not-dead':
          return res.json({ revived: outcome.kind === 'revived', item: itemBody(outcome.item) });
        case 'taken-back':
          throw new FramecueError('ERR_OUTBOX_STATE', undefined, { details: { takenBackBy: outcome.by } });
        case 'unknown':
          throw new FramecueError('ERR_OUTBOX_UNKNOWN');
        default:
          return outcome satisfies never;
      }
    })
    .all(methodNotAllowed('POST'));
}

const idOf = (req: Request): string => String(req.params.id);
