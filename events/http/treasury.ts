import type { Express, Request, RequestHandler, Response } from 'express';
import type { Clock } from '../../packet/clock.ts';
import { ERRORS, FramecueError } from '../../packet/errors.ts';
import { holderOf, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Books } from '../ledger/commands.ts';
import type { Refused } from '../ledger/treasury.ts';
import { beforeOf, limitOf, Page } from './paging.ts';
import { refuseRehearsal, requireDirector } from './refuse-rehearsal.ts';
import type { DrawLine } from './treasury-operations.ts';
import {
  BoxesQuery,
  BoxesRequest,
  budgetOf,
  CloseRequest,
  FundRequest,
  GrantsQuery,
  Id,
  IdempotencyKey,
  measureTermsOf,
  NoBody,
  PeopleQuery,
  PoolRequest,
  PoolsQuery,
  ReverseRequest,
  RightsQuery,
  ShowQuery,
  ShowRequest,
  termsOf,
} from './treasury-requests.ts';
import {
  accountBody,
  actBody,
  grantBody,
  measureBody,
  movementBody,
  poolBody,
  rightBody,
  viewBody,
} from './treasury-views.ts';

export interface TreasuryRoutesOptions {
  readonly books: Books;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  /** Of a show, or all (null); newest first. */
  readonly draws: (show: string | null) => Promise<readonly DrawLine[]>;
}

/** Pools, rights, grants, boxes and measures, for those who look after them. */
export function treasuryRoutes(app: Express, options: TreasuryRoutesOptions): void {
  const { tokens } = options;
  const guards = {
    reads: requireRight(tokens, 'read'),
    treasurer: requireRight(tokens, 'treasurer'),
    directs: requireDirector(tokens),
  };
  for (const path of ['pools', 'rights', 'grants', 'shows', 'measures', 'treasury', 'people']) {
    app.use(`/api/v1/${path}`, (_req, res, next) => {
      res.set('Cache-Control', 'no-store');
      next();
    });
  }
  poolRoutes(app, options, guards);
  rightRoutes(app, options, guards);
  showRoutes(app, options, guards);
  lookingRoutes(app, options, guards);
}

interface Guards {
  readonly reads: RequestHandler;
  readonly treasurer: RequestHandler;
  readonly directs: RequestHandler;
}

