import { z } from 'zod';
import type { Operation } from '../openapi/operation.ts';
import { SpanMs, UnixMs } from '../openapi/parts.ts';
import { CLOCK_GRADES } from './grade.ts';
import { CLOCK_SOURCES } from './reading.ts';

export const CLOCK_HEALTH_OPERATION: Operation = {
  method: 'get',
  path: '/api/v1/clock/health',
  tag: 'clock',
  summary: "How well this machine's clock is synchronised",
  right: 'read',
  answers: {
    200: {
      text: 'By the best source there is, with what to do about it.',
      schema: z.looseObject({
        grade: z.enum(CLOCK_GRADES),
        source: z.enum(CLOCK_SOURCES),
        offsetMs: SpanMs.nullable(),
        errorMs: SpanMs.nullable(),
        advice: z.string(),
        checkedAt: UnixMs.nullable(),
        steps: z.array(z.strictObject({ at: UnixMs, byMs: SpanMs })),
        stepCount: z.number(),
        peers: z.array(z.record(z.string(), z.unknown())),
      }),
    },
  },
};
