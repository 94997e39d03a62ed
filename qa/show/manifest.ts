import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FramecueError } from '../../packet/errors.ts';
import { SHOW_FORMAT } from './record-format.ts';

export const MANIFEST_FILE = 'show.json';

export const Software = z.looseObject({
  version: z.string(),
  /** Git commit of the checkout; null for a package. */
  commit: z.string().nullable(),
  /** Whether files differed from that commit; null where nobody knows. */
  dirty: z.boolean().nullable(),
  node: z.string(),
});
export type Software = z.infer<typeof Software>;

const Totals = z.looseObject({
  /** ISO 8601. */
  endedAt: z.string(),
  /** `stopped`, `time-over`, `stream-ended`, `server-closing`, `quota`, `disk` or `fault`. */
  reason: z.string(),
  records: z.number(),
  segments: z.number(),
  bytes: z.number(),
  packets: z.number(),
  cues: z.number(),
  /** Records that the disk was too slow for. */
  lost: z.number(),
});
export type Totals = z.infer<typeof Totals>;

const Manifest = z.looseObject({
  format: z.number(),
  name: z.string(),
  /** `app/name` */
  stream: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  software: Software,
  /** Settings of the server, by their names, without secrets. */
  settings: z.record(z.string(), z.unknown()),
  /** Of the injector, as it had them. */
  injector: z.record(z.string(), z.unknown()),
  /** The public keys (JWK) that its stamps are checked with. */
  keys: z.array(z.record(z.string(), z.unknown())),
  /** The public keys (JWK) of upstream servers whose stamps went on. */
  upstreamKeys: z.array(z.record(z.string(), z.unknown())).optional(),
  /** Missing while it is recorded, and for ever where the recorder was killed. */
  end: Totals.optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** Whole or not at all, on the disk when it resolves; only its owner may read it. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, MANIFEST_FILE);
  const file = await open(`${path}.draft`, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.draft`, path);
}

/** @throws {FramecueError} ERR_SHOW_UNKNOWN, ERR_SHOW_FORMAT or ERR_SHOW_VERSION. */
export function readManifest(folder: string): Manifest {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST_FILE), 'utf8');
  } catch (cause) {
    throw new FramecueError('ERR_SHOW_UNKNOWN', `${folder} holds no ${MANIFEST_FILE}.`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FramecueError('ERR_SHOW_FORMAT', `The ${MANIFEST_FILE} in ${folder} is not JSON.`, { cause });
  }
  // First the version: a newer one may look otherwise in any respect.
  const format = z.object({ format: z.number() }).safeParse(json);
  if (format.success && format.data.format > SHOW_FORMAT) {
    const message = `The show is of format ${format.data.format}; this version reads up to ${SHOW_FORMAT}.`;
    throw new FramecueError('ERR_SHOW_VERSION', message, { details: { format: format.data.format } });
  }
  const manifest = Manifest.safeParse(json);
  if (manifest.success) return manifest.data;
  const [issue] = manifest.error.issues;
  throw new FramecueError(
    'ERR_SHOW_FORMAT',
    `The ${MANIFEST_FILE} in ${folder} is not well formed (${issue?.path.join('.')}: ${issue?.message}).`,
    { cause: manifest.error },
  );
}
