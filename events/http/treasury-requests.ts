import { z } from 'zod';
import { ID_PATTERN } from '../../cues/wire/index.ts';
import { type UnixMicroseconds, unixMs, unixMsToUs } from '../../packet/time.ts';
import type { MeasureTerms } from '../ledger/measures.ts';
import { type Amount, type PoolTerms, PURPOSES, TIERS } from '../ledger/treasury.ts';
import { Limit, Page } from './paging.ts';

/** What the treasury's routes take. Money in whole minor units, moments in Unix milliseconds or RFC 3339. */

/** The ledger has moments as microseconds, whole and safe: until 2255. */
const LATEST_UNIX_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);
/** Of amounts: sums of them stay safe integers, and one wrong request cannot fill a pool for ever. */
const MOST = 1_000_000_000_000;
const MOST_BOXES = 1_000_000;
const PPM = 1_000_000;
const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

export const Id = z
  .string()
  .regex(ID_PATTERN, 'give 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first');
const Moment = z.union(
  [
    z.int().min(0).max(LATEST_UNIX_MS),
    z.iso.datetime({ offset: true }).refine((text) => Date.parse(text) <= LATEST_UNIX_MS),
  ],
  'give Unix milliseconds, or RFC 3339 with Z or an offset, before 2255',
);
const Title = z.string().min(1).max(200);
const Pieces = z.int().min(0).max(MOST);
const AmountMinor = z.int().min(0).max(MOST);
const Region = z.string().regex(/^[A-Z]{2}$/, 'give an ISO 3166-1 alpha-2 code');
/** Stands in the ledger for good and goes to the reward platform: no place for names. */
const Why = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._:-]{0,99}$/,
    'give up to 100 letters, digits, spaces, ".", "_", ":" or "-"',
  );
const Cause = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'give 1 to 128 visible ASCII characters');
export const Viewer = z.string().min(1).max(1_024);

/** The header by which a repeat is known. */
export const IdempotencyKey = z
  .string('give an Idempotency-Key header')
  .regex(/^[\x21-\x7e]{1,128}$/, 'give 1 to 128 visible ASCII characters');

export const PoolRequest = z
  .strictObject({
    id: Id,
    show: Id,
    title: Title,
    tier: z.enum(TIERS),
    purpose: z.enum(PURPOSES).optional().meta({ description: '`stock`: sold, not given. Default `prize`.' }),
    currency: z
      .string()
      .refine((code) => CURRENCIES.has(code), 'give an ISO 4217 code')
      .meta({ description: 'ISO 4217.' }),
    pieces: Pieces.optional().meta({ description: 'Funded at once.' }),
    amountMinor: AmountMinor.optional().meta({ description: 'Funded at once, in minor units.' }),
    opensAt: Moment.optional(),
    closesAt: Moment.optional().meta({ description: 'Nothing is earned from then on.' }),
    regions: z
      .strictObject({
        allow: z.array(Region).min(1).max(250).optional(),
        deny: z.array(Region).min(1).max(250).optional(),
      })
      .optional()
      .meta({ description: 'A viewer of no known region gets nothing from a pool with a rule.' }),
    leftover: z
      .union([
        z.strictObject({ rule: z.literal('return') }),
        z.strictObject({ rule: z.literal('to'), pool: Id }),
      ])
      .optional()
      .meta({
        description: 'What becomes of what is left; default `return`. `to`: a pool that is there already.',
      }),
    sweepAtEnd: z
      .boolean()
      .optional()
      .meta({ description: 'By itself, once `closesAt` is over and nothing is reserved.' }),
    reverseOnVoid: z
      .boolean()
      .optional()
      .meta({ description: 'Take grants back when their round is voided after its reveal.' }),
  })
  .check(({ value, issues }) => {
    const { opensAt, closesAt, sweepAtEnd, leftover, id } = value;
    const refuse = (path: string, message: string) =>
      issues.push({ code: 'custom', input: value, path: [path], message });
    if (opensAt !== undefined && closesAt !== undefined && usOf(closesAt) <= usOf(opensAt)) {
      refuse('closesAt', 'closes before it opens');
    }
    if (sweepAtEnd === true && closesAt === undefined) refuse('sweepAtEnd', 'has no end: give closesAt');
    if (leftover?.rule === 'to' && leftover.pool === id) refuse('leftover', 'leads to the pool itself');
  });

