import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { JsonObject, UnixMs } from '../../service/openapi/parts.ts';
import { ACCOUNTS, MOVES, PURPOSES, TIERS } from '../ledger/treasury.ts';
import { Page } from './paging.ts';
import {
  BoxesQuery,
  BoxesRequest,
  CloseRequest,
  FundRequest,
  GrantsQuery,
  IdempotencyKey,
  NoBody,
  PeopleQuery,
  PoolRequest,
  PoolsQuery,
  ReverseRequest,
  RightsQuery,
  ShowQuery,
  ShowRequest,
} from './treasury-requests.ts';

const Amount = z.strictObject({
  pieces: z.number(),
  amountMinor: z.number().meta({ description: 'In minor units of the currency.' }),
});
const Balances = z
  .strictObject(Object.fromEntries(ACCOUNTS.map((account) => [account, Amount])))
  .meta({ description: '`funded + sweptIn = free + reserved + granted + sweptOut`, at all times.' });
const pool = {
  ...{ id: z.string(), show: z.string(), title: z.string(), tier: z.enum(TIERS), purpose: z.enum(PURPOSES) },
  currency: z.string(),
  state: z
    .enum(['open', 'closed'])
    .meta({ description: 'By hand or by a measure; apart from its schedule.' }),
  closedWhy: z.string().nullable(),
  ...{ opensAt: UnixMs.nullable(), closesAt: UnixMs.nullable(), openedAt: UnixMs },
  regions: z
    .strictObject({ allow: z.array(z.string()).nullable(), deny: z.array(z.string()).nullable() })
    .nullable(),
  leftover: z.union([
    z.strictObject({ rule: z.literal('return') }),
    z.strictObject({ rule: z.literal('to'), pool: z.string() }),
  ]),
  ...{ sweepAtEnd: z.boolean(), reverseOnVoid: z.boolean(), balances: Balances },
};
const repeated = { repeated: z.boolean().meta({ description: 'It had been done already.' }) };
const Next = z
  .number()
  .nullable()
  .meta({ description: '`before` of the next page; null: this is the last.' });
const Pool = z.strictObject(pool);
const Right = z.strictObject({
  ...{ id: z.string(), interaction: z.string(), viewer: z.string(), pool: z.string(), prize: z.string() },
  ...{ amountMinor: z.number(), currency: z.string(), cause: z.string() },
  expiresAt: UnixMs.nullable().meta({ description: 'Of a reservation.' }),
  state: z.enum(['earned', 'released', 'granted', 'voided']),
  why: z.string().nullable().meta({ description: 'Why it was voided.' }),
  earnedAt: UnixMs,
});
const grant = {
  id: z.string().meta({ description: 'The idempotency key downstream.' }),
  ...{ right: z.string(), interaction: z.string(), viewer: z.string(), pool: z.string(), prize: z.string() },
  ...{ amountMinor: z.number(), currency: z.string(), madeAt: UnixMs },
  reversed: z.strictObject({ at: UnixMs, why: z.string() }).nullable(),
};
const measure = {
  ...{ id: z.string(), show: z.string(), title: z.string() },
  ...{ when: JsonObject.nullable(), do: JsonObject, auto: z.boolean() },
  state: z.enum(['prepared', 'applied', 'reverted']),
  ...{ appliedAt: UnixMs.nullable(), before: JsonObject.nullable() },
  due: z
    .boolean()
    .nullable()
    .meta({ description: 'It is prepared, and its condition is fulfilled now; null: it has none.' }),
};
const Measures = z.array(z.strictObject(measure));
const boxes = {
  ...{ show: z.string(), dropPpm: z.number(), threshold: z.number(), boxes: z.number() },
  viewers: z.number().meta({ description: 'Who have any.' }),
  high: z.number().meta({ description: 'Of these, who draw from the high pools.' }),
  levels: z.array(z.strictObject({ n: z.number(), viewers: z.number() })),
};
const Rules = z.strictObject({
  ...{ show: z.string(), dropPpm: z.number(), threshold: z.number(), measures: Measures },
});
const Rights = z.strictObject({
  ...{ earned: z.number(), reserved: z.number(), released: z.number() },
  ...{ granted: z.number(), reversed: z.number(), voided: z.number() },
});
/** A draw for those who look after it. */
export const DrawLine = z.strictObject({
  ...{ interaction: z.string(), show: z.string().nullable(), title: z.string(), shadow: z.boolean() },
  state: z.enum(['frozen', 'committed', 'booking', 'drawn', 'revealed', 'void']),
  since: UnixMs.meta({ description: 'In this state.' }),
  problem: z
    .strictObject({
      code: z.enum(['seed-lost', 'no-randomness', 'list-changed', 'failed']),
      since: UnixMs,
    })
    .nullable()
    .meta({ description: 'It gets no further for now; null: nothing is in its way.' }),
  entrants: z.number().nullable().meta({ description: 'Null until the list is committed to.' }),
  winners: z.number(),
  short: z.number().meta({ description: 'Winners without a right, until a pool is filled or opened.' }),
  excluded: z
    .number()
    .meta({ description: 'Winners without a right for good: the pool is not for their region.' }),
  lacks: z
    .strictObject({
      pool: z.string(),
      outcome: z.enum(['empty', 'closed', 'no-pool', 'earned', 'already', 'not-eligible']),
    })
    .nullable()
    .meta({ description: 'What the first winner who is short needs.' }),
  round: z.number().nullable().meta({ description: 'Of drand.' }),
  roundAt: UnixMs.nullable(),
  settled: z.boolean().meta({ description: 'Every winner has a right, or will get none.' }),
  next: z.string().nullable().meta({ description: 'What to do now, for people.' }),
});
export type DrawLine = z.infer<typeof DrawLine>;
const Draws = z.array(DrawLine);

