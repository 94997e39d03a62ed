import { z } from 'zod';
import { KEYS_PATH } from '../../cues/wire/index.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import { JsonObject, Pts, SpanMs, UnixMs, UnixUs } from '../../service/openapi/parts.ts';
import { CACHED_CLOCK_PATH, CLOCK_PATH } from '../clock.ts';
import { AnyInteraction } from './interactions.ts';
import { Page } from './paging.ts';
import { Reports } from './reports.ts';
import { DemoRequest, SessionRequest } from './session.ts';
import { DelayReports } from './spread-operations.ts';

const STATES = ['SCHEDULED', 'ACTIVE', 'LOCKED', 'RESOLVED', 'CANCELED'] as const;

const moments = {
  openedAt: UnixMs.optional(),
  locksAt: UnixMs.optional(),
  lockedAt: UnixMs.optional(),
  settlesAt: UnixMs.optional().meta({
    description: 'From then on no answer is taken and counts stand still.',
  }),
  resolvedAt: UnixMs.optional(),
  canceledAt: UnixMs.optional(),
};

const Interaction = z.strictObject({
  id: z.string(),
  type: z.string(),
  show: z.string().optional(),
  stream: z.string().optional(),
  shadow: z
    .literal(true)
    .optional()
    .meta({ description: 'Of a load test: nothing is ever given away for it.' }),
  state: z.enum(STATES),
  ...moments,
  createdAt: UnixMs,
  cue: z.string().optional().meta({ description: 'The cue that opened it.' }),
  config: JsonObject.meta({ description: 'For viewers without what they may not see yet.' }),
});

/** Each type of interaction adds fields of its own: a quiz `counts` and, once revealed, `correct`. */
const Result = z.looseObject({
  id: z.string(),
  shadow: z.literal(true).optional(),
  state: z.enum(STATES),
  ...moments,
  total: z.number(),
});

const DueCues = z.strictObject({
  at: UnixUs,
  cues: z.array(
    z.strictObject({
      id: z.string(),
      rev: z.number(),
      type: z.string(),
      ref: z.string().optional(),
      show: z.string().optional(),
      rehearsal: z.literal(true).optional(),
      audience: JsonObject.optional(),
      data: JsonObject,
      fireAt: UnixUs,
      durationMs: SpanMs.optional(),
      alignAt: UnixMs.optional(),
      exp: UnixMs,
      epoch: z.string(),
      pts: Pts,
    }),
  ),
  delayReports: DelayReports,
});

const Session = z.strictObject({
  ...{ token: z.string(), viewer: z.string(), expiresAt: UnixMs },
  delayReports: DelayReports,
});

const SubmissionReceipt = z.strictObject({
  receipt: z.looseObject({
    id: z.string(),
    interaction: z.string(),
    status: z.enum(['accepted', 'held', 'rehearsal']),
    acceptedAt: UnixMs,
    repeated: z
      .boolean()
      .meta({ description: "An answer had been given before: this is that one's receipt." }),
  }),
});

const Waiting = z.strictObject({
  waiting: z.strictObject({
    ticket: z
      .string()
      .meta({ description: 'Goes into `ticket` of the next request; good for this viewer alone.' }),
    position: z.number().meta({ description: "Turns until the viewer's, theirs included." }),
    waitMs: SpanMs,
    turnAt: UnixMs,
    openUntil: UnixMs.meta({ description: 'Who has not come by then goes to the end of the line.' }),
    retryAfterMs: SpanMs,
  }),
});

const Submission = z.looseObject({
  cue: z.string().meta({ description: 'The cue that opened the interaction for this viewer.' }),
  choice: z.int().min(0).optional().meta({ description: 'Of a quiz: index of the option.' }),
  ticket: z
    .string()
    .optional()
    .meta({ description: 'Of a flash sale: the place in its line, as it was told.' }),
});

const Clock = z.strictObject({
  t1: z.number().nullable(),
  t2: UnixUs,
  t3: UnixUs,
  iso: z.string(),
  steps: z.number().meta({ description: 'How often this clock has jumped since the start.' }),
});

