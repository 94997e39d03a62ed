import type { Express, Request } from 'express';
import { z } from 'zod';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { DrandChain } from '../../draws/drand.ts';
import { toBase64Url } from '../../draws/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { bearerTokenOf, holderOf, holderWithRight, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import { refuseRehearsal, requireDirector } from '../http/refuse-rehearsal.ts';
import { requireViewer, viewerOf } from '../http/session.ts';
import type { ViewerTokens } from '../http/viewer-token.ts';
import type { Catalog } from '../interactions/catalog.ts';
import { LotteryConfig } from '../interactions/lottery/config.ts';
import type { Books } from '../ledger/commands.ts';
import type { Draws } from './draws.ts';
import { KeptBodies, sendBody } from './kept-bodies.ts';
import { EntrantLists } from './lists.ts';
import { readRound } from './relays.ts';
import { DrawResults } from './results.ts';
import { type DrawSecrets, seedHashIn } from './secrets.ts';
import { type DrawFacts, drawDocument, isRevealed, pageDocument, staffBody, stampOf } from './views.ts';

export interface DrawRoutesOptions {
  readonly draws: Draws;
  readonly catalog: Catalog;
  readonly books: Books;
  readonly secrets: DrawSecrets;
  readonly chain: DrandChain;
  readonly tokens: TokenRegistry;
  readonly viewers: ViewerTokens;
  readonly clock: Clock;
}

export const PageQuery = z.object({
  page: z
    .string()
    .regex(/^\d{1,6}$/)
    .optional(),
});

/** As any relay gives it; what else stands there is passed over. */
export const RandomnessRequest = z.looseObject({
  round: z.int().min(1),
  signature: z.string().regex(/^[0-9a-f]{96}$/),
});

