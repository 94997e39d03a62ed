import { z } from 'zod';
import { FEED_PATH } from '../cues/feed.ts';
import { OUTPUT_VERDICTS } from '../cues/output-receipt.ts';
import { CUE_STATES } from '../cues/states.ts';
import { KEYS_PATH } from '../cues/wire/index.ts';
import type { Operation } from '../service/openapi/operation.ts';
import { JsonObject, Pts, Reason, SpanMs, UnixMs, UnixUs } from '../service/openapi/parts.ts';
import { BY_CONSOLE } from './console/operations.ts';
import {
  CueRequest,
  EditRequest,
  IdempotencyKey,
  ListQuery,
  PanicRequest,
  StampingRequest,
  TakeRequest,
} from './cue-request.ts';

const Output = z.strictObject({
  seen: z.enum(OUTPUT_VERDICTS),
  pts: Pts.nullable(),
  offsetMs: SpanMs.nullable(),
  delayMs: SpanMs.nullable(),
  copies: z.number(),
  carriers: z.array(z.string()),
  problem: z.string().optional(),
});

const Landing = z.strictObject({
  epoch: z.string(),
  pts: Pts,
  frame: z.number().nullable().meta({ description: 'Access units in decode order since the epoch began.' }),
  stampedAtUs: UnixUs,
  fireAtUs: UnixUs.meta({ description: 'When the fire PTS passes the injector, Unix microseconds.' }),
  markToStampMs: SpanMs,
  errorMs: SpanMs.meta({ description: 'How far the picture is behind the moment asked for.' }),
  choice: z.enum(['next-in-presentation', 'own-pts', 'scheduled', 'read-back']),
  timing: z.enum(['capture', 'stamp', 'latency']).optional(),
  timingErrorMs: SpanMs.optional(),
  encoderClock: z.enum(['confirmed', 'unconfirmed', 'contradicted']).optional(),
  outputs: z.record(z.string(), Output).meta({ description: 'What reading each output back has shown.' }),
});

const Person = z.strictObject({ at: UnixMs, by: z.string() });

/** The resource that `cues` gives. */
export const CueResource = z.strictObject({
  id: z.string(),
  rev: z.number(),
  stream: z.string(),
  show: z.string().optional(),
  type: z.string(),
  ref: z.string().optional(),
  state: z.enum(CUE_STATES),
  reason: Reason.optional(),
  data: JsonObject,
  audience: JsonObject.optional(),
  markedAt: UnixMs,
  acceptedAt: UnixMs,
  alignAt: UnixMs.optional(),
  durationMs: SpanMs.optional(),
  exp: UnixMs,
  fire: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('next') }),
    z.strictObject({ kind: z.literal('delay'), delayMs: SpanMs }),
    z.strictObject({ kind: z.literal('mediaTime'), pts: Pts }),
    z.strictObject({ kind: z.literal('at'), at: UnixMs, by: z.literal('arrival').optional() }),
  ]),
  announceMs: SpanMs,
  repeat: z.number(),
  by: z.string(),
  landing: Landing.nullable(),
  dueAt: UnixMs.optional(),
  taken: Person.optional(),
  edited: Person.optional(),
  voided: z.strictObject({ at: UnixMs, by: z.string(), landing: Landing.nullable() }).optional(),
  series: z
    .strictObject({
      id: z.string(),
      n: z.number(),
      count: z.number(),
      everyMs: SpanMs,
      stopped: z.boolean().optional(),
    })
    .optional(),
  title: z.string().optional(),
  item: z.string().optional(),
  rundown: z.string().optional(),
  prize: z.boolean().optional(),
  rehearsal: z.boolean().optional(),
  alignInMs: SpanMs.optional(),
});

const CUES = '/api/v1/streams/{app}/{name}/cues';

const IDEMPOTENCY = {
  ...BY_CONSOLE,
  'Idempotency-Key': {
    text: 'A repeat with the same key and body gives the first cue again.',
    schema: IdempotencyKey,
  },
} as const;