export const FundRequest = z.strictObject({ pieces: Pieces, amountMinor: AmountMinor });
export const CloseRequest = z.strictObject({ why: Why.optional() });
export const NoBody = z.strictObject({});
export const ReverseRequest = z.strictObject({ why: Why });

export const BoxesRequest = z.strictObject({
  viewer: Viewer,
  count: z.int().min(1).max(MOST_BOXES),
  cause: Cause.meta({ description: 'What they are for; once in a show. Names nobody.' }),
});

const When = z.union([
  z.strictObject({ boxesOver: Pieces }).meta({ description: 'More boxes than these have dropped.' }),
  z
    .strictObject({
      shareOver: z.strictObject({ boxes: z.int().min(1).max(MOST_BOXES), ppm: z.int().min(0).max(PPM) }),
    })
    .meta({ description: 'Of viewers with boxes, more than this share has `boxes` or more.' }),
  z.strictObject({ poolBelow: z.strictObject({ pool: Id, pieces: Pieces }) }),
  z.strictObject({ budgetBelow: z.strictObject({ pool: Id, amountMinor: AmountMinor }) }),
]);
const DropPpm = z.int().min(0).max(PPM);
const Threshold = z.int().min(0).max(MOST_BOXES);
const Do = z.union([
  z.strictObject({ dropPpm: DropPpm }),
  z.strictObject({ threshold: Threshold }),
  z.strictObject({ closePool: Id }),
]);
export const MeasureRequest = z
  .strictObject({
    id: Id,
    title: Title.optional(),
    when: When.optional(),
    do: Do,
    auto: z.boolean().optional(),
  })
  .check(({ value, issues }) => {
    if (value.auto !== true || value.when !== undefined) return;
    issues.push({ code: 'custom', input: value, path: ['auto'], message: 'nothing says when: give `when`' });
  });
export const ShowRequest = z
  .strictObject({
    dropPpm: DropPpm.meta({ description: 'Of a million answers that count, as many drop a box.' }),
    threshold: Threshold.meta({ description: 'Boxes that lead to the high pools; 0: everybody may.' }),
    measures: z.array(MeasureRequest).max(50),
  })
  .check(({ value, issues }) => {
    const ids = value.measures.map(({ id }) => id);
    if (new Set(ids).size === ids.length) return;
    issues.push({ code: 'custom', input: value, path: ['measures'], message: 'two measures have one id' });
  });

export const ShowQuery = z.object({ show: Id.optional() });
export const PoolsQuery = z.object({ show: Id.optional(), limit: Limit, after: Id.optional() });
export const RightsQuery = Page.extend({
  interaction: Id.optional(),
  viewer: Viewer.optional(),
  pool: Id.optional(),
  state: z.enum(['earned', 'released', 'granted', 'voided']).optional(),
});
export const GrantsQuery = RightsQuery.omit({ state: true });
export const BoxesQuery = z.object({ viewer: Viewer.optional() });
export const PeopleQuery = Page.extend({
  by: z.string().max(64).optional(),
  target: z.string().max(128).optional(),
});

const usOf = (moment: z.infer<typeof Moment>): UnixMicroseconds =>
  unixMsToUs(unixMs(typeof moment === 'number' ? moment : Date.parse(moment)));

export function termsOf(wanted: z.infer<typeof PoolRequest>): PoolTerms {
  const { id, show, title, tier, currency, regions, opensAt, closesAt } = wanted;
  return {
    ...{ id, show, title, tier, purpose: wanted.purpose ?? 'prize', currency },
    opensAtUs: opensAt === undefined ? null : usOf(opensAt),
    closesAtUs: closesAt === undefined ? null : usOf(closesAt),
    regions: regions === undefined ? null : { allow: regions.allow ?? null, deny: regions.deny ?? null },
    leftover: wanted.leftover ?? { rule: 'return' },
    sweepAtEnd: wanted.sweepAtEnd ?? false,
    reverseOnVoid: wanted.reverseOnVoid ?? false,
  };
}

export function budgetOf({ pieces = 0, amountMinor = 0 }: z.infer<typeof PoolRequest>): Amount | null {
  return pieces + amountMinor === 0 ? null : { pieces, amountMinor };
}

export const measureTermsOf = (wanted: z.infer<typeof MeasureRequest>): MeasureTerms => ({
  ...{ id: wanted.id, title: wanted.title ?? wanted.id, when: wanted.when ?? null },
  ...{ do: wanted.do, auto: wanted.auto ?? false },
});
