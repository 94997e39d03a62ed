import type { Express, Request } from 'express';
import { z } from 'zod';
import { ID_PATTERN, STREAM_PATTERN } from '../../cues/wire/index.ts';
import type { Clock } from '../../packet/clock.ts';
import { FramecueError } from '../../packet/errors.ts';
import { bearerTokenOf, holderWithRight, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Catalog } from '../interactions/catalog.ts';
import { INTERACTION_TYPES } from '../interactions/registry.ts';
import type { RehearsalRounds } from '../interactions/rehearsal-rounds.ts';
import { limitOf, Page } from './paging.ts';
import { interactionBody, rehearsalBody, resultBody } from './views.ts';

const TYPE_NAMES = [...INTERACTION_TYPES.keys()];

/** What creates an interaction, whatever its type; `config` is its type's own matter. */
const Base = z.strictObject({
  id: z.string().regex(ID_PATTERN).optional(),
  type: z.enum(TYPE_NAMES),
  show: z.string().regex(ID_PATTERN).optional(),
  /** `app/name`; absent: the stream whose cue opens it. */
  stream: z.string().regex(STREAM_PATTERN).optional(),
  config: z.looseObject({}),
  /** Takes answers of shadow viewers alone, and can never earn. */
  shadow: z.boolean().optional(),
});

const BY_TYPE: ReadonlyMap<string, z.ZodType<z.infer<typeof Base>>> = new Map(
  [...INTERACTION_TYPES.values()].map(({ name, configSchema }) => [
    name,
    Base.extend({ config: configSchema }) as unknown as z.ZodType<z.infer<typeof Base>>,
  ]),
);

/** For the API's description: whatever type it is. */
export const AnyInteraction = z.union([...BY_TYPE.values()]);

const MAX_PAGE = 200;

/** Everybody may have it, from a cache too, for as long as nobody minds. */
const PUBLIC_A_SECOND = 'public, max-age=1';
const cachingFor = (forWhom: 'staff' | 'public'): string =>
  forWhom === 'staff' ? 'no-store' : PUBLIC_A_SECOND;

export function interactionRoutes(
  app: Express,
  {
    catalog,
    rehearsals,
    clock,
    tokens,
  }: {
    readonly catalog: Catalog;
    readonly rehearsals: RehearsalRounds;
    readonly clock: Clock;
    readonly tokens: TokenRegistry;
  },
): void {
  // A token that is sent must be good: one that is wrong is not the same as none.
  const readerOf = (req: Request): 'staff' | 'public' => {
    if (bearerTokenOf(req) === null) return 'public';
    holderWithRight(tokens, req, 'read');
    return 'staff';
  };

  app
    .route('/api/v1/interactions')
    .post(requireRight(tokens, 'direct'), async (req, res) => {
      const { type } = Base.parse(req.body ?? {});
      const wanted = BY_TYPE.get(type)!.parse(req.body);
      const view = await catalog.create(wanted as Parameters<Catalog['create']>[0]);
      res
        .status(201)
        .location(`/api/v1/interactions/${view.facts.record.id}`)
        .set('Cache-Control', 'no-store')
        .json(interactionBody(view, 'staff'));
    })
    .get(requireRight(tokens, 'read'), async (req, res) => {
      const page = Page.parse(req.query);
      const limit = limitOf(page, MAX_PAGE);
      const { views, next } = await catalog.list({
        limit,
        ...(page.before === undefined ? {} : { before: Number(page.before) }),
      });
      res.set('Cache-Control', 'no-store').json({
        interactions: views.map((view) => interactionBody(view, 'staff')),
        next,
      });
    })
    .all(methodNotAllowed('GET', 'POST'));

  app
    .route('/api/v1/interactions/:id')
    .get(async (req, res) => {
      const forWhom = readerOf(req);
      const view = await catalog.get(idOf(req));
      res
        .vary('Authorization')
        .set('Cache-Control', cachingFor(forWhom))
        .json(interactionBody(view, forWhom));
    })
    .all(methodNotAllowed('GET'));

  // What media fills into an opening cue that names the interaction alone.
  app
    .route('/api/v1/interactions/:id/opening')
    .get(async (req, res) => {
      const { facts, prepared } = await catalog.get(idOf(req));
      res.set('Cache-Control', PUBLIC_A_SECOND).json({
        data: { interaction: facts.record.id, ...prepared.openingData },
        ...(prepared.durationMs === null ? {} : { durationMs: prepared.durationMs }),
      });
    })
    .all(methodNotAllowed('GET'));

  // What a rehearsal of it came to, the newest; the interaction's own result knows nothing of it.
  app
    .route('/api/v1/interactions/:id/rehearsal')
    .get((req, res) => {
      const forWhom = readerOf(req);
      const round = rehearsals.latestOf(idOf(req));
      if (round === null) throw new FramecueError('ERR_INTERACTION_UNKNOWN', 'It has not been rehearsed.');
      res
        .vary('Authorization')
        .set('Cache-Control', cachingFor(forWhom))
        .json(rehearsalBody(round, clock.unixUs(), forWhom));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/interactions/:id/result')
    .get(async (req, res) => {
      const view = await catalog.get(idOf(req));
      const tally = await catalog.tallyOf(view);
      // Express adds the ETag, and answers 304 to who has it.
      res.set('Cache-Control', PUBLIC_A_SECOND).json(resultBody(view, tally));
    })
    .all(methodNotAllowed('GET'));
}

function idOf(req: Request): string {
  const { id } = req.params;
  if (typeof id !== 'string' || !ID_PATTERN.test(id)) throw new FramecueError('ERR_INTERACTION_UNKNOWN');
  return id;
}
