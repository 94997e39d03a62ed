import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { OutboxQuery, ReviveAll } from './routes.ts';
import { OutboxItemBody, OutboxStatusBody } from './views.ts';

export const OUTBOX_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/v1/outbox',
    tag: 'prizes',
    summary: 'What is told to the reward platform, newest first',
    right: 'read',
    query: OutboxQuery,
    answers: {
      200: {
        text: 'A page of them; `next` goes into `before` of the next request.',
        schema: z.strictObject({ items: z.array(OutboxItemBody), next: z.number().nullable() }),
      },
    },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: '/api/v1/outbox/status',
    tag: 'prizes',
    summary: 'How the way out stands: lag, breakers and calls, pool by pool',
    right: 'read',
    answers: { 200: { text: 'As it stands.', schema: OutboxStatusBody } },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: '/api/v1/outbox/{id}',
    tag: 'prizes',
    summary: 'One item of the outbox',
    right: 'read',
    answers: { 200: { text: 'As it stands.', schema: OutboxItemBody } },
    errors: ['ERR_OUTBOX_UNKNOWN', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'post',
    path: '/api/v1/outbox/{id}/revive',
    tag: 'prizes',
    summary: 'Send a dead letter again, under the same id',
    description: 'Pressed twice it is revived once. One that has been taken back is not sent any more.',
    right: 'treasurer',
    answers: {
      200: {
        text: '`revived` is false where it was not dead.',
        schema: z.strictObject({ revived: z.boolean(), item: OutboxItemBody }),
      },
    },
    errors: ['ERR_OUTBOX_UNKNOWN', 'ERR_OUTBOX_STATE', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'post',
    path: '/api/v1/outbox/revive',
    tag: 'prizes',
    summary: 'Send the dead letters of a pool, or all of them, again',
    description: 'The oldest 500; ask again while some are `left`. Those that were taken back stay dead.',
    right: 'treasurer',
    body: { schema: ReviveAll, optional: true },
    answers: {
      200: { text: 'How many.', schema: z.strictObject({ revived: z.number(), left: z.number() }) },
    },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
];
