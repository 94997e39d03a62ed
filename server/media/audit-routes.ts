import type { Express, RequestHandler } from 'express';
import { z } from 'zod';
import { STREAM_PATTERN } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import { isStreamAllowed, type Settings } from '../../service/settings.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Audit } from './audit.ts';

export interface AuditRoutesOptions {
  /** Null where FRAMECUE_AUDIT is off. */
  readonly audit: () => Audit | null;
  /** FRAMECUE_STREAMS. */
  readonly allowed: Settings['streams'];
}

export const AddRequest = z.strictObject({
  url: z.string().min(1).max(2_048),
  label: z.string().min(1).max(64).optional(),
});

/**
 * `/api/v1/streams/{app}/{name}/audit`: which outputs are read back. Whoever may direct may name any address that
 * this server can reach; what it answers is told to nobody but as a code (docs/audit.md).
 */
export function auditRoutes(app: Express, tokens: TokenRegistry, options: AuditRoutesOptions): void {
  const direct = requireRight(tokens, 'direct');
  const read = requireRight(tokens, 'read');
  const path = '/api/v1/streams/:app/:name/audit';

  const list: RequestHandler = (req, res) => {
    res.set('Cache-Control', 'no-store').json(auditOf(options).status(streamOf(req.params, options)));
  };
  const add: RequestHandler = async (req, res) => {
    const stream = streamOf(req.params, options);
    const output = await auditOf(options).add(stream, AddRequest.parse(req.body ?? {}));
    res
      .status(201)
      .location(`/api/v1/streams/${stream}/audit/${encodeURIComponent(output.output)}`)
      .json(output);
  };
  const remove: RequestHandler = async (req, res) => {
    const stream = streamOf(req.params, options);
    const removed = await auditOf(options).remove(stream, String(req.params.output));
    if (!removed) throw new FramecueError('ERR_NOT_FOUND');
    res.status(204).end();
  };

  app.route(path).get(read, list).post(direct, add).all(methodNotAllowed('GET', 'POST'));
  app.route(`${path}/:output`).delete(direct, remove).all(methodNotAllowed('DELETE'));
}

function auditOf({ audit }: AuditRoutesOptions): Audit {
  const found = audit();
  if (found === null) throw new FramecueError('ERR_AUDIT_OFF');
  return found;
}

function streamOf(params: { readonly [name: string]: unknown }, { allowed }: AuditRoutesOptions): string {
  const stream = `${params.app}/${params.name}`;
  if (!STREAM_PATTERN.test(stream) || !isStreamAllowed(allowed, stream))
    throw new FramecueError('ERR_NOT_FOUND');
  return stream;
}