/** The same for everybody, for as long as nobody minds. */
const A_SECOND = 'public, max-age=1';
/** Never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';
const REBOOK_AT_ONCE = 500;

function idOf({ params: { id } }: Request): string {
  if (typeof id !== 'string' || !ID_PATTERN.test(id)) throw new FramecueError('ERR_INTERACTION_UNKNOWN');
  return id;
}

export function drawRoutes(app: Express, options: DrawRoutesOptions): void {
  const { draws, catalog, books, secrets, chain, tokens, viewers, clock } = options;
  const lists = new EntrantLists(books);
  const results = new DrawResults(books, lists, secrets);
  const bodies = new KeptBodies();

  const readDraw = async (id: string): Promise<DrawFacts> => {
    const { facts } = await catalog.get(id);
    const seedHash = seedHashIn(facts.record);
    if (facts.record.type !== 'lottery' || seedHash === null) {
      throw new FramecueError('ERR_INTERACTION_UNKNOWN', 'There is no draw in this interaction.');
    }
    const record = await books.ask('draw.get', { interaction: facts.record.id });
    return { facts, config: LotteryConfig.parse(facts.record.config), seedHash, record, chain };
  };
  // Everybody asks in the same second: whoever does so within one turn of the event loop asks as one.
  const asking = new Map<string, Promise<DrawFacts>>();
  const drawOf = (req: Request): Promise<DrawFacts> => {
    const id = idOf(req);
    const found = asking.get(id);
    if (found !== undefined) return found;
    const asked = readDraw(id);
    asking.set(id, asked);
    setImmediate(() => asking.delete(id));
    return asked;
  };
  const documentOf = async (draw: DrawFacts) =>
    drawDocument(draw, isRevealed(draw) ? await results.result(draw) : null);
  const notYet = (draw: DrawFacts): FramecueError =>
    new FramecueError('ERR_DRAW_NOT_YET', undefined, { details: { state: drawDocument(draw, null).state } });

  const path = '/api/v1/interactions/:id';
  app
    .route(`${path}/draw`)
    .get(async (req, res) => {
      const isStaff = bearerTokenOf(req) !== null;
      if (isStaff) holderWithRight(tokens, req, 'read');
      const draw = await drawOf(req);
      res.vary('Authorization');
      if (!isStaff) {
        const { id } = draw.facts.record;
        return sendBody(res, await bodies.of(`draw ${id}`, stampOf(draw), () => documentOf(draw)), A_SECOND);
      }
      const document = await documentOf(draw);
      const staff = staffBody(draw, document, draws.stuckBy(document.interaction));
      res.set('Cache-Control', 'no-store').json({ ...document, staff });
    })
    .all(methodNotAllowed('GET'));

  app
    .route(`${path}/entrants`)
    .get(async (req, res) => {
      const page = Number(PageQuery.parse(req.query).page ?? 0);
      const { facts, record } = await drawOf(req);
      if (record?.commitment == null) throw new FramecueError('ERR_DRAW_NOT_YET');
      const known = await lists.page(facts.record.id, page);
      if (known === null) throw new FramecueError('ERR_NOT_FOUND', 'The list has no such page.');
      const { id } = facts.record;
      const { root } = record.commitment;
      const make = async () => pageDocument(id, root, page, known);
      sendBody(res, await bodies.of(`page ${page} ${id}`, root, make), FOR_EVER);
    })
    .all(methodNotAllowed('GET'));

  app
    .route(`${path}/sealed`)
    .get(async (req, res) => {
      const draw = await drawOf(req);
      const { facts, record } = draw;
      if (facts.canceled !== null) throw new FramecueError('ERR_INTERACTION_CANCELED');
      if (record?.state !== 'drawn') throw notYet(draw);
      const make = () => results.sealed({ ...draw, record });
      sendBody(res, await bodies.of(`sealed ${record.interaction}`, '', make), FOR_EVER);
    })
    .all(methodNotAllowed('GET'));

  // What the reveal cue has to carry: whoever has it can open the result. Media asks with the token of its feed, which
  // shows events all cues ahead of their pictures anyway.
  app
    .route(`${path}/reveal`)
    .get(async (req, res) => {
      const isMedia = tokens.find(bearerTokenOf(req) ?? '')?.rights.has('feed') === true;
      if (!isMedia) refuseRehearsal(holderWithRight(tokens, req, 'direct'));
      const { record } = (await catalog.get(idOf(req))).facts;
      const isDraw = record.type === 'lottery' && seedHashIn(record) !== null;
      const key = isDraw ? { resultKey: toBase64Url(secrets.resultKeyOf(record)) } : {};
      res.set('Cache-Control', 'no-store').json({ data: { interaction: record.id, ...key } });
    })
    .all(methodNotAllowed('GET'));

  app
    .route(`${path}/mine`)
    .get(requireViewer(viewers, clock), async (req, res) => {
      const draw = await drawOf(req);
      const viewer = viewerOf(res);
      const { facts, config, record } = draw;
      const { id } = facts.record;
      const own = await books.ask('draw.mine', { interaction: id, viewer });
      const commitment = record?.commitment ?? null;
      const place =
        own === null || own.page === null || commitment === null
          ? null
          : await lists.placeOf(id, own.page, { receipt: own.receipt, viewer });
      const won = isRevealed(draw) ? (own?.won ?? null) : null;
      const prize = won === null ? null : config.prizes[won.prize]!;
      res.set('Cache-Control', 'no-store').json({
        ...{ interaction: id, state: drawDocument(draw, null).state },
        entry: own === null ? null : { receipt: own.receipt, status: own.status },
        place:
          place === null
            ? null
            : {
                ...{ index: place.index, count: commitment!.count, root: commitment!.root, tier: place.tier },
                ...{ leaf: toBase64Url(place.leaf), path: place.path.map(toBase64Url) },
              },
        prize:
          won === null || prize === null
            ? null
            : {
                ...{ place: won.place, prize: prize.prize, title: prize.title ?? prize.prize },
                right: won.outcome === 'earned' ? won.right : null,
                grant: won.grant,
              },
      });
    })
    .all(methodNotAllowed('GET'));

  app
    .route(`${path}/draw/randomness`)
    .post(requireDirector(tokens), async (req, res) => {
      const given = readRound(RandomnessRequest.parse(req.body ?? {}))!;
      const { facts } = await drawOf(req);
      await draws.give(facts.record.id, given, holderOf(res).name);
      const draw = await readDraw(facts.record.id);
      res.status(202).set('Cache-Control', 'no-store').json(drawDocument(draw, null));
    })
    .all(methodNotAllowed('POST'));

  app
    .route(`${path}/draw/rebook`)
    .post(requireRight(tokens, 'treasurer'), async (req, res) => {
      const { facts } = await drawOf(req);
      const given = { interaction: facts.record.id, by: holderOf(res).name, limit: REBOOK_AT_ONCE };
      const outcome = await books.perform('draw.rebook', { ...given, atUs: clock.unixUs() });
      if (outcome.kind === 'refused') throw new FramecueError(outcome.code);
      res.set('Cache-Control', 'no-store').json({ earned: outcome.earned, short: outcome.short });
    })
    .all(methodNotAllowed('POST'));
}
