import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { SpanMs, UnixMs } from '../../service/openapi/parts.ts';
import { OrderRequest } from './sale.ts';
import { IdempotencyKey } from './treasury-requests.ts';

const Reservation = z.strictObject({
  id: z.string().meta({ description: "The receipt's id." }),
  interaction: z.string(),
  state: z
    .enum([
      ...(['reserved', 'ordered', 'confirmed', 'declined'] as const),
      ...(['taken-back', 'expired', 'given-back', 'cancelled'] as const),
    ])
    .meta({
      description: '`confirmed`: the reward platform has taken the order; `declined`: it has refused it.',
    }),
  priceMinor: z.number(),
  currency: z.string(),
  reservedAt: UnixMs,
  expiresAt: UnixMs.meta({ description: 'An order behind this moment is refused.' }),
  order: z.strictObject({ id: z.string(), orderedAt: UnixMs.nullable() }).nullable(),
});

const Asked = z.strictObject({ reservation: Reservation, repeated: z.boolean() });

const path = '/api/v1/interactions/{id}';

/** Flash sales; the wish for a piece itself is a submission (docs/flash-sale.md). */
export const SALE_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: `${path}/sale`,
    tag: 'sales',
    summary: 'A flash sale: what is left, and how long the line is',
    right: null,
    answers: {
      200: {
        text: 'As it stands; cacheable for a second.',
        schema: z.strictObject({
          ...{ interaction: z.string(), state: z.string(), title: z.string() },
          ...{ priceMinor: z.number(), currency: z.string(), reservationMs: SpanMs },
          sale: z.enum(['closed', 'on-sale', 'all-reserved', 'sold-out']),
          stock: z.strictObject({ free: z.number(), reserved: z.number(), ordered: z.number() }),
          line: z
            .strictObject({ perSecond: z.number(), waitMs: SpanMs })
            .nullable()
            .meta({ description: 'What whoever comes now has to wait; null: there is no line.' }),
        }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: `${path}/reservation`,
    tag: 'sales',
    summary: "The viewer's own reservation and place in the line",
    right: 'viewer',
    answers: {
      200: {
        text: 'As they stand.',
        schema: z.strictObject({
          at: UnixMs,
          reservation: Reservation.nullable(),
          place: z.strictObject({ number: z.number(), turnAt: UnixMs, openUntil: UnixMs }).nullable(),
        }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN', 'ERR_SHADOW_VIEWER', 'ERR_TOKEN_EXPIRED', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'delete',
    path: `${path}/reservation`,
    tag: 'sales',
    summary: 'Give a reservation back',
    description: 'Its piece is for sale again at once. Each viewer reserves once in a sale.',
    right: 'viewer',
    answers: { 200: { text: 'It is given back, or was.', schema: Asked } },
    errors: [
      ...(['ERR_INTERACTION_UNKNOWN', 'ERR_RESERVATION_NONE', 'ERR_RESERVATION_OVER'] as const),
      ...(['ERR_SHADOW_VIEWER', 'ERR_TOKEN_EXPIRED', 'ERR_STORE_UNAVAILABLE'] as const),
    ],
  },
  {
    method: 'post',
    path: `${path}/order`,
    tag: 'sales',
    summary: 'Order what is reserved',
    description:
      'Committed before it is answered; goes to the reward platform as `order.placed`. A repeat under the same Idempotency-Key gives the order as it stands.',
    right: 'viewer',
    headers: {
      'Idempotency-Key': { text: 'Of this order; keep it over repeats.', schema: IdempotencyKey },
    },
    body: { schema: OrderRequest, optional: true },
    answers: {
      200: { text: 'It was ordered before, under this key.', schema: Asked },
      201: { text: 'It is ordered.', schema: Asked },
    },
    errors: [
      ...(['ERR_INTERACTION_UNKNOWN', 'ERR_INTERACTION_CANCELED', 'ERR_RESERVATION_NONE'] as const),
      ...(['ERR_RESERVATION_OVER', 'ERR_ORDER_EXISTS', 'ERR_IDEMPOTENCY_CONFLICT'] as const),
      ...(['ERR_SHADOW_VIEWER', 'ERR_TOKEN_EXPIRED', 'ERR_STORE_UNAVAILABLE'] as const),
    ],
  },
];
