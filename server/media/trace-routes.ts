import type { Express } from 'express';
import { z } from 'zod';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import type { Director } from '../../director/director.ts';
import { CueResource } from '../../director/operations.ts';
import { FramecueError } from '../../packet/errors.ts';
import type { TraceParts } from '../../qa/trace/parts.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { Operation } from '../../service/openapi/operation.ts';
import { UnixMs } from '../../service/openapi/parts.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { StampKeeper } from './stamp-keeper.ts';

const Stamp = z.strictObject({
  epoch: z.string(),
  pts: z.number(),
  dts: z.number(),
  isKeyframe: z.boolean(),
  fireIn: z.number(),
  stampedAtUs: z.number(),
  text: z.string(),
  nalHex: z.string().meta({ description: 'The SEI NAL unit, without its length.' }),
});

const Trace = z.strictObject({
  cue: CueResource,
  history: z.array(z.strictObject({ seq: z.number(), at: UnixMs, cue: CueResource })).meta({
    description: 'Entries of the cue log, the oldest first; each holds the whole cue as it then stood.',
  }),
  stamps: z
    .array(
      z.strictObject({
        rev: z.number(),
        type: z.string(),
        copies: z.number().meta({ description: 'Access units that carried it so far.' }),
        first: Stamp,
        fire: Stamp.nullable(),
        last: Stamp,
      }),
    )
    .meta({ description: 'What was written of each revision; empty where the server was started since.' }),
});
/** What the route answers. */
export type TraceAnswer = Pick<TraceParts, 'cue' | 'history' | 'stamps'>;

export const TRACE_OPERATION: Operation = {
  method: 'get',
  path: '/api/v1/streams/{app}/{name}/cues/{id}/trace',
  tag: 'cues',
  summary: "One cue's story: log entries and SEI bytes",
  description: '`framecue trace` prints it, with what viewers reported to the events process.',
  right: 'read',
  answers: { 200: { text: 'As far as it is remembered.', schema: Trace } },
  errors: ['ERR_CUE_UNKNOWN', 'ERR_STORE_UNAVAILABLE'],
};

export function traceRoutes(
  app: Express,
  tokens: TokenRegistry,
  { director, stamps }: { readonly director: () => Director | null; readonly stamps: StampKeeper },
): void {
  app
    .route('/api/v1/streams/:app/:name/cues/:id/trace')
    .get(requireRight(tokens, 'read'), async (req, res) => {
      const { app, name, id } = req.params;
      const found = director();
      if (found === null) throw new FramecueError('ERR_NOT_READY');
      const cue = ID_PATTERN.test(id!) ? await found.book.get(`${app}/${name}`, id!) : null;
      if (cue === null) throw new FramecueError('ERR_CUE_UNKNOWN');
      const answer: TraceAnswer = {
        cue,
        history: await found.cueLog.history(cue.id),
        stamps: stamps.of(cue.id),
      };
      res.set('Cache-Control', 'no-store').json(answer);
    })
    .all(methodNotAllowed('GET'));
}
