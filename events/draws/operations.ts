import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { UnixMs } from '../../service/openapi/parts.ts';
import { PageQuery, RandomnessRequest } from './routes.ts';

const Hex = z.string().meta({ description: 'Lower-case hex.' });
const Base64Url = z.string().meta({ description: 'base64url without padding.' });
const Tiers = z.strictObject({ count: z.number(), digest: Hex });
const Beacon = z.strictObject({ round: z.number(), signature: Hex }).nullable();

const Draw = z.strictObject({
  v: z.literal(1),
  interaction: z.string(),
  state: z.enum(['open', 'frozen', 'committed', 'drawn', 'revealed', 'void']),
  seedHash: Hex,
  source: z.discriminatedUnion('kind', [
    z.strictObject({
      ...{ kind: z.literal('drand'), chain: Hex, publicKey: Hex },
      ...{ genesis: z.number(), period: z.number() },
    }),
    z.strictObject({ kind: z.literal('commit-reveal') }),
  ]),
  prizes: z.array(
    z.strictObject({ prize: z.string(), pieces: z.number(), tier: z.enum(['high', 'low', 'any']) }),
  ),
  commitment: z
    .strictObject({
      ...{ text: z.string(), digest: Hex, count: z.number(), root: Hex, high: Tiers, pages: z.number() },
      ...{ round: z.number().nullable(), roundAt: UnixMs.nullable(), committedAt: UnixMs },
      moved: z.array(z.strictObject({ round: z.number(), at: UnixMs })),
    })
    .nullable(),
  result: z
    .strictObject({
      seed: Hex,
      beacon: Beacon,
      winners: z.array(z.strictObject({ index: z.number(), leaf: Base64Url, prize: z.string() })),
    })
    .nullable(),
  void: z.strictObject({ why: z.string(), at: UnixMs }).nullable(),
  staff: z
    .strictObject({
      problem: z.enum(['seed-lost', 'no-randomness', 'list-changed', 'failed']).nullable(),
      problemSince: UnixMs.nullable(),
      next: z.string().nullable().meta({ description: 'What to do now, for people.' }),
      ...{ winners: z.number(), booked: z.number(), short: z.number(), excluded: z.number() },
      ...{ publishedAt: UnixMs.nullable(), drawnAt: UnixMs.nullable() },
    })
    .optional()
    .meta({
      description:
        'With a token that may `read`. `short`: winners whose pool had no piece; `excluded`: not for their region.',
    }),
});

const path = '/api/v1/interactions/{id}';

/** Draws: docs/draws.md says what each byte is. */
export const DRAW_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: `${path}/draw`,
    tag: 'draws',
    summary: 'A draw, as anybody can check it',
    description: 'Result and seed once the round is revealed. `framecue verify-draw` computes it anew.',
    right: null,
    answers: { 200: { text: 'As it stands; cacheable for a second.', schema: Draw } },
    errors: ['ERR_INTERACTION_UNKNOWN'],
  },
  {
    method: 'get',
    path: `${path}/entrants`,
    tag: 'draws',
    summary: 'A page of the list of entrants',
    description: '8,192 leaves a page, from page 0; there once the draw is committed to.',
    right: null,
    query: PageQuery,
    answers: {
      200: {
        text: 'Never changes.',
        schema: z.strictObject({
          ...{ v: z.literal(1), interaction: z.string(), root: Hex, page: z.number() },
          ...{ leaves: Base64Url, high: Base64Url },
        }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN', 'ERR_DRAW_NOT_YET', 'ERR_NOT_FOUND'],
  },
  {
    method: 'get',
    path: `${path}/sealed`,
    tag: 'draws',
    summary: 'The result, sealed',
    description: "Opened by `resultKey` of the reveal cue's data. AES-256-GCM; the tag ends the ciphertext.",
    right: null,
    answers: {
      200: {
        text: 'Never changes.',
        schema: z.strictObject({
          ...{ v: z.literal(1), alg: z.literal('A256GCM'), iv: Base64Url, ciphertext: Base64Url },
        }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN', 'ERR_INTERACTION_CANCELED', 'ERR_DRAW_NOT_YET'],
  },
  {
    method: 'get',
    path: `${path}/reveal`,
    tag: 'draws',
    summary: 'What the reveal cue has to carry',
    description:
      'There from the creation on. Keep `resultKey` of a draw secret: it opens the result. Other interactions have ' +
      'none. Media fills it in by itself, with the token of its feed (right `feed`).',
    right: 'direct',
    answers: {
      200: {
        text: 'The `data` of the cue.',
        schema: z.strictObject({
          data: z.strictObject({ interaction: z.string(), resultKey: Base64Url.optional() }),
        }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN'],
  },
  {
    method: 'get',
    path: `${path}/mine`,
    tag: 'viewers',
    summary: "A viewer's own entry in a draw, and what they have won",
    right: 'viewer',
    answers: {
      200: {
        text: '`place` once the draw is committed to, `prize` once the round is revealed.',
        schema: z.strictObject({
          ...{ interaction: z.string(), state: Draw.shape.state },
          entry: z
            .strictObject({ receipt: z.string(), status: z.enum(['accepted', 'held', 'refused']) })
            .nullable(),
          place: z
            .strictObject({
              ...{ index: z.number(), count: z.number(), root: Hex, tier: z.enum(['high', 'low']) },
              ...{ leaf: Base64Url, path: z.array(Base64Url) },
            })
            .nullable(),
          prize: z
            .strictObject({
              ...{ place: z.number(), prize: z.string(), title: z.string() },
              right: z.enum(['earned', 'released', 'granted', 'voided']).nullable(),
              grant: z
                .strictObject({ id: z.string(), reversed: z.boolean(), delivered: z.boolean() })
                .nullable(),
            })
            .nullable(),
        }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN', 'ERR_TOKEN_EXPIRED'],
  },
  {
    method: 'post',
    path: `${path}/draw/randomness`,
    tag: 'draws',
    summary: "Give the named round's signature by hand",
    description: 'Where no relay is reached: the JSON of the round, as any relay has it. It is checked.',
    right: 'direct',
    body: { schema: RandomnessRequest },
    answers: { 202: { text: 'It is signed by the network; the draw goes on.', schema: Draw } },
    errors: ['ERR_INTERACTION_UNKNOWN', 'ERR_DRAW_NOT_YET', 'ERR_DRAW_STATE', 'ERR_DRAW_RANDOMNESS'],
  },
  {
    method: 'post',
    path: `${path}/draw/rebook`,
    tag: 'draws',
    summary: 'Ask again for rights that were not to be had',
    description: 'When a pool has been filled or opened since: at most 500 winners a call.',
    right: 'treasurer',
    answers: {
      200: { text: 'What came of it.', schema: z.strictObject({ earned: z.number(), short: z.number() }) },
    },
    errors: ['ERR_INTERACTION_UNKNOWN', 'ERR_DRAW_NOT_YET', 'ERR_DRAW_STATE'],
  },
];
