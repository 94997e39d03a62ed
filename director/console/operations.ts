import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { Pts, SpanMs, UnixMs } from '../../service/openapi/parts.ts';
import { AsRunQuery } from '../as-run/as-run-routes.ts';
import { AS_RUN_KINDS } from '../as-run/row.ts';
import { CONSOLE_HEADER, ConsoleId, ConsoleQuery, ControlRequest, ModeRequest } from './requests.ts';

const STREAM = '/api/v1/streams/{app}/{name}';

/** For whatever changes something: who presses. */
export const BY_CONSOLE = {
  [CONSOLE_HEADER]: {
    text: 'Id of the console that asks. While another one holds control, it is refused; scripts leave it out.',
    schema: ConsoleId,
  },
} as const;

const Name = { console: z.string(), name: z.string(), by: z.string() };
const ConsoleName = z.strictObject(Name);

export const ControlState = z.strictObject({
  at: UnixMs,
  holder: z
    .strictObject({ ...Name, since: UnixMs, until: UnixMs })
    .nullable()
    .meta({ description: 'Null: nobody is in control.' }),
  standby: z.array(ConsoleName),
  change: z
    .strictObject({
      ...Name,
      kind: z.enum(['taken', 'forced', 'released', 'expired']),
      at: UnixMs,
      from: ConsoleName.nullable(),
    })
    .nullable(),
});

export const ModeState = z.strictObject({
  rehearsal: z.boolean(),
  since: UnixMs.nullable(),
  by: z.string().nullable(),
});

export const AsRunRow = z.strictObject({
  seq: z.number(),
  at: UnixMs,
  timecode: z.string().meta({ description: "HH:MM:SS:FF at the stream's frame rate." }),
  what: z.enum(AS_RUN_KINDS),
  cue: z.string().nullable(),
  item: z.string().nullable(),
  type: z.string().nullable(),
  title: z.string().nullable(),
  by: z.string().nullable(),
  console: z.string().nullable(),
  epoch: z.string().nullable(),
  pts: Pts.nullable(),
  frame: z.number().nullable(),
  errorMs: SpanMs.nullable(),
  state: z.string().nullable(),
  reason: z.string().nullable(),
  rehearsal: z.boolean(),
});

export const CONSOLE_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: `${STREAM}/console`,
    tag: 'consoles',
    summary: 'The channel of consoles',
    description:
      'Server-sent events: `snapshot` first, then `cue`, `rundown`, `control`, `mode`, `presence`, `action`, `stream` and others, each whole; a `beat` every two seconds.',
    right: 'read',
    query: ConsoleQuery,
    answers: { 200: { text: 'An event stream that goes on.', type: 'text/event-stream' } },
    errors: ['ERR_OVERLOADED'],
  },
  {
    method: 'get',
    path: `${STREAM}/control`,
    tag: 'consoles',
    summary: 'Who is in control',
    right: 'read',
    answers: { 200: { text: 'As it stands.', schema: ControlState } },
  },
  {
    method: 'post',
    path: `${STREAM}/control`,
    tag: 'consoles',
    summary: 'Take, keep or release control, or stand by',
    description:
      'Kept for 15 seconds: say `keep` every five. `take` with `force` takes it from whoever holds it.',
    right: 'direct',
    body: { schema: ControlRequest },
    answers: { 200: { text: 'As it now stands.', schema: ControlState } },
    errors: ['ERR_CONTROL_HELD', 'ERR_OVERLOADED'],
  },
  {
    method: 'get',
    path: `${STREAM}/mode`,
    tag: 'consoles',
    summary: 'Whether it is a rehearsal',
    right: 'read',
    answers: { 200: { text: 'As it stands.', schema: ModeState } },
  },
  {
    method: 'put',
    path: `${STREAM}/mode`,
    tag: 'consoles',
    summary: 'Begin or end a rehearsal',
    description:
      'Cues of a rehearsal say so in their stamps; their rounds count for nothing and can give nothing.',
    right: 'direct',
    headers: BY_CONSOLE,
    body: { schema: ModeRequest },
    answers: { 200: { text: 'As it now stands.', schema: ModeState } },
    errors: ['ERR_MODE_BUSY', 'ERR_CONTROL_HELD', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'get',
    path: `${STREAM}/as-run`,
    tag: 'consoles',
    summary: 'The as-run log',
    description: 'What people did and what became of each cue; as CSV with `format=csv`.',
    right: 'read',
    query: AsRunQuery,
    answers: {
      200: {
        text: '`next` goes into `after` of the next request; null: there are no more now.',
        schema: z.strictObject({ rows: z.array(AsRunRow), next: z.number().nullable() }),
      },
    },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
];
