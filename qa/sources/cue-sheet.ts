import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CUE_TYPES, type CueType, ID_PATTERN, isCueType } from '../../cues/wire/index.ts';
import { FramecueError } from '../../packet/errors.ts';
import { reasonOf } from './input.ts';

const DAY_MS = 86_400_000;
const MAX_CUES = 100_000;
const MAX_SHEET_BYTES = 64 << 20;

const Id = z
  .string()
  .regex(ID_PATTERN, 'give 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first');
const MediaTime = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const UnixMs = z.int().min(0).max(8_640_000_000_000_000);
const Json = z.record(z.string(), z.unknown());

/** What `framecue verify` holds against the stream. Nothing given: present, on its picture, in every copy alike. */
export const CueExpectation = z.strictObject({
  /** It must not be there. */
  absent: z.boolean().optional(),
  /** Fire PTS, milliseconds on the stream's timeline; default: that of `mediaTime` or `atMs`. */
  pts: z.number().optional(),
  /** The access unit that carries it to fire, in decode order from 0. */
  frame: z.int().min(0).optional(),
  /** How far the fire PTS may be off; default 0 where `pts` is given, else one picture. */
  toleranceMs: z.number().min(0).optional(),
  minCopies: z.int().min(0).optional(),
  maxCopies: z.int().min(0).optional(),
  /** Announced at least this long before its picture. */
  announcedMs: z.number().min(0).optional(),
  epoch: z.string().optional(),
  rev: z.int().min(0).optional(),
});
export type CueExpectation = z.infer<typeof CueExpectation>;

/** One cue of a sheet. Times are milliseconds. */
export const SheetCue = z
  .strictObject({
    /** Made from its place in the sheet (`cue-1`, ...) where it is not given. */
    id: Id.optional(),
    type: z.custom<CueType>(isCueType, `give ${CUE_TYPES.join(', ')} or custom.<name>`),
    /** The picture at this PTS of the stream's timeline, or the first after it. */
    mediaTime: MediaTime.optional(),
    /** That long after the PTS of the first access unit. */
    atMs: MediaTime.optional(),
    /** When its picture passes the injector, Unix milliseconds: for recordings that have a clock. */
    at: UnixMs.optional(),
    data: Json.optional(),
    show: Id.optional(),
    /** The opening cue, for lock, reveal and cancel. */
    ref: Id.optional(),
    announceMs: z.int().min(0).max(60_000).optional(),
    repeat: z.int().min(0).max(100).optional(),
    durationMs: z.int().min(1).max(DAY_MS).optional(),
    alignAt: UnixMs.optional(),
    expiresInMs: z
      .int()
      .min(1000)
      .max(36_500 * DAY_MS)
      .optional(),
    audience: Json.optional(),
    expect: CueExpectation.optional(),
  })
  .check((context) => {
    const { mediaTime, atMs, at } = context.value;
    if ([mediaTime, atMs, at].filter((moment) => moment !== undefined).length > 1) {
      const message = 'give one of mediaTime, atMs and at';
      context.issues.push({ code: 'custom', path: ['atMs'], message, input: context.value });
    }
  });

/** As the server's own: a sheet gives the same stamps in `stamp`, in `replay` and on air. */
export const SHEET_DEFAULTS = { announceMs: 2_000, repeat: 4 } as const;

/** A list of cues, or an object that has it as `cues` and names the stream. */
const Sheet = z.union([
  z.array(SheetCue).max(MAX_CUES),
  z.strictObject({
    stream: z.string().optional(),
    /** Free for people. */
    title: z.string().optional(),
    cues: z.array(SheetCue).max(MAX_CUES),
  }),
]);

/** A cue with its id; ids are unique in a sheet. */
export type SheetCue = z.infer<typeof SheetCue> & { readonly id: string };

export interface CueSheet {
  /** `app/name`; null where the sheet does not say. */
  readonly stream: string | null;
  readonly cues: readonly SheetCue[];
}

/**
 * A cue sheet as `framecue stamp --cues`, `replay` and `verify --expect` take it.
 * @throws {FramecueError} ERR_CUE_SHEET; the message names the field.
 */
export function parseCueSheet(text: string): CueSheet {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FramecueError('ERR_CUE_SHEET', `The cue sheet is not JSON: ${reasonOf(cause)}.`, { cause });
  }
  const parsed = Sheet.safeParse(json);
  if (!parsed.success) throw invalid(json);
  const sheet = Array.isArray(parsed.data) ? { cues: parsed.data, stream: undefined } : parsed.data;
  const ids = new Set<string>();
  const cues = sheet.cues.map((cue, at): SheetCue => {
    const id = cue.id ?? `cue-${at + 1}`;
    if (ids.has(id)) throw new FramecueError('ERR_CUE_SHEET', `cues[${at}].id: ${id} is there twice.`);
    ids.add(id);
    return { ...cue, id };
  });
  return { stream: sheet.stream ?? null, cues };
}

/** @throws {FramecueError} ERR_SOURCE_OPEN, ERR_CUE_SHEET */
export async function readCueSheet(path: string): Promise<CueSheet> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new FramecueError('ERR_SOURCE_OPEN', `${path} cannot be opened: ${reasonOf(cause)}.`, { cause });
  });
  if (bytes.length > MAX_SHEET_BYTES) throw new FramecueError('ERR_CUE_SHEET', `${path} is too large.`);
  return parseCueSheet(bytes.toString('utf8'));
}

/** A union says only that no member fits: the list itself is asked, for the field and what it should be. */
function invalid(json: unknown): FramecueError {
  const list = Array.isArray(json) ? json : (json as { cues?: unknown } | null)?.cues;
  const parsed = z.array(SheetCue).max(MAX_CUES).safeParse(list);
  const issue = parsed.error?.issues[0];
  const path = (issue?.path ?? []).map((part) =>
    typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
  );
  const what =
    issue === undefined ? 'it has fields that are not known' : `cues${path.join('')}: ${issue.message}`;
  return new FramecueError('ERR_CUE_SHEET', `The cue sheet is not valid: ${what}.`);
}
