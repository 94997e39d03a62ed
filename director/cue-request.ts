import { z } from 'zod';
import type { FireRequest } from '../cues/cue.ts';
import { ID_PATTERN, isCueType } from '../cues/wire/index.ts';
import { ms, type UnixMilliseconds, unixMs } from '../packet/time.ts';

const DAY_MS = 86_400_000;
const LATEST_UNIX_MS = 8_640_000_000_000_000;

const Id = z
  .string()
  .regex(ID_PATTERN, 'give 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first');
/** RFC 3339 with its offset, or Unix milliseconds. */
const Moment = z.union(
  [z.int().min(0).max(LATEST_UNIX_MS), z.iso.datetime({ offset: true })],
  'give Unix milliseconds, or RFC 3339 with Z or an offset',
);
const Span = z
  .int()
  .min(0)
  .max(30 * DAY_MS);
const MAX_DEPTH = 32;
const Json = z
  .record(z.string(), z.unknown())
  .refine((json) => isShallow(json, MAX_DEPTH), `nest objects and lists at most ${MAX_DEPTH} deep`);

/** Whether a JSON value nests no deeper. A body of 16 KB can nest deeper than JSON can be written without running out of stack. */
export function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}

/** Types that say something of an interaction that another cue has opened. */
const REFERRING_TYPES: readonly string[] = ['interaction.lock', 'interaction.reveal', 'interaction.cancel'];

export const isReferring = (type: string): boolean => REFERRING_TYPES.includes(type);

/** `.1000` has room behind it. */
const SERIES_ID_LENGTH = 59;
const Series = z.strictObject({
  everyMs: z.int().min(1_000).max(DAY_MS),
  count: z.int().min(2).max(1_000),
});
const Title = z.string().min(1).max(200);

/** When, and with how long an announcement: the same wherever a moment is given. */
const MOMENT = {
  /** The moment meant, by the wall clock. */
  at: Moment.optional(),
  /** The moment meant, as a PTS of the stream's output timeline: what the director saw. */
  mediaTime: z.number().min(0).max(LATEST_UNIX_MS).optional(),
  /** That long after now. */
  delayMs: Span.optional(),
  announceMs: z.int().min(0).max(60_000).optional(),
};
/** The same, that long after the moment at which the picture passes the injector: the hold. */
const AlignInMs = z.int().min(0).max(DAY_MS);

type Issue = (field: string, message: string) => void;
type MomentFields = Partial<Record<'at' | 'mediaTime' | 'delayMs' | 'alignAt' | 'alignInMs', unknown>>;

const issueOf =
  (context: { readonly value: unknown; readonly issues: z.core.$ZodRawIssue[] }): Issue =>
  (field, message) =>
    context.issues.push({ code: 'custom', path: [field], message, input: context.value });

/** @returns how many moments are given. */
function checkMoments({ at, mediaTime, delayMs, alignAt, alignInMs }: MomentFields, issue: Issue): number {
  const moments = [at, mediaTime, delayMs].filter((moment) => moment !== undefined).length;
  if (moments > 1) issue(at === undefined ? 'mediaTime' : 'at', 'give one of at, mediaTime and delayMs');
  if (alignAt !== undefined && alignInMs !== undefined)
    issue('alignInMs', 'give one of alignAt and alignInMs');
  return moments;
}