const idempotent = {
  'Idempotency-Key': { text: 'Given again, it is the same request.', schema: IdempotencyKey },
};
const PoolDone = {
  200: { text: 'The pool as it is now.', schema: z.strictObject({ ...pool, ...repeated }) },
};
const MeasureDone = {
  200: { text: 'The measure as it is now.', schema: z.strictObject({ ...measure, ...repeated }) },
};

/** The operations of the treasury's routes. */
export const TREASURY_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/v1/pools',
    tag: 'prizes',
    summary: 'Pools and their balances',
    right: 'read',
    query: PoolsQuery,
    answers: {
      200: {
        text: 'By id; `next` is `after` of the next page.',
        schema: z.strictObject({ pools: z.array(Pool), next: z.string().nullable() }),
      },
    },
  },
  {
    method: 'post',
    path: '/api/v1/pools',
    tag: 'prizes',
    summary: 'Open a pool',
    right: 'treasurer',
    body: { schema: PoolRequest },
    answers: {
      201: { text: 'The pool.', schema: Pool },
      200: { text: 'It was opened before, with these terms.', schema: Pool },
    },
    errors: ['ERR_POOL_EXISTS', 'ERR_POOL_UNKNOWN', 'ERR_AMOUNT_INVALID'],
  },
  {
    method: 'get',
    path: '/api/v1/pools/{id}',
    tag: 'prizes',
    summary: 'One pool and its movements',
    right: 'read',
    query: Page,
    answers: {
      200: {
        text: 'Movements newest first.',
        schema: z.strictObject({
          ...pool,
          movements: z.array(
            z.strictObject({
              ...{
                seq: z.number(),
                at: UnixMs,
                move: z.enum(MOVES),
                pieces: z.number(),
                amountMinor: z.number(),
              },
              ref: z.string().meta({ description: "The right, or the caller's key." }),
            }),
          ),
          next: Next,
        }),
      },
    },
    errors: ['ERR_POOL_UNKNOWN'],
  },
  {
    method: 'post',
    path: '/api/v1/pools/{id}/fund',
    tag: 'prizes',
    summary: 'Add pieces and money',
    right: 'treasurer',
    headers: idempotent,
    body: { schema: FundRequest },
    answers: PoolDone,
    errors: ['ERR_POOL_UNKNOWN', 'ERR_AMOUNT_INVALID', 'ERR_IDEMPOTENCY_CONFLICT'],
  },
  {
    method: 'post',
    path: '/api/v1/pools/{id}/close',
    tag: 'prizes',
    summary: 'Close a pool: nothing is earned from it any more',
    right: 'treasurer',
    body: { schema: CloseRequest, optional: true },
    answers: PoolDone,
    errors: ['ERR_POOL_UNKNOWN'],
  },
  {
    method: 'post',
    path: '/api/v1/pools/{id}/reopen',
    tag: 'prizes',
    summary: 'Open a closed pool again',
    right: 'treasurer',
    body: { schema: NoBody, optional: true },
    answers: PoolDone,
    errors: ['ERR_POOL_UNKNOWN'],
  },
  {
    method: 'post',
    path: '/api/v1/pools/{id}/sweep',
    tag: 'prizes',
    summary: 'Send what is left where the rule says',
    description: 'Once the pool is closed or its time is over. What is reserved stays.',
    right: 'treasurer',
    headers: idempotent,
    body: { schema: NoBody, optional: true },
    answers: {
      200: {
        text: 'What went, and where to: a pool, or null for returned.',
        schema: z.strictObject({ ...pool, swept: Amount, to: z.string().nullable(), ...repeated }),
      },
    },
    errors: ['ERR_POOL_UNKNOWN', 'ERR_POOL_STATE', 'ERR_AMOUNT_INVALID'],
  },
  {
    method: 'get',
    path: '/api/v1/rights',
    tag: 'prizes',
    summary: 'Who may have what, and what became of it',
    description:
      'Not for a token that only rehearses: a right is there from the draw on, ahead of the reveal.',
    right: 'read',
    query: RightsQuery,
    answers: {
      200: { text: 'Newest first.', schema: z.strictObject({ rights: z.array(Right), next: Next }) },
    },
  },
  {
    method: 'get',
    path: '/api/v1/grants',
    tag: 'prizes',
    summary: 'What has been given',
    right: 'read',
    query: GrantsQuery,
    answers: {
      200: {
        text: 'Newest first.',
        schema: z.strictObject({ grants: z.array(z.strictObject(grant)), next: Next }),
      },
    },
  },
  {
    method: 'post',
    path: '/api/v1/grants/{id}/reverse',
    tag: 'prizes',
    summary: 'Take a grant back',
    description: 'The piece is free again, and the reward platform is told behind the grant.',
    right: 'treasurer',
    body: { schema: ReverseRequest },
    answers: { 200: { text: 'The grant.', schema: z.strictObject({ ...grant, ...repeated }) } },
    errors: ['ERR_GRANT_UNKNOWN'],
  },
  {
    method: 'get',
    path: '/api/v1/shows/{show}/boxes',
    tag: 'prizes',
    summary: 'Treasure boxes: how many viewers have how many',
    right: 'read',
    query: BoxesQuery,
    answers: {
      200: {
        text: 'The distribution; with `?viewer=` also theirs.',
        schema: z.strictObject({
          ...boxes,
          viewer: z.strictObject({ boxes: z.number(), tier: z.enum(TIERS) }).optional(),
        }),
      },
    },
  },
  {
    method: 'post',
    path: '/api/v1/shows/{show}/boxes',
    tag: 'prizes',
    summary: 'Give a viewer boxes',
    right: 'direct',
    body: { schema: BoxesRequest },
    answers: {
      201: { text: 'Given.', schema: z.strictObject({ boxes: z.number(), ...repeated }) },
      200: {
        text: 'This cause had been given before.',
        schema: z.strictObject({ boxes: z.number(), ...repeated }),
      },
    },
    errors: ['ERR_AMOUNT_INVALID', 'ERR_IDEMPOTENCY_CONFLICT'],
  },
  {
    method: 'get',
    path: '/api/v1/shows/{show}/measures',
    tag: 'prizes',
    summary: 'The rules of boxes, and what is prepared to change them',
    right: 'read',
    answers: { 200: { text: 'As they hold now.', schema: Rules } },
  },
  {
    method: 'put',
    path: '/api/v1/shows/{show}/measures',
    tag: 'prizes',
    summary: 'Set the rules, and prepare measures',
    description: 'The whole list. One that is applied must be reverted before it is changed or left out.',
    right: 'treasurer',
    body: { schema: ShowRequest },
    answers: { 200: { text: 'As they hold now.', schema: Rules } },
    errors: ['ERR_MEASURE_STATE'],
  },
  {
    method: 'post',
    path: '/api/v1/shows/{show}/measures/{id}/apply',
    tag: 'prizes',
    summary: 'Apply a measure by hand',
    right: 'direct',
    body: { schema: NoBody, optional: true },
    answers: MeasureDone,
    errors: ['ERR_MEASURE_UNKNOWN', 'ERR_MEASURE_STATE', 'ERR_POOL_UNKNOWN'],
  },
  {
    method: 'post',
    path: '/api/v1/shows/{show}/measures/{id}/revert',
    tag: 'prizes',
    summary: 'Put back what a measure changed',
    right: 'direct',
    body: { schema: NoBody, optional: true },
    answers: MeasureDone,
    errors: ['ERR_MEASURE_UNKNOWN', 'ERR_MEASURE_STATE'],
  },
  {
    method: 'post',
    path: '/api/v1/measures/{id}/apply',
    tag: 'prizes',
    summary: 'Apply a measure by hand, by its id alone',
    description: 'Of the one show that has a measure of this id; where several have, name the show.',
    right: 'direct',
    body: { schema: NoBody, optional: true },
    answers: MeasureDone,
    errors: ['ERR_MEASURE_UNKNOWN', 'ERR_MEASURE_STATE', 'ERR_POOL_UNKNOWN', 'ERR_MEASURE_OF_SHOWS'],
  },
  {
    method: 'post',
    path: '/api/v1/measures/{id}/revert',
    tag: 'prizes',
    summary: 'Put back what a measure changed, by its id alone',
    description: 'Of the one show that has a measure of this id; where several have, name the show.',
    right: 'direct',
    body: { schema: NoBody, optional: true },
    answers: MeasureDone,
    errors: ['ERR_MEASURE_UNKNOWN', 'ERR_MEASURE_STATE', 'ERR_MEASURE_OF_SHOWS'],
  },
  {
    method: 'get',
    path: '/api/v1/treasury',
    tag: 'prizes',
    summary: 'All of it at a glance, for the page of prizes',
    right: 'read',
    query: ShowQuery,
    answers: {
      200: {
        text: 'Up to 1,000 pools. Draws newest first: the newest 50, and 50 each that are not over or lack a right.',
        schema: z.strictObject({
          at: UnixMs,
          ...{ pools: z.array(Pool), rights: Rights },
          totals: z.array(z.strictObject({ currency: z.string(), pools: z.number(), balances: Balances })),
          shows: z.array(z.strictObject({ boxes: z.strictObject(boxes), measures: Measures })),
          draws: Draws,
        }),
      },
    },
  },
  {
    method: 'get',
    path: '/api/v1/treasury/account',
    tag: 'prizes',
    summary: 'Where every piece is, counted one by one',
    description:
      'For the end of a show: each piece is granted, or swept by the rule, or it is said what it waits for.',
    right: 'read',
    query: ShowQuery,
    answers: {
      200: {
        text: '`settled`: every piece is granted or swept, no draw owes anything, and nothing is wrong.',
        schema: z.strictObject({
          ...{ at: UnixMs, settled: z.boolean(), inOrder: z.boolean() },
          missing: z.array(z.string()).meta({ description: 'Why it is not settled, in words.' }),
          draws: Draws.meta({ description: 'That are not settled, or have winners who get nothing.' }),
          accounts: z.array(
            z.strictObject({
              ...{ pool: Pool, grants: Amount, free: Amount, settled: z.boolean() },
              waiting: z.array(
                Amount.extend({
                  interaction: z.string(),
                  waitsFor: z.enum(['reveal', 'order', 'grant', 'voiding']),
                }),
              ),
              swept: z.array(Amount.extend({ to: z.string().nullable(), at: UnixMs })),
              wrong: z.array(z.string()).meta({ description: 'What does not add up, in words.' }),
            }),
          ),
        }),
      },
    },
  },
  {
    method: 'get',
    path: '/api/v1/people',
    tag: 'prizes',
    summary: 'What people have done',
    right: 'read',
    query: PeopleQuery,
    answers: {
      200: {
        text: 'Newest first.',
        schema: z.strictObject({
          people: z.array(
            z.strictObject({
              ...{ seq: z.number(), at: UnixMs, by: z.string(), what: z.string(), target: z.string() },
              details: JsonObject,
            }),
          ),
          next: Next,
        }),
      },
    },
  },
];