function poolRoutes(app: Express, { books, clock }: TreasuryRoutesOptions, { reads, treasurer }: Guards) {
  const change = (res: Response) => ({ by: holderOf(res).name, atUs: clock.unixUs() });

  app
    .route('/api/v1/pools')
    .get(reads, async (req, res) => {
      const { show = null, after = null, ...page } = PoolsQuery.parse(req.query);
      const limit = limitOf(page);
      const pools = await books.ask('pool.list', { show, after, limit });
      const next = pools.length < limit ? null : pools.at(-1)!.id;
      res.json({ pools: pools.map(poolBody), next });
    })
    .post(treasurer, async (req, res) => {
      const wanted = PoolRequest.parse(req.body ?? {});
      const outcome = allowed(
        await books.perform('pool.open', {
          ...{ terms: termsOf(wanted), budget: budgetOf(wanted), ...change(res) },
        }),
      );
      res
        .status(outcome.kind === 'done' ? 201 : 200)
        .location(`/api/v1/pools/${wanted.id}`)
        .json(poolBody(outcome.pool));
    })
    .all(methodNotAllowed('GET', 'POST'));

  app
    .route('/api/v1/pools/:id')
    .get(reads, async (req, res) => {
      const id = idOf(req, 'id');
      const page = Page.parse(req.query);
      const pool = await books.ask('pool.get', { pool: id });
      if (pool === null) throw new FramecueError('ERR_POOL_UNKNOWN', undefined, { details: { pool: id } });
      const { items, next } = await books.ask('pool.moves', {
        ...{ pool: id, limit: limitOf(page), before: beforeOf(page) },
      });
      res.json({ ...poolBody(pool), movements: items.map(movementBody), next });
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/pools/:id/fund')
    .post(treasurer, async (req, res) => {
      const amount = FundRequest.parse(req.body ?? {});
      const outcome = allowed(
        await books.perform('pool.fund', { pool: idOf(req, 'id'), amount, key: keyOf(req), ...change(res) }),
      );
      res.json({ ...poolBody(outcome.pool), repeated: outcome.kind === 'already' });
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/api/v1/pools/:id/close')
    .post(treasurer, async (req, res) => {
      const { why = 'by hand' } = CloseRequest.parse(req.body ?? {});
      const given = { pool: idOf(req, 'id'), why, ...change(res) };
      const outcome = allowed(await books.perform('pool.close', given));
      res.json({ ...poolBody(outcome.pool), repeated: outcome.kind === 'already' });
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/api/v1/pools/:id/reopen')
    .post(treasurer, async (req, res) => {
      NoBody.parse(req.body ?? {});
      const outcome = allowed(await books.perform('pool.reopen', { pool: idOf(req, 'id'), ...change(res) }));
      res.json({ ...poolBody(outcome.pool), repeated: outcome.kind === 'already' });
    })
    .all(methodNotAllowed('POST'));

  app
    .route('/api/v1/pools/:id/sweep')
    .post(treasurer, async (req, res) => {
      NoBody.parse(req.body ?? {});
      const given = { pool: idOf(req, 'id'), key: keyOf(req), ...change(res) };
      const { kind, pool, swept, to } = allowed(await books.perform('pool.sweep', given));
      res.json({ ...poolBody(pool), swept, to, repeated: kind === 'already' });
    })
    .all(methodNotAllowed('POST'));
}

function rightRoutes(app: Express, { books, clock }: TreasuryRoutesOptions, { reads, treasurer }: Guards) {
  app
    .route('/api/v1/rights')
    .get(reads, async (req, res) => {
      // A right is there from the draw on, with whose it is.
      refuseRehearsal(holderOf(res));
      const {
        interaction = null,
        viewer = null,
        pool = null,
        state = null,
        ...page
      } = RightsQuery.parse(req.query);
      const { items, next } = await books.ask('right.list', {
        ...{ interaction, viewer, pool, state, limit: limitOf(page), before: beforeOf(page) },
      });
      res.json({ rights: items.map(rightBody), next });
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/grants')
    .get(reads, async (req, res) => {
      const { interaction = null, viewer = null, pool = null, ...page } = GrantsQuery.parse(req.query);
      const { items, next } = await books.ask('grant.list', {
        ...{ interaction, viewer, pool, limit: limitOf(page), before: beforeOf(page) },
      });
      res.json({ grants: items.map(grantBody), next });
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/grants/:id/reverse')
    .post(treasurer, async (req, res) => {
      const { why } = ReverseRequest.parse(req.body ?? {});
      const { id: grant } = req.params;
      const given = { grant: String(grant), why, by: holderOf(res).name, atUs: clock.unixUs() };
      const outcome = allowed(await books.perform('grant.reverse', given));
      res.json({ ...grantBody(outcome.grant), repeated: outcome.kind === 'already' });
    })
    .all(methodNotAllowed('POST'));
}

function showRoutes(app: Express, { books, clock }: TreasuryRoutesOptions, guards: Guards): void {
  const { reads, treasurer, directs } = guards;
  const change = (res: Response) => ({ by: holderOf(res).name, atUs: clock.unixUs() });

  app
    .route('/api/v1/shows/:show/boxes')
    .get(reads, async (req, res) => {
      const show = idOf(req, 'show');
      const { viewer } = BoxesQuery.parse(req.query);
      const { boxes } = await books.ask('show.get', { show });
      const ofViewer = viewer === undefined ? null : await books.ask('boxes.ofViewer', { show, viewer });
      res.json({ ...boxes, ...(ofViewer === null ? {} : { viewer: ofViewer }) });
    })
    .post(directs, async (req, res) => {
      const wanted = BoxesRequest.parse(req.body ?? {});
      const given = { show: idOf(req, 'show'), ...wanted, ...change(res) };
      const { kind, boxes } = allowed(await books.perform('boxes.drop', given));
      res.status(kind === 'done' ? 201 : 200).json({ boxes, repeated: kind === 'already' });
    })
    .all(methodNotAllowed('GET', 'POST'));

  app
    .route('/api/v1/shows/:show/measures')
    .get(reads, async (req, res) => {
      const { boxes, measures } = await books.ask('show.get', { show: idOf(req, 'show') });
      const { show, dropPpm, threshold } = boxes;
      res.json({ show, dropPpm, threshold, measures: measures.map(measureBody) });
    })
    .put(treasurer, async (req, res) => {
      const { dropPpm, threshold, measures } = ShowRequest.parse(req.body ?? {});
      const show = idOf(req, 'show');
      const outcome = allowed(
        await books.perform('show.rule', {
          ...{ show, rules: { dropPpm, threshold }, measures: measures.map(measureTermsOf) },
          ...change(res),
        }),
      );
      res.json({ show, ...outcome.rules, measures: outcome.measures.map(measureBody) });
    })
    .all(methodNotAllowed('GET', 'PUT'));

  for (const what of ['apply', 'revert'] as const) {
    // Without the show: of the one that has a measure of this id.
    for (const place of ['shows/:show/measures', 'measures']) {
      app
        .route(`/api/v1/${place}/:id/${what}`)
        .post(directs, async (req, res) => {
          NoBody.parse(req.body ?? {});
          const show = 'show' in req.params ? idOf(req, 'show') : null;
          const given = { show, measure: idOf(req, 'id'), ...change(res) };
          const { kind, measure } = allowed(await books.perform(`measure.${what}`, given));
          res.json({ ...measureBody(measure), repeated: kind === 'already' });
        })
        .all(methodNotAllowed('POST'));
    }
  }
}

function lookingRoutes(
  app: Express,
  { books, clock, draws }: TreasuryRoutesOptions,
  { reads }: Guards,
): void {
  app
    .route('/api/v1/treasury')
    .get(reads, async (req, res) => {
      const { show = null } = ShowQuery.parse(req.query);
      const [view, lines] = await Promise.all([books.ask('treasury.view', { show }), draws(show)]);
      res.json(viewBody(view, lines, clock.unixUs()));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/treasury/account')
    .get(reads, async (req, res) => {
      const { show = null } = ShowQuery.parse(req.query);
      const atUs = clock.unixUs();
      // Draws first: what they earn meanwhile waits in the pools.
      const lines = await draws(show);
      res.json(accountBody(await books.ask('treasury.account', { show, atUs }), lines, atUs));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/people')
    .get(reads, async (req, res) => {
      const { by = null, target = null, ...page } = PeopleQuery.parse(req.query);
      const limit = limitOf(page);
      const acts = await books.ask('people.list', { limit, before: beforeOf(page), by, target });
      res.json({ people: acts.map(actBody), next: acts.length < limit ? null : acts.at(-1)!.seq });
    })
    .all(methodNotAllowed('GET'));
}

const idOf = (req: Request, name: 'id' | 'show'): string => Id.parse(req.params[name]);
const keyOf = (req: Request): string => IdempotencyKey.parse(req.headers['idempotency-key']);

/** @throws {FramecueError} what a command refuses */
function allowed<Outcome extends { readonly kind: string }>(outcome: Outcome | Refused): Outcome {
  if (outcome.kind !== 'refused') return outcome as Outcome;
  const { code, message, details } = outcome as Refused;
  throw new FramecueError(code, message ?? ERRORS[code].text, details === undefined ? {} : { details });
}
