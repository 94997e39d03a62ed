import { z } from 'zod';
import type { Operation } from './operation.ts';

const Ready = z.strictObject({
  ready: z.boolean(),
  phase: z.enum(['starting', 'serving', 'stopping']),
  checks: z.record(z.string(), z.string()).meta({ description: 'By part: `good`, or what is wrong.' }),
  impaired: z
    .array(z.strictObject({ check: z.string(), code: z.string(), text: z.string() }))
    .meta({ description: 'Parts that do some of their work, and the code by which they refuse the rest.' }),
});

/** What both processes answer those who run them. */
export const OPERATING: readonly Operation[] = [
  {
    method: 'get',
    path: '/health/live',
    tag: 'operating',
    summary: 'Whether the process turns at all',
    right: null,
    answers: { 200: { text: 'It does.', schema: z.strictObject({ live: z.literal(true) }) } },
  },
  {
    method: 'get',
    path: '/health/ready',
    tag: 'operating',
    summary: 'Whether all parts work',
    right: null,
    answers: {
      200: { text: 'All do, or do some of their work: `impaired` names them.', schema: Ready },
      503: { text: 'One does not, or it is starting or stopping.', schema: Ready },
    },
  },
  {
    method: 'get',
    path: '/metrics',
    tag: 'operating',
    summary: 'Metrics for Prometheus',
    right: null,
    answers: { 200: { text: 'Text exposition format.', type: 'text/plain' } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    tag: 'operating',
    summary: 'This description',
    right: null,
    answers: { 200: { text: 'OpenAPI 3.1.', type: 'application/json' } },
  },
];
