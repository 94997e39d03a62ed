import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { Pts, Reason, UnixMs } from '../../service/openapi/parts.ts';
import { BY_CONSOLE } from '../console/operations.ts';
import {
  EventsQuery,
  LeaveRequest,
  ScreenRequest,
  ShowRequest,
  TicketRequest,
  TouchRequest,
} from './requests.ts';
import { STAGE_VIEWS } from './shapes.ts';

const STAGE = '/api/v1/streams/{app}/{name}/stage';

const Screen = z.strictObject({
  screen: z.string(),
  name: z.string(),
  since: UnixMs,
  heardAt: UnixMs,
  role: z.enum(['show', 'standby']),
  lost: z.boolean().meta({ description: 'Not heard of for too long.' }),
  auto: z.boolean().meta({ description: 'It takes over by itself when the shown one is lost.' }),
});

const Leave = z.strictObject({
  id: z.string().meta({ description: 'What a touch names.' }),
  item: z.string().nullable(),
  cue: z.string().nullable(),
  title: z.string().nullable(),
  label: z.string().nullable(),
  prize: z.boolean(),
  at: UnixMs,
  until: UnixMs,
  by: z.string(),
  console: z.string().nullable(),
});

const taken = {
  leave: z.string(),
  screen: z.string(),
  at: UnixMs,
  state: z.string(),
  pts: Pts.nullable(),
  frame: z.number().nullable(),
  landedAt: UnixMs.nullable(),
  reason: Reason.nullable(),
};

const shared = {
  at: UnixMs,
  shown: z.string().nullable(),
  screens: z.array(Screen),
  next: z
    .strictObject({ state: z.enum(['waiting', 'announced', 'planned']), at: UnixMs, rehearsal: z.boolean() })
    .nullable(),
  rehearsal: z.boolean(),
};
const shownView = { view: z.enum(STAGE_VIEWS), text: z.string().nullable(), at: UnixMs.nullable() };

/** What holders of a token are told. */
const Stage = z.strictObject({
  ...shared,
  show: z.strictObject({ ...shownView, by: z.string().nullable() }),
  leave: Leave.nullable(),
  taken: z.strictObject({ ...taken, cue: z.string(), item: z.string().nullable() }).nullable(),
});

const Taken = z.strictObject(taken).nullable();

/** What a stage machine is told: nothing that may not be read in a hall. */
const OnScreen = z.strictObject({
  ...shared,
  instance: z.string(),
  show: z.strictObject(shownView),
  leave: Leave.pick({ id: true, label: true, prize: true, at: true, until: true }).nullable(),
  taken: Taken,
});
const Either = z.union([Stage, OnScreen]);

const ticket = {
  id: z.string(),
  stream: z.string(),
  name: z.string(),
  by: z.string(),
  createdAt: UnixMs,
  expiresAt: UnixMs,
};
const Ticket = z.strictObject(ticket);

const OR_TICKET = 'A stage ticket will do in the place of the token.';

export const STAGE_OPERATIONS: readonly Operation[] = [
  {
    ...{ method: 'get', path: STAGE, tag: 'stage', right: 'read', description: OR_TICKET },
    summary: 'Screens, what they show, and what leave there is',
    answers: { 200: { text: 'As it stands; with a ticket, without titles and ids.', schema: Either } },
  },
  {
    ...{ method: 'post', path: STAGE, tag: 'stage', right: 'direct' },
    summary: 'A screen says that it is there',
    description: `\`keep\` every two seconds. ${OR_TICKET}`,
    body: { schema: ScreenRequest },
    answers: { 200: { text: 'As it now stands.', schema: Either } },
    errors: ['ERR_OVERLOADED', 'ERR_RATE_LIMITED'],
  },
  {
    ...{ method: 'put', path: `${STAGE}/show`, tag: 'stage', right: 'direct', description: OR_TICKET },
    summary: 'Choose what the screens show',
    body: { schema: ShowRequest },
    answers: { 200: { text: 'As it now stands.', schema: Either } },
    errors: ['ERR_RATE_LIMITED'],
  },
  {
    ...{ method: 'put', path: `${STAGE}/leave`, tag: 'stage', right: 'direct', headers: BY_CONSOLE },
    summary: 'Give leave that a touch on stage takes an armed cue or an item, or take it back',
    description: 'For a minute where nothing else is said, and once. It ends with control and with the mode.',
    body: { schema: LeaveRequest },
    answers: { 200: { text: 'Null: there is none.', schema: z.strictObject({ leave: Leave.nullable() }) } },
    errors: [
      'ERR_CONTROL_HELD',
      'ERR_CUE_UNKNOWN',
      'ERR_CUE_STATE',
      'ERR_RUNDOWN_NONE',
      'ERR_RUNDOWN_ITEM_UNKNOWN',
      'ERR_RUNDOWN_ITEM_STATE',
      'ERR_RATE_LIMITED',
    ],
  },
  {
    ...{ method: 'post', path: `${STAGE}/take`, tag: 'stage', right: 'direct' },
    summary: 'Take by touch what leave was given for',
    description: `From the shown screen alone. The same leave again is answered with the first outcome. ${OR_TICKET}`,
    body: { schema: TouchRequest },
    answers: {
      200: {
        text: 'It had been taken by this touch before.',
        schema: z.strictObject({ taken: Taken, repeated: z.boolean() }),
      },
      202: { text: 'It is taken.', schema: z.strictObject({ taken: Taken, repeated: z.boolean() }) },
    },
    errors: [
      'ERR_STAGE_LEAVE',
      'ERR_STAGE_STANDBY',
      'ERR_CUE_STATE',
      'ERR_MODE_SWITCHED',
      'ERR_STREAM_NOT_LIVE',
      'ERR_RUNDOWN_TOO_EARLY',
      'ERR_RUNDOWN_ITEM_STATE',
      'ERR_STORE_UNAVAILABLE',
      'ERR_RATE_LIMITED',
    ],
  },
  {
    ...{ method: 'get', path: `${STAGE}/events`, tag: 'stage', right: 'read', query: EventsQuery },
    summary: 'Follow the stage',
    description: `Server-sent events: \`stage\` with the whole of it, \`beat\` every two seconds. ${OR_TICKET}`,
    answers: { 200: { text: 'Goes on.', type: 'text/event-stream' } },
    errors: ['ERR_OVERLOADED'],
  },
  {
    ...{ method: 'get', path: `${STAGE}/tickets`, tag: 'stage', right: 'direct' },
    summary: 'Stage tickets',
    answers: {
      200: { text: 'Without their secrets.', schema: z.strictObject({ tickets: z.array(Ticket) }) },
    },
  },
  {
    ...{ method: 'post', path: `${STAGE}/tickets`, tag: 'stage', right: 'direct' },
    summary: 'Make a ticket for a stage machine',
    description:
      'Good for this stream alone: to show, and to take what leave is given for. The secret is told here alone.',
    body: { schema: TicketRequest, optional: true },
    answers: {
      201: { text: 'A bearer token of its own.', schema: z.strictObject({ ...ticket, token: z.string() }) },
    },
    errors: ['ERR_OVERLOADED', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    ...{ method: 'delete', path: `${STAGE}/tickets/{ticket}`, tag: 'stage', right: 'direct' },
    summary: 'Make a ticket void',
    answers: { 204: { text: 'Whoever came by it is let go.' } },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
];