/** What the events process answers, beside what rooms of its own tell of themselves. */
export const EVENTS_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/v1/interactions',
    tag: 'interactions',
    summary: 'Prepare an interaction',
    description:
      "Its `config` is its type's own. A cue of type `interaction.open` with `data.interaction` opens it.",
    right: 'direct',
    body: { schema: AnyInteraction },
    answers: { 201: { text: 'It is prepared.', schema: Interaction } },
    errors: ['ERR_INTERACTION_EXISTS', 'ERR_STORE_UNAVAILABLE', 'ERR_POOL_PURPOSE', 'ERR_AMOUNT_INVALID'],
  },
  {
    method: 'get',
    path: '/api/v1/interactions',
    tag: 'interactions',
    summary: 'Interactions, newest first',
    right: 'read',
    query: Page,
    answers: {
      200: {
        text: 'A page of them; `next` goes into `before` of the next request.',
        schema: z.strictObject({ interactions: z.array(Interaction), next: z.number().nullable() }),
      },
    },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: '/api/v1/interactions/{id}',
    tag: 'interactions',
    summary: 'One interaction',
    description: 'Anybody may ask; with a token that may `read`, the whole `config` is shown.',
    right: null,
    answers: { 200: { text: 'As it stands; cacheable for a second.', schema: Interaction } },
    errors: ['ERR_INTERACTION_UNKNOWN'],
  },
  {
    method: 'get',
    path: '/api/v1/interactions/{id}/opening',
    tag: 'interactions',
    summary: 'What its opening cue shows',
    description:
      'The `data` that media fills into an opening cue which names the interaction alone, and its window, where it was prepared with one and the cue has none. It never changes.',
    right: null,
    answers: {
      200: {
        text: 'Of its type.',
        schema: z.strictObject({ data: JsonObject, durationMs: z.int().positive().optional() }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN'],
  },
  {
    method: 'get',
    path: '/api/v1/interactions/{id}/result',
    tag: 'interactions',
    summary: 'The running or final result',
    right: null,
    answers: { 200: { text: 'As it stands; cacheable for a second.', schema: Result } },
    errors: ['ERR_INTERACTION_UNKNOWN'],
  },
  {
    method: 'get',
    path: '/api/v1/interactions/{id}/rehearsal',
    tag: 'interactions',
    summary: 'What its newest rehearsal came to',
    description:
      'Apart from its own result, which knows nothing of it. With a token that may `read`, also what its reveal showed.',
    right: null,
    answers: {
      200: {
        text: 'As it stands; cacheable for a second.',
        schema: Result.extend({ cue: z.string(), rehearsal: z.literal(true) }),
      },
    },
    errors: ['ERR_INTERACTION_UNKNOWN'],
  },
  {
    method: 'post',
    path: '/api/v1/interactions/{id}/submissions',
    tag: 'viewers',
    summary: 'Answer',
    description:
      'One answer for one viewer; a repeat gets the receipt of the first. It is committed before it is acknowledged.',
    right: 'viewer',
    body: { schema: Submission },
    answers: {
      200: { text: 'It is on the ledger.', schema: SubmissionReceipt },
      202: { text: 'Of a flash sale: the viewer is in the line, and comes back as told.', schema: Waiting },
    },
    errors: [
      ...(['ERR_SOLD_OUT', 'ERR_STOCK_RESERVED', 'ERR_SALE_CLOSED', 'ERR_SALE_LINE_CLOSED'] as const),
      ...(['ERR_SALE_TURN', 'ERR_TICKET_INVALID', 'ERR_NOT_ELIGIBLE', 'ERR_OVERLOADED'] as const),
      'ERR_ANSWER_INVALID',
      'ERR_INTERACTION_UNKNOWN',
      'ERR_INTERACTION_NOT_OPEN',
      'ERR_INTERACTION_LOCKED',
      'ERR_INTERACTION_CANCELED',
      'ERR_SHADOW_VIEWER',
      'ERR_SHADOW_ROUND',
      'ERR_STORE_UNAVAILABLE',
      'ERR_TOKEN_EXPIRED',
    ],
  },
  {
    method: 'post',
    path: '/api/v1/session',
    tag: 'viewers',
    summary: "Exchange a viewer's JWT for a short token",
    right: null,
    body: { schema: SessionRequest },
    answers: { 200: { text: 'The token that answers and reports bring.', schema: Session } },
    errors: ['ERR_TOKEN_INVALID', 'ERR_TOKEN_EXPIRED', 'ERR_OVERLOADED'],
  },
  {
    method: 'post',
    path: '/api/v1/reports',
    tag: 'viewers',
    summary: 'How cues fired on a page, for statistics',
    right: 'viewer',
    body: { schema: Reports },
    answers: { 204: { text: 'Taken.' } },
    errors: ['ERR_RATE_LIMITED', 'ERR_TOKEN_EXPIRED'],
  },
  {
    method: 'get',
    path: '/api/v1/streams/{app}/{name}/now',
    tag: 'viewers',
    summary: 'Cues that are due and open, for viewers whose player loses stamps',
    right: null,
    answers: { 200: { text: 'The same for everybody; cacheable for a second.', schema: DueCues } },
  },
  {
    method: 'get',
    path: CLOCK_PATH,
    tag: 'clock',
    summary: "The server's clock, as NTP exchanges it",
    right: null,
    query: z.object({
      t1: z
        .string()
        .optional()
        .meta({ description: 'The sending, by the clock of the caller, microseconds; echoed.' }),
      format: z.enum(['iso']).optional().meta({ description: 'The bare time, for DASH `UTCTiming`.' }),
    }),
    answers: { 200: { text: '`t2`: our receiving, `t3`: our sending.', schema: Clock } },
  },
  {
    method: 'get',
    path: CACHED_CLOCK_PATH,
    tag: 'clock',
    summary: 'The time, for viewers behind a cache',
    description:
      'A cache gives it out for a second and says its `Age`. The gateway, `/api/v1/gateway`, tells the time over a WebSocket.',
    right: null,
    answers: {
      200: {
        text: 'The same for everybody.',
        schema: z.strictObject({ at: UnixUs, maxAgeMs: SpanMs, steps: z.number() }),
      },
    },
  },
  {
    method: 'get',
    path: KEYS_PATH,
    tag: 'stamps',
    summary: 'Public keys of stamps (JWK set)',
    right: null,
    answers: { 200: { text: 'The newest first.', schema: z.strictObject({ keys: z.array(JsonObject) }) } },
    errors: ['ERR_NOT_READY'],
  },
];

/** Where anybody may have a viewer's token (FRAMECUE_DEMO). */
export const DEMO_OPERATION: Operation = {
  method: 'post',
  path: '/api/v1/demo/viewer-token',
  tag: 'viewers',
  summary: "A viewer's JWT for demonstrations",
  right: null,
  body: { schema: DemoRequest, optional: true },
  answers: { 200: { text: 'For `POST /api/v1/session`.', schema: z.strictObject({ token: z.string() }) } },
};
