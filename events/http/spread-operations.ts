import { z } from 'zod';
import type { Operation } from '../../service/openapi/operation.ts';
import { SpanMs, UnixMs } from '../../service/openapi/parts.ts';
import { DelayClaim } from '../spread/claim.ts';
import { PROTOCOLS } from '../spread/delay-window.ts';
import { SpreadQuery } from './spread.ts';

/** Which viewers report their delay; in the answers that viewers get anyway. */
export const DelayReports = z.strictObject({
  share: z.number().meta({ description: 'Of all viewers, 0 to 1: those whose place is below it report.' }),
  everyMs: SpanMs,
});

const quantiles = { viewers: z.number(), p50: SpanMs, p95: SpanMs, p99: SpanMs };
const Part = z.strictObject({ viewers: z.number(), share: z.number() });
const Apart = z.strictObject({
  content: SpanMs.meta({ description: 'Each viewer opens on their own frame.' }),
  aligned: SpanMs.meta({ description: 'All open at `alignAt`, after `hold.ms`.' }),
});

/** The answer of `GET .../spread`. */
export const Spread = z.strictObject({
  at: UnixMs,
  windowMs: SpanMs,
  reports: z.number().meta({ description: 'Viewers who reported within the window.' }),
  share: z.number().meta({ description: 'Of all viewers, those who are asked to report.' }),
  viewers: z.number().meta({ description: 'All of them, estimated.' }),
  groups: z.array(z.strictObject({ app: z.string(), protocol: z.enum(PROTOCOLS), ...quantiles })),
  all: z.strictObject(quantiles).nullable(),
  apart: z.strictObject({ p50: Apart, p95: Apart, p99: Apart }).nullable(),
  leftOut: Part.extend({ capMs: SpanMs }),
  hold: z.strictObject({ ms: SpanMs, together: Part, late: Part }).nullable(),
  hold99Ms: SpanMs.nullable().meta({ description: 'With this hold 99 % open in the same instant.' }),
  clockErrorMs: z.strictObject({ p50: SpanMs, p99: SpanMs }).nullable(),
  bucketMs: SpanMs,
  buckets: z.array(z.strictObject({ ms: SpanMs, viewers: z.number() })),
});

export const SPREAD_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/v1/streams/{app}/{name}/spread',
    tag: 'audience',
    summary: 'How far apart the apps would open a cue that is taken now',
    description:
      'Who would be left out, and which hold (`alignInMs` of the cue) would open 99 % in the same instant.',
    right: 'read',
    query: SpreadQuery,
    answers: { 200: { text: 'Of the viewers of the last half minute.', schema: Spread } },
  },
  {
    method: 'post',
    path: '/api/v1/streams/{app}/{name}/delays',
    tag: 'viewers',
    summary: "A viewer's delay, from the share of viewers that is asked for it",
    right: 'viewer',
    body: { schema: DelayClaim },
    answers: {
      200: {
        text: 'Taken, or why not; and who is asked from now on.',
        schema: DelayReports.extend({ taken: z.boolean(), why: z.string().optional() }),
      },
    },
    errors: ['ERR_RATE_LIMITED', 'ERR_TOKEN_EXPIRED'],
  },
];
