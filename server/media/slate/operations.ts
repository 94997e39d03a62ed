import { z } from 'zod';
import { BY_CONSOLE } from '../../../director/console/operations.ts';
import type { Operation } from '../../../service/openapi/operation.ts';
import { SpanMs, UnixMs } from '../../../service/openapi/parts.ts';
import { Applied } from './kept-latency.ts';
import { ApplyRequest, MarkRequest, SlateRequest } from './latency-routes.ts';

const STREAM = '/api/v1/streams/{app}/{name}';

const AlignerReport = z.strictObject({
  person: z.string(),
  marks: z.number(),
  medianMs: SpanMs.nullable(),
  spreadMs: SpanMs.nullable(),
  offeredMs: SpanMs.nullable().meta({ description: 'What to take off a press of this person.' }),
  why: z.enum(['too-few', 'too-scattered']).nullable(),
});

export const Latency = z.strictObject({
  slate: z.looseObject({
    state: z.enum(['off', 'searching', 'reading', 'unreadable']),
    latencyMs: SpanMs.nullable().meta({ description: 'From the lens to ingest.' }),
    spreadMs: SpanMs.nullable(),
    errorMs: SpanMs.nullable(),
    driftPpm: z.number().nullable(),
    confidence: z.number(),
    readings: z.number(),
    session: z.number().nullable(),
    until: UnixMs.nullable(),
  }),
  declared: z.strictObject({ ms: SpanMs, errorMs: SpanMs }).nullable(),
  applied: Applied.nullable(),
  aligner: z.array(AlignerReport),
});

const answer = (text: string) => ({ 200: { text, schema: Latency } });

export const LATENCY_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: `${STREAM}/latency`,
    tag: 'latency',
    summary: 'How long pictures take from the lens to here',
    right: 'read',
    answers: answer('Measured, declared and applied.'),
  },
  {
    method: 'get',
    path: `${STREAM}/latency/slate`,
    tag: 'latency',
    summary: 'What the slate in front of the camera must show',
    right: null,
    answers: { 200: { text: 'For the slate page.', schema: z.looseObject({ on: z.boolean() }) } },
  },
  {
    method: 'put',
    path: `${STREAM}/latency/slate`,
    tag: 'latency',
    summary: 'Read the clock slate in the pictures, or stop',
    description: 'Stops by itself after a quarter of an hour.',
    right: 'direct',
    headers: BY_CONSOLE,
    body: { schema: SlateRequest },
    answers: answer('As it now stands.'),
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'post',
    path: `${STREAM}/latency/apply`,
    tag: 'latency',
    summary: 'Let moments of the wall clock be moments in front of the camera',
    right: 'direct',
    headers: BY_CONSOLE,
    body: { schema: ApplyRequest },
    answers: answer('It is applied.'),
    errors: ['ERR_LATENCY_UNKNOWN', 'ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'delete',
    path: `${STREAM}/latency/apply`,
    tag: 'latency',
    summary: 'Apply none',
    right: 'direct',
    headers: BY_CONSOLE,
    answers: answer('None is applied.'),
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'post',
    path: `${STREAM}/aligner/marks`,
    tag: 'latency',
    summary: 'One press of a person against the picture that they meant',
    right: 'direct',
    body: { schema: MarkRequest },
    answers: { 201: { text: "The person's delay so far.", schema: AlignerReport } },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
  {
    method: 'delete',
    path: `${STREAM}/aligner/{person}`,
    tag: 'latency',
    summary: 'Forget the marks of a person',
    right: 'direct',
    answers: { 204: { text: 'They are forgotten.' } },
    errors: ['ERR_STORE_UNAVAILABLE'],
  },
];
