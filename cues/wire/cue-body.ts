import { StampError } from './errors.ts';

/** What a cue does. `custom.<name>` is free for applications. */
export const CUE_TYPES = [
  'interaction.open',
  'interaction.lock',
  'interaction.reveal',
  'interaction.cancel',
  'product.card',
  'custom',
] as const;

export type CueType = (typeof CUE_TYPES)[number] | `custom.${string}`;

const CUSTOM_TYPE = /^custom\.[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/;

export const isCueType = (value: unknown): value is CueType =>
  typeof value === 'string' && ((CUE_TYPES as readonly string[]).includes(value) || CUSTOM_TYPE.test(value));

/** Cue ids, shows and interactions are named with these. */
export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** `app/name`. */
export const STREAM_PATTERN = /^[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}$/;

export type JsonObject = { readonly [name: string]: unknown };

/**
 * Line 2 of a cue stamp: the cue itself. It never changes for one `id` and `rev`, and is signed as it stands.
 * Times are Unix milliseconds, spans are milliseconds.
 */
export interface CueBody {
  readonly id: string;
  /** Highest wins. */
  readonly rev: number;
  /** `app/name`: a client never fires a cue of another stream. */
  readonly stream: string;
  readonly show?: string;
  readonly type: CueType;
  /** The opening cue that a lock, reveal or cancel belongs to. */
  readonly ref?: string;
  readonly markedAt: number;
  readonly alignAt?: number;
  readonly durationMs?: number;
  /** A client never fires after this moment. */
  readonly exp: number;
  readonly audience?: JsonObject;
  /** Of a rehearsal: nothing that is answered counts, and nothing is given. */
  readonly rehearsal?: boolean;
  readonly data?: JsonObject;
  /** AES-256-GCM in base64url: 12 bytes nonce, ciphertext of `data` as JSON, 16 bytes tag. In place of `data`. */
  readonly sealed?: string;
}

/** Line 2 that takes a cue back: `interaction.cancel` under that cue's own id, which it refers to. */
export const isVoiding = ({
  id,
  type,
  ref,
}: Pick<CueBody, 'id' | 'type'> & { readonly ref?: string | undefined }): boolean =>
  type === 'interaction.cancel' && ref === id;

/** The order of fields on the wire; signatures are over bytes, so that one writer writes one text. */
const FIELD_ORDER = [
  'id',
  'rev',
  'stream',
  'show',
  'type',
  'ref',
  'markedAt',
  'alignAt',
  'durationMs',
  'exp',
  'audience',
  'rehearsal',
  'data',
  'sealed',
] as const satisfies readonly (keyof CueBody)[];

/** Line 2, without a line end. Absent fields are left out. */
export function formatCueBody(body: CueBody): string {
  const ordered: Record<string, unknown> = {};
  for (const field of FIELD_ORDER) {
    if (body[field] !== undefined) ordered[field] = body[field];
  }
  return JSON.stringify(ordered);
}

/**
 * Reads line 2. Unknown fields are passed over: they are what a later version added.
 * @throws {StampError} ERR_STAMP_FORMAT when a field is missing or not of its type.
 */
export function parseCueBody(text: string): CueBody {
  const raw = parseJsonObject(text);
  const body: CueBody = {
    id: need(raw, 'id', isId),
    rev: need(raw, 'rev', isCount),
    stream: need(raw, 'stream', (v) => typeof v === 'string' && STREAM_PATTERN.test(v)),
    type: need(raw, 'type', isCueType),
    markedAt: need(raw, 'markedAt', isTime),
    exp: need(raw, 'exp', isTime),
    ...optional(raw, 'show', isId),
    ...optional(raw, 'ref', isId),
    ...optional(raw, 'alignAt', isTime),
    ...optional(raw, 'durationMs', isCount),
    ...optional(raw, 'audience', isObject),
    ...optional(raw, 'rehearsal', (v) => typeof v === 'boolean'),
    ...optional(raw, 'data', isObject),
    ...optional(raw, 'sealed', (v) => typeof v === 'string'),
  };
  return body;
}

/** @throws {StampError} ERR_STAMP_FORMAT when it is not one JSON object. */
export function parseJsonObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StampError('ERR_STAMP_FORMAT', 'not JSON', { cause });
  }
  if (!isObject(value)) throw new StampError('ERR_STAMP_FORMAT', 'not a JSON object');
  return value as JsonObject;
}

const isObject = (v: unknown): boolean => typeof v === 'object' && v !== null && !Array.isArray(v);
const isId = (v: unknown): boolean => typeof v === 'string' && ID_PATTERN.test(v);
const isTime = (v: unknown): boolean => typeof v === 'number' && Number.isFinite(v) && v >= 0;
const isCount = (v: unknown): boolean => Number.isSafeInteger(v) && (v as number) >= 0;

function need<K extends keyof CueBody>(
  raw: JsonObject,
  field: K,
  fits: (value: unknown) => boolean,
): NonNullable<CueBody[K]> {
  const value = raw[field];
  if (!fits(value)) throw new StampError('ERR_STAMP_FORMAT', `field ${field} is missing or not of its type`);
  return value as NonNullable<CueBody[K]>;
}

function optional<K extends keyof CueBody>(
  raw: JsonObject,
  field: K,
  fits: (value: unknown) => boolean,
): { [P in K]?: NonNullable<CueBody[K]> } {
  if (raw[field] === undefined) return {};
  return { [field]: need(raw, field, fits) } as { [P in K]?: NonNullable<CueBody[K]> };
}
