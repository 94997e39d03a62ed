import { z } from 'zod';
import { ID_PATTERN, STREAM_PATTERN } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';

/** Chosen by the console when it is first opened, and kept by it. */
export const ConsoleId = z
  .string()
  .regex(ID_PATTERN, 'give 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first');

/** For people: what stands beside their actions. */
const Name = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]*$/u, 'give a name without control characters');

export const ConsoleQuery = z.strictObject({
  console: ConsoleId.optional(),
  name: Name.optional(),
  /** 1: it stands by to take over. */
  standby: z.enum(['0', '1']).optional(),
});

/** The body of `POST /api/v1/streams/{app}/{name}/control`. */
export const ControlRequest = z.strictObject({
  console: ConsoleId,
  name: Name.optional(),
  do: z.enum(['take', 'release', 'keep', 'standby']),
  /** With `take`: from whoever holds it. */
  force: z.boolean().optional(),
});
export type ControlRequest = z.infer<typeof ControlRequest>;

/** The body of `PUT /api/v1/streams/{app}/{name}/mode`. */
export const ModeRequest = z.strictObject({ rehearsal: z.boolean() });

/** The stream of a route's `:app` and `:name`. @throws {FramecueError} ERR_NOT_FOUND. */
export function streamOf(params: { readonly [name: string]: unknown }): string {
  const stream = `${params.app}/${params.name}`;
  if (!STREAM_PATTERN.test(stream)) throw new FramecueError('ERR_NOT_FOUND');
  return stream;
}

export const CONSOLE_HEADER = 'Framecue-Console';

/** Which console sends a request; null: a script. @throws {FramecueError} ERR_REQUEST_INVALID. */
export function consoleOf(req: { get(name: string): string | undefined }): string | null {
  const header = req.get(CONSOLE_HEADER);
  if (header === undefined) return null;
  const parsed = ConsoleId.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new FramecueError('ERR_REQUEST_INVALID', `${CONSOLE_HEADER}: ${parsed.error.issues[0]!.message}`, {
    details: { issues: [{ field: CONSOLE_HEADER, problem: parsed.error.issues[0]!.message }] },
  });
}
