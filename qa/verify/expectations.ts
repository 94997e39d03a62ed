import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FramecueError } from '../../packet/errors.ts';
import { CueExpectation } from '../sources/cue-sheet.ts';

/** Where a cue is expected to fire; times are milliseconds on the stream's output timeline. */
export type ExpectedPlace =
  /** On this fire PTS: a receipt's, for example. */
  | { readonly kind: 'pts'; readonly pts: number; readonly toleranceMs: number }
  /** On the first picture at or after this. */
  | { readonly kind: 'picture-from'; readonly pts: number }
  /** On the first picture this long after the first picture of the stream. */
  | { readonly kind: 'picture-after-start'; readonly ms: number };

/** What a cue is expected to do in a stream. */
export interface ExpectedCue {
  readonly id: string;
  readonly type: string | null;
  /** Null: anywhere. */
  readonly place: ExpectedPlace | null;
  /** Of the access unit that first carries it to fire, in decode order from 0; null: any. */
  readonly frame: number | null;
  readonly epoch: string | null;
  readonly rev: number | null;
  readonly minCopies: number;
  readonly maxCopies: number | null;
  /** Announced at least this long ahead; null: no matter. */
  readonly announcedMs: number | null;
  /** It never landed, and nothing of it may be open to anybody. */
  readonly absent: boolean;
}

/**
 * One line of the file: of a cue sheet, of `GET .../cues` (whose receipt says where it landed), or the least,
 * `{ "id", "pts" }`. Fields that say nothing about the stream are passed over.
 */
const Entry = z.object({
  id: z.string().min(1).max(64).optional(),
  type: z.string().max(64).optional(),
  pts: z.number().optional(),
  mediaTime: z.number().optional(),
  atMs: z.number().optional(),
  state: z.string().max(32).optional(),
  landing: z.object({ pts: z.number(), epoch: z.string().optional() }).nullish(),
  expect: CueExpectation.optional(),
});
type Entry = z.infer<typeof Entry>;

/** States in which nothing of a cue has been opened to anybody. */
const NEVER_LANDED = new Set(['cancelled', 'missed']);
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** @throws {FramecueError} ERR_CUE_SHEET with the place in the file. */
export function parseExpectations(text: string): ExpectedCue[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FramecueError('ERR_CUE_SHEET', `The expected cues are not JSON: ${why}.`, { cause });
  }
  const list = Array.isArray(json) ? json : (json as { cues?: unknown } | null)?.cues;
  const parsed = z.array(Entry).safeParse(list);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const at = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
    throw new FramecueError(
      'ERR_CUE_SHEET',
      `The expected cues do not fit: cues${at}: ${message}. Give a cue sheet, the cues as GET .../cues lists them, or a list of { "id", "pts" }.`,
    );
  }
  const seen = new Set<string>();
  return parsed.data.map((entry, at) => {
    // As a cue sheet names those that have no id.
    const cue = expectedOf(entry, entry.id ?? `cue-${at + 1}`);
    if (seen.has(cue.id)) throw new FramecueError('ERR_CUE_SHEET', `Cue ${cue.id} is expected twice.`);
    seen.add(cue.id);
    return cue;
  });
}

function expectedOf(entry: Entry, id: string): ExpectedCue {
  const { expect, landing, state } = entry;
  return {
    id,
    type: entry.type ?? null,
    place: placeOf(entry),
    frame: expect?.frame ?? null,
    epoch: expect?.epoch ?? landing?.epoch ?? null,
    rev: expect?.rev ?? null,
    minCopies: expect?.minCopies ?? 1,
    maxCopies: expect?.maxCopies ?? null,
    announcedMs: expect?.announcedMs ?? null,
    absent: expect?.absent ?? (landing == null && NEVER_LANDED.has(state ?? '')),
  };
}

function placeOf({ expect, pts, landing, mediaTime, atMs }: Entry): ExpectedPlace | null {
  const exact = expect?.pts ?? pts ?? landing?.pts;
  if (exact !== undefined) return { kind: 'pts', pts: exact, toleranceMs: expect?.toleranceMs ?? 0 };
  if (mediaTime !== undefined) return { kind: 'picture-from', pts: mediaTime };
  return atMs === undefined ? null : { kind: 'picture-after-start', ms: atMs };
}

/** @throws {FramecueError} ERR_SOURCE_OPEN where the file cannot be read, else as {@link parseExpectations}. */
export async function readExpectations(path: string): Promise<ExpectedCue[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FramecueError('ERR_SOURCE_OPEN', `The expected cues cannot be read: ${why}.`, { cause });
  }
  if (bytes.length > MAX_FILE_BYTES) {
    throw new FramecueError('ERR_CUE_SHEET', `${path} is too large for a list of cues.`);
  }
  return parseExpectations(bytes.toString('utf8'));
}
