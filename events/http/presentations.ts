import type { Express } from 'express';
import { z } from 'zod';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { CueMirror } from '../interactions/cue-mirror.ts';
import type { Presentations } from '../spread/presentations.ts';

const Group = z.strictObject({
  path: z.string(),
  carrier: z.string().nullable(),
  fired: z.number(),
  late: z.number(),
  missed: z.number(),
  closed: z.number(),
  lateMs: z.strictObject({ p50: z.number(), p99: z.number(), most: z.number() }).nullable(),
  reasons: z.array(z.strictObject({ reason: z.string(), viewers: z.number() })),
});

export const PRESENTATIONS_OPERATION: Operation = {
  method: 'get',
  path: '/api/v1/cues/{id}/presentations',
  tag: 'audience',
  summary: 'How one cue came to viewers, as those say who report',
  right: 'read',
  answers: {
    200: {
      text: 'By way and carrier; empty where nobody has reported yet.',
      schema: z.strictObject({ cue: z.string(), groups: z.array(Group) }),
    },
  },
  errors: ['ERR_CUE_UNKNOWN'],
};

export function presentationRoutes(
  app: Express,
  {
    presentations,
    mirror,
    tokens,
  }: { readonly presentations: Presentations; readonly mirror: CueMirror; readonly tokens: TokenRegistry },
): void {
  app
    .route('/api/v1/cues/:id/presentations')
    .get(requireRight(tokens, 'read'), (req, res) => {
      const id = String(req.params.id);
      if (!ID_PATTERN.test(id) || !mirror.knows(id)) throw new FramecueError('ERR_CUE_UNKNOWN');
      res.set('Cache-Control', 'no-store').json({ cue: id, groups: presentations.of(id) });
    })
    .all(methodNotAllowed('GET'));
}