/** The body of `POST /api/v1/streams/{app}/{name}/cues`. Times are Unix milliseconds or RFC 3339, spans milliseconds. */
export const CueRequest = z
  .strictObject({
    type: z.custom<`custom.${string}`>(
      isCueType,
      'give interaction.open, .lock, .reveal or .cancel, product.card, custom or custom.<name>',
    ),
    /** What viewers see; sealed until its picture. */
    data: Json.optional(),
    /** Made here where it is not given. */
    id: Id.optional(),
    show: Id.optional(),
    /** The opening cue, for lock, reveal and cancel. */
    ref: Id.optional(),
    ...MOMENT,
    repeat: z.int().min(0).max(100).optional(),
    durationMs: z.int().min(1).max(DAY_MS).optional(),
    /** All viewers open at this moment of the synchronised clock, once they have seen the picture. */
    alignAt: Moment.optional(),
    alignInMs: AlignInMs.optional(),
    /** A client never fires it later than that after its moment. */
    expiresInMs: z.int().min(1_000).max(DAY_MS).optional(),
    audience: Json.optional(),
    /** It waits for `take`, and has no moment of its own until then. */
    armed: z.boolean().optional(),
    /** So many cues, `id.1`, `id.2`, ...: each one that long after the one before. */
    series: Series.optional(),
    title: Title.optional(),
    /** Of a rundown. */
    item: Id.optional(),
    prize: z.boolean().optional(),
  })
  .check((context) => {
    const { type, ref, armed, series, id } = context.value;
    const issue = issueOf(context);
    const moments = checkMoments(context.value, issue);
    if (armed === true && moments > 0)
      issue('armed', 'an armed cue has no moment of its own: give it with take');
    if (armed === true && series !== undefined) issue('series', 'an armed cue does not repeat');
    if (series !== undefined && id !== undefined && id.length > SERIES_ID_LENGTH)
      issue('id', `of a series: give at most ${SERIES_ID_LENGTH} characters`);
    if (series !== undefined && isReferring(type))
      issue('series', 'a lock, reveal or cancel does not repeat');
    if (isReferring(type) && ref === undefined)
      issue('ref', `a cue of type ${type} needs the opening cue's id`);
    if (!isReferring(type) && ref !== undefined) issue('ref', `a cue of type ${type} refers to no other`);
  });
export type CueRequest = z.infer<typeof CueRequest>;

/** The body of `POST .../cues/{id}/take`; without a moment: now. */
export const TakeRequest = z
  .strictObject({ ...MOMENT, alignAt: Moment.optional(), alignInMs: AlignInMs.optional() })
  .check((context) => {
    checkMoments(context.value, issueOf(context));
  });
export type TakeRequest = z.infer<typeof TakeRequest>;

/** The body of `PATCH .../cues/{id}`: what is given is changed, null takes it away. */
export const EditRequest = z
  .strictObject({
    /** The revision that was looked at: another one is refused. */
    rev: z.int().min(0).optional(),
    data: Json.optional(),
    ...MOMENT,
    repeat: z.int().min(0).max(100).optional(),
    durationMs: z.int().min(1).max(DAY_MS).nullable().optional(),
    alignAt: Moment.nullable().optional(),
    alignInMs: AlignInMs.optional(),
    audience: Json.nullable().optional(),
    title: Title.nullable().optional(),
  })
  .check((context) => {
    checkMoments(context.value, issueOf(context));
  });
export type EditRequest = z.infer<typeof EditRequest>;

/** The body of `POST .../panic`. */
export const PanicRequest = z.strictObject({
  confirm: z.literal(true, 'give "confirm": true: it closes everything'),
});

export const unixMsOf = (moment: number | string): UnixMilliseconds =>
  unixMs(typeof moment === 'number' ? moment : Date.parse(moment));

export function fireOf(request: CueRequest): FireRequest {
  if (request.at !== undefined) return { kind: 'at', at: unixMsOf(request.at) };
  // Players give fractions; a PTS has none.
  if (request.mediaTime !== undefined) return { kind: 'mediaTime', pts: ms(Math.round(request.mediaTime)) };
  if (request.delayMs !== undefined) return { kind: 'delay', delayMs: ms(request.delayMs) };
  return { kind: 'next' };
}

export const ListQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'give a number from 1 to 200')
    .refine((text) => Number(text) >= 1 && Number(text) <= 200, 'give a number from 1 to 200')
    .optional(),
  /** The `next` of the page before. */
  before: Id.optional(),
});

export const StampingRequest = z.strictObject({ on: z.boolean() });

/** `Idempotency-Key`: printable ASCII. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Idempotency-Key: give 1 to 255 visible ASCII characters');
