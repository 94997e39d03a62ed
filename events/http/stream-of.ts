import { STREAM_PATTERN } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';

/** The stream of a route's `:app` and `:name`. @throws {FramecueError} ERR_NOT_FOUND. */
export function streamOf(params: { readonly [name: string]: unknown }): string {
  const stream = `${params.app}/${params.name}`;
  if (!STREAM_PATTERN.test(stream)) throw new FramecueError('ERR_NOT_FOUND');
  return stream;
}