/** What directors and scripts ask of cues, and backends of the feed. */
export const CUE_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: CUES,
    tag: 'cues',
    summary: 'Mark a cue',
    description:
      'Without a moment: the first picture that has not passed. `Location` names the resource, whose `landing` says where it landed.',
    right: 'direct',
    headers: IDEMPOTENCY,
    body: {
      schema: CueRequest,
      examples: {
        now: {
          summary: 'On the next picture',
          value: { type: 'custom.fireworks', data: { colour: 'red' } },
        },
        later: {
          summary: 'Three seconds ahead, announced to players',
          value: { type: 'interaction.open', data: { interaction: 'q1' }, delayMs: 3000, durationMs: 10000 },
        },
        armed: {
          summary: 'Waits for `take`',
          value: { type: 'interaction.open', data: { interaction: 'q1' }, armed: true },
        },
        lock: {
          summary: 'Closes an interaction',
          value: { type: 'interaction.lock', ref: 'the opening cue' },
        },
      },
    },
    answers: { 202: { text: 'It is in the cue log and on its way into the video.', schema: CueResource } },
    errors: [
      'ERR_MODE_SWITCHED',
      'ERR_STREAM_NOT_LIVE',
      'ERR_STAMPING_OFF',
      'ERR_CUE_EXISTS',
      'ERR_REQUEST_INVALID',
      'ERR_CUE_MOMENT_PASSED',
      'ERR_CUE_TOO_LARGE',
      'ERR_CUE_TOO_MANY_OPEN',
      'ERR_IDEMPOTENCY_CONFLICT',
      'ERR_RATE_LIMITED',
      'ERR_STORE_UNAVAILABLE',
      'ERR_NOT_READY',
    ],
  },
  {
    method: 'get',
    path: CUES,
    tag: 'cues',
    summary: 'Cues of the stream, newest first',
    right: 'read',
    query: ListQuery,
    answers: {
      200: {
        text: 'A page of them; `next` goes into `before` of the next request.',
        schema: z.strictObject({ cues: z.array(CueResource), next: z.string().nullable() }),
      },
    },
  },
  {
    method: 'get',
    path: `${CUES}/{id}`,
    tag: 'cues',
    summary: 'One cue with its landing receipt',
    right: 'read',
    answers: { 200: { text: 'As it stands.', schema: CueResource } },
    errors: ['ERR_CUE_UNKNOWN'],
  },
  {
    method: 'patch',
    path: `${CUES}/{id}`,
    tag: 'cues',
    summary: 'Change a cue that nobody has heard of yet',
    description:
      'Until it is announced. What is given is changed, null takes it away. With `rev`: only that revision.',
    right: 'direct',
    headers: BY_CONSOLE,
    body: { schema: EditRequest },
    answers: { 200: { text: 'It is changed, under the next revision.', schema: CueResource } },
    errors: [
      'ERR_CUE_UNKNOWN',
      'ERR_CUE_STATE',
      'ERR_CUE_CHANGED',
      'ERR_CUE_MOMENT_PASSED',
      'ERR_CUE_TOO_LARGE',
      'ERR_CONTROL_HELD',
      'ERR_RATE_LIMITED',
      'ERR_STORE_UNAVAILABLE',
    ],
  },
  {
    method: 'post',
    path: `${CUES}/{id}/take`,
    tag: 'cues',
    summary: 'Take an armed cue',
    description: 'It fires once, however often and by however many it is taken.',
    right: 'direct',
    headers: BY_CONSOLE,
    body: { schema: TakeRequest, optional: true },
    answers: {
      200: { text: 'It had been taken before.', schema: CueResource },
      202: { text: 'It is on its way into the video.', schema: CueResource },
    },
    errors: [
      'ERR_CUE_UNKNOWN',
      'ERR_CUE_STATE',
      'ERR_CUE_MOMENT_PASSED',
      'ERR_MODE_SWITCHED',
      'ERR_STREAM_NOT_LIVE',
      'ERR_STAMPING_OFF',
      'ERR_CUE_TOO_MANY_OPEN',
      'ERR_CONTROL_HELD',
      'ERR_RATE_LIMITED',
      'ERR_STORE_UNAVAILABLE',
    ],
  },
  {
    method: 'post',
    path: `${CUES}/{id}/cancel`,
    tag: 'cues',
    summary: 'Take a cue back, or void what it has opened',
    description:
      'Nobody has heard of it: it is taken back. Announced, or landed and open: the next picture carries that it is void (`voided`), players close it and its round counts for nothing.',
    right: 'direct',
    headers: BY_CONSOLE,
    answers: { 200: { text: 'It is taken back or void.', schema: CueResource } },
    errors: ['ERR_CUE_UNKNOWN', 'ERR_CUE_STATE', 'ERR_CONTROL_HELD', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'post',
    path: '/api/v1/streams/{app}/{name}/panic',
    tag: 'cues',
    summary: 'Take back all that waits and void all that is open',
    right: 'direct',
    headers: BY_CONSOLE,
    body: { schema: PanicRequest },
    answers: {
      200: {
        text: 'Done; `noted`: it stands in the log.',
        schema: z.strictObject({
          cancelled: z.array(z.string()),
          voided: z.array(z.string()),
          noted: z.boolean(),
        }),
      },
    },
  },
  {
    method: 'put',
    path: '/api/v1/streams/{app}/{name}/stamping',
    tag: 'cues',
    summary: 'Switch stamping of a stream off or on',
    description: 'Off: video goes on as it came, and no cue is taken. Kept over restarts.',
    right: 'direct',
    body: { schema: StampingRequest },
    answers: { 200: { text: 'Done.', schema: z.strictObject({ stream: z.string(), on: z.boolean() }) } },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: FEED_PATH,
    tag: 'feed',
    summary: 'The cue feed, for backends',
    description:
      'Server-sent events over the durable cue log; `Last-Event-ID` resumes, across restarts too. Events: `snapshot`, `cue`.',
    right: 'feed',
    answers: { 200: { text: 'An event stream that goes on.', type: 'text/event-stream' } },
    errors: ['ERR_OVERLOADED'],
  },
  {
    method: 'get',
    path: KEYS_PATH,
    tag: 'stamps',
    summary: 'Public keys of stamps (JWK set)',
    right: null,
    answers: { 200: { text: 'The newest first.', schema: z.strictObject({ keys: z.array(JsonObject) }) } },
  },
];
