import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { JsonObject, SpanMs, UnixMs } from '../../service/openapi/parts.ts';
import { TRIGGER_DEEDS, TriggerRequest } from './trigger.ts';
import { PressQuery } from './trigger-routes.ts';

const TRIGGERS = '/api/v1/streams/{app}/{name}/triggers';

const shape = {
  name: z.string(),
  id: z.string(),
  stream: z.string(),
  do: z.enum(TRIGGER_DEEDS),
  item: z.string().nullable(),
  cue: JsonObject.nullable(),
  console: z.string().nullable(),
  by: z.string(),
  createdAt: UnixMs,
  uses: z.number(),
  lastUsedAt: UnixMs.nullable(),
};
const Trigger = z.strictObject(shape);

const Pressed = z.strictObject({
  trigger: z.string(),
  did: z.enum([...TRIGGER_DEEDS, 'armed']),
  withinMs: SpanMs.optional().meta({ description: 'Of `armed`: a second press within this time does it.' }),
  cue: z.strictObject({ id: z.string(), state: z.string() }).optional(),
  repeated: z.boolean(),
});

/** Pressing answers alike, whichever way the secret is given and whatever method a deck knows. */
const pressing = (method: 'get' | 'post', path: string): Operation => ({
  method,
  path,
  tag: 'triggers',
  summary: 'Press a trigger',
  description:
    'For stream decks and whatever can open an address: the secret in the path, as `token`, or as a bearer token.',
  right: null,
  query: PressQuery,
  answers: {
    200: { text: 'Done, or done half a second ago.', schema: Pressed },
    202: { text: 'A second press does it.', schema: Pressed },
  },
  errors: [
    'ERR_TOKEN_MISSING',
    'ERR_TOKEN_INVALID',
    'ERR_TRIGGER_UNKNOWN',
    'ERR_CONTROL_HELD',
    'ERR_RUNDOWN_NONE',
    'ERR_RUNDOWN_ITEM_STATE',
    'ERR_MODE_SWITCHED',
    'ERR_STREAM_NOT_LIVE',
    'ERR_RATE_LIMITED',
  ],
});

export const TRIGGER_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: TRIGGERS,
    tag: 'triggers',
    summary: 'Triggers of the stream',
    right: 'direct',
    answers: {
      200: { text: 'Without their secrets.', schema: z.strictObject({ triggers: z.array(Trigger) }) },
    },
  },
  {
    method: 'get',
    path: `${TRIGGERS}/{trigger}`,
    tag: 'triggers',
    summary: 'One trigger',
    right: 'direct',
    answers: { 200: { text: 'Without its secret.', schema: Trigger } },
    errors: ['ERR_TRIGGER_UNKNOWN'],
  },
  {
    method: 'put',
    path: `${TRIGGERS}/{trigger}`,
    tag: 'triggers',
    summary: 'Make a trigger, or make it anew',
    description: 'The secret is told here alone; making it anew makes the old address void.',
    right: 'direct',
    body: { schema: TriggerRequest },
    answers: {
      201: {
        text: '`url` and `query` are its addresses below this server.',
        schema: z.strictObject({ ...shape, url: z.string(), query: z.string() }),
      },
    },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'delete',
    path: `${TRIGGERS}/{trigger}`,
    tag: 'triggers',
    summary: 'Make its address void',
    right: 'direct',
    answers: { 204: { text: 'It does nothing any more.' } },
    errors: ['ERR_TRIGGER_UNKNOWN', 'ERR_STORE_UNAVAILABLE'],
  },
  pressing('get', '/api/v1/trigger/{id}'),
  pressing('post', '/api/v1/trigger/{id}'),
  pressing('get', '/api/v1/trigger/{id}/{secret}'),
  pressing('post', '/api/v1/trigger/{id}/{secret}'),
];
