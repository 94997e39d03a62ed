import { z } from 'zod';
import { type CueType, ID_PATTERN, isCueType } from '../wire/index.ts';

const DAY_MS = 86_400_000;
const LATEST_UNIX_MS = 8_640_000_000_000_000;
const MAX_DEPTH = 32;
export const MAX_ITEMS = 500;
/** Shorter than a cue's id, which is made of it. */
export const ITEM_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}

const Json = z.custom<{ readonly [name: string]: unknown }>(
  (value) => isRecord(value) && isShallow(value, MAX_DEPTH),
  `give a JSON object, nested at most ${MAX_DEPTH} deep`,
);
const ItemId = z
  .string('give 1 to 40 letters, digits, ".", "_" or "-", a letter or digit first')
  .regex(ITEM_ID_PATTERN, 'give 1 to 40 letters, digits, ".", "_" or "-", a letter or digit first');
const Id = z
  .string('give 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first')
  .regex(ID_PATTERN, 'give 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first');
const Moment = z.union(
  [z.int().min(0).max(LATEST_UNIX_MS), z.iso.datetime({ offset: true })],
  'give RFC 3339 with Z or an offset (2030-01-31T20:15:00+01:00), or Unix milliseconds',
);
const span = (min: number, max: number) => {
  const message = `give whole milliseconds from ${min} to ${max}`;
  return z.int(message).min(min, message).max(max, message);
};
const text = (max: number) =>
  z.string('give text').min(1, 'give text').max(max, `give at most ${max} characters`);
const Flag = z.boolean('give true or false');

/** One line of the running order. Spans are milliseconds; moments RFC 3339 or Unix milliseconds. */
export const RundownItem = z.strictObject(
  {
    id: ItemId,
    title: text(200).optional(),
    type: z.custom<CueType>(
      isCueType,
      'give interaction.open, .lock, .reveal or .cancel, product.card, custom or custom.<name>',
    ),
    /** The opening item that a lock, reveal or cancel belongs to. */
    ref: ItemId.optional(),
    /** The interaction that events holds; `interaction` of the cue's data. */
    interaction: Id.optional(),
    /** What viewers see, from its picture on. */
    data: Json.optional(),
    /** The round closes by itself after that. */
    durationMs: span(1, DAY_MS).optional(),
    /** All viewers open at this moment of the synchronised clock. */
    alignAt: Moment.optional(),
    /** The same, that long after the picture. */
    alignInMs: span(0, DAY_MS).optional(),
    /** Runs by itself at this moment of the wall clock. */
    at: Moment.optional(),
    /** Runs by itself that long after the picture of another item. */
    after: z
      .strictObject({ item: ItemId, ms: span(0, DAY_MS) }, 'give { "item": "<id>", "ms": <milliseconds> }')
      .optional(),
    announceMs: span(0, 60_000).optional(),
    /** Gives prizes: consoles ask twice, and no two such rounds are open at a time. */
    prize: Flag.optional(),
    audience: z
      .union([z.enum(['public', 'private']), Json], 'give public, private or a JSON object')
      .optional(),
    /** Who is faster gets more: opens at a common moment only. */
    speedPaid: Flag.optional(),
    /** For directors alone. */
    notes: text(2_000).optional(),
  },
  'give an object',
);
export type RundownItem = z.infer<typeof RundownItem>;

/** The running order of a show. */
export const RundownDocument = z.strictObject({
  id: Id,
  title: text(200).optional(),
  show: Id.optional(),
  items: z.array(RundownItem).max(MAX_ITEMS),
});
export type RundownDocument = z.infer<typeof RundownDocument>;

/** Everything but the items. */
export const RundownHead = RundownDocument.omit({ items: true });

export const ITEM_FIELDS = Object.keys(RundownItem.shape) as readonly (keyof RundownItem)[];

/** Unix milliseconds. */
export const momentOf = (moment: number | string): number =>
  typeof moment === 'number' ? moment : Date.parse(moment);

/** Types that say something of a round that another item has opened. */
export const CLOSING_TYPES = ['interaction.lock', 'interaction.reveal', 'interaction.cancel'] as const;
export type ClosingType = (typeof CLOSING_TYPES)[number];

export const isClosing = (type: CueType): type is ClosingType =>
  (CLOSING_TYPES as readonly string[]).includes(type);

export const isOpening = (item: RundownItem): boolean => item.type === 'interaction.open';

/** A round is for everybody unless it says otherwise. */
export const isPrivate = ({ audience }: RundownItem): boolean =>
  audience === 'private' || (typeof audience === 'object' && audience.private === true);

/** The interaction that an item names, in its field or in its data; null: none. */
export function interactionOf({ interaction, data }: RundownItem): string | null {
  if (interaction !== undefined) return interaction;
  const named = data?.interaction;
  return typeof named === 'string' && ID_PATTERN.test(named) ? named : null;
}

/** `data` of the item's cue. */
export const cueDataOf = ({ interaction, data }: RundownItem): { readonly [name: string]: unknown } =>
  interaction === undefined ? (data ?? {}) : { ...data, interaction };

/** `audience` of the item's cue; undefined: everybody. */
export function cueAudienceOf({ audience }: RundownItem): { readonly [name: string]: unknown } | undefined {
  if (audience === undefined || audience === 'public') return undefined;
  return audience === 'private' ? { private: true } : audience;
}
