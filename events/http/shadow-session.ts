import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import { z } from 'zod';
import type { Clock } from '../../packet/clock.ts';
import { unixMs } from '../../packet/time.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import { UnixMs } from '../../service/openapi/parts.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { ViewerTokens } from './viewer-token.ts';

const PATH = '/api/v1/session/shadow';
const MAX_AT_ONCE = 10_000;

const ShadowRequest = z.strictObject({
  /** How many viewers. */
  count: z.int().min(1).max(MAX_AT_ONCE).optional(),
});

export interface ShadowSessionOptions {
  readonly viewers: ViewerTokens;
  readonly tokens: TokenRegistry;
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** Viewers for load tests, as many as are wanted, without a customer's JWT: they can answer shadow rounds and nothing else. */
export function shadowSessionRoute(
  app: Express,
  { viewers, tokens, ttlMs, clock }: ShadowSessionOptions,
): void {
  app
    .route(PATH)
    .post(requireRight(tokens, 'direct'), (req, res) => {
      const { count = 1 } = ShadowRequest.parse(req.body ?? {});
      const expiresAt = unixMs(clock.unixMs() + ttlMs);
      // Named at random: no load test is given the receipts of another.
      const run = randomUUID();
      const issued = Array.from({ length: count }, (_, n) => {
        const viewer = `shadow-${run}-${n}`;
        return { viewer, token: viewers.issueShadow(viewer, expiresAt) };
      });
      res.status(201).set('Cache-Control', 'no-store').json({ viewers: issued, expiresAt });
    })
    .all(methodNotAllowed('POST'));
}

export const SHADOW_SESSION_OPERATION: Operation = {
  method: 'post',
  path: PATH,
  tag: 'interactions',
  summary: 'Shadow viewers, for load tests',
  description:
    'Their tokens answer interactions that were created with `shadow: true`, and nothing else; nothing is ever given away for those.',
  right: 'direct',
  body: { schema: ShadowRequest, optional: true },
  answers: {
    201: {
      text: 'They are made.',
      schema: z.strictObject({
        viewers: z.array(z.strictObject({ viewer: z.string(), token: z.string() })),
        expiresAt: UnixMs,
      }),
    },
  },
};
