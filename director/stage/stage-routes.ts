import { type Request, type RequestHandler, type Response, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { bearerTokenOf, holderWithRight, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import { withinRate } from '../../service/rate-limit.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Actor } from '../action.ts';
import { actorOf } from '../actor.ts';
import { consoleOf, streamOf } from '../console/requests.ts';
import {
  EventsQuery,
  LeaveRequest,
  ScreenRequest,
  ShowRequest,
  TICKET_DEFAULT_MS,
  TicketRequest,
  TouchRequest,
} from './requests.ts';
import type { Stage } from './stage.ts';
import type { StageChannel } from './stage-channel.ts';
import { isStageTicket, type StageTickets } from './stage-tickets.ts';

export interface StageRoutesOptions {
  readonly stage: Stage;
  readonly channel: StageChannel;
  readonly tickets: StageTickets;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  readonly isStreamAllowed: (stream: string) => boolean;
}

/** Who asks: by a token, or a stage machine by its ticket. */
interface Visitor {
  readonly by: string;
  readonly ticket: string | null;
  /** Whether it would still be let in. */
  readonly isGood: () => boolean;
}

/** Changes per second on one stream, by whomever. */
const RATE = 50;

/** `/api/v1/streams/{app}/{name}/stage...`. Mount it at `/api/v1/streams`. */
export function stageRoutes({
  stage,
  channel,
  tickets,
  tokens,
  clock,
  ...options
}: StageRoutesOptions): Router {
  const direct = requireRight(tokens, 'direct');
  const limiter = new RateLimiterMemory({ points: RATE, duration: 1 });
  const router = Router();

  const known = (params: { readonly [name: string]: unknown }): string => {
    const stream = streamOf(params);
    if (!options.isStreamAllowed(stream)) throw new FramecueError('ERR_NOT_FOUND');
    return stream;
  };

  /** @throws {FramecueError} as `holderWithRight`. */
  const visitorOf = (req: Request, right: 'read' | 'direct'): Visitor => {
    const token = bearerTokenOf(req);
    if (token === null || !isStageTicket(token)) {
      const { name } = holderWithRight(tokens, req, right);
      return { by: name, ticket: null, isGood: () => true };
    }
    const stream = streamOf(req.params);
    const ticket = tickets.find(stream, token);
    const mayDirect = (by: string) => tokens.named(by)?.rights.has('direct') === true;
    if (ticket === null || !mayDirect(ticket.by)) throw new FramecueError('ERR_TOKEN_INVALID');
    const isGood = () => tickets.find(stream, token) !== null && mayDirect(ticket.by);
    return { by: ticket.by, ticket: ticket.name, isGood };
  };

  const limit = (stream: string): Promise<void> => withinRate(limiter, stream);

  const answer = (res: Response, body: object): void => {
    res.set('Cache-Control', 'no-store').json(body);
  };
  const told = (stream: string, { ticket }: Visitor): object =>
    ticket === null ? stage.state(stream) : stage.screenState(stream);

  const get: RequestHandler = (req, res) => {
    const visitor = visitorOf(req, 'read');
    answer(res, told(known(req.params), visitor));
  };
  const screen: RequestHandler = async (req, res) => {
    const visitor = visitorOf(req, 'direct');
    const stream = known(req.params);
    await limit(stream);
    const wanted = ScreenRequest.parse(req.body ?? {});
    stage.screen(stream, wanted, { by: visitor.by, console: `stage:${wanted.screen}` });
    answer(res, told(stream, visitor));
  };
  const show: RequestHandler = async (req, res) => {
    const visitor = visitorOf(req, 'direct');
    const stream = known(req.params);
    await limit(stream);
    const console = visitor.ticket === null ? consoleOf(req) : `stage:${visitor.ticket}`;
    stage.show(stream, ShowRequest.parse(req.body ?? {}), { by: visitor.by, console });
    answer(res, told(stream, visitor));
  };
  const leave: RequestHandler = async (req, res) => {
    const stream = known(req.params);
    await limit(stream);
    const who: Actor = actorOf(req, res);
    answer(res, { leave: await stage.leave(stream, LeaveRequest.parse(req.body ?? {}), who) });
  };
  const touch: RequestHandler = async (req, res) => {
    const receivedAt = clock.unixMs();
    visitorOf(req, 'direct');
    const stream = known(req.params);
    await limit(stream);
    const { screen: id, leave: on } = TouchRequest.parse(req.body ?? {});
    const touched = await stage.touch(stream, id, on, receivedAt);
    res.status(touched.repeated ? 200 : 202);
    answer(res, touched);
  };
  const follow: RequestHandler = (req, res, next) => {
    const { isGood } = visitorOf(req, 'read');
    EventsQuery.parse(req.query);
    channel.open(known(req.params), isGood, req, res, next);
  };
  const makeTicket: RequestHandler = async (req, res) => {
    const stream = known(req.params);
    await limit(stream);
    const { name = 'Stage', forMs = TICKET_DEFAULT_MS } = TicketRequest.parse(req.body ?? {});
    const { by } = actorOf(req, res);
    const { ticket, token } = await tickets.make(stream, name, by, forMs);
    res.status(201);
    answer(res, { ...ticket, token });
  };
  const dropTicket: RequestHandler = async (req, res) => {
    const isGone = await tickets.drop(known(req.params), String(req.params.ticket));
    channel.checkAll();
    if (!isGone) throw new FramecueError('ERR_NOT_FOUND', 'There is no such stage ticket.');
    res.status(204).end();
  };

  router.route('/:app/:name/stage').get(get).post(screen).all(methodNotAllowed('GET', 'POST'));
  router.route('/:app/:name/stage/show').put(show).all(methodNotAllowed('PUT'));
  router.route('/:app/:name/stage/leave').put(direct, leave).all(methodNotAllowed('PUT'));
  router.route('/:app/:name/stage/take').post(touch).all(methodNotAllowed('POST'));
  router
    .route('/:app/:name/stage/events')
    .head(methodNotAllowed('GET'))
    .get(follow)
    .all(methodNotAllowed('GET'));
  router
    .route('/:app/:name/stage/tickets')
    .get(direct, (req, res) => answer(res, { tickets: tickets.list(known(req.params)) }))
    .post(direct, makeTicket)
    .all(methodNotAllowed('GET', 'POST'));
  router
    .route('/:app/:name/stage/tickets/:ticket')
    .delete(direct, dropTicket)
    .all(methodNotAllowed('DELETE'));
  return router;
}
