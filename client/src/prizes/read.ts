import { fromBase64Url } from '../../../cues/wire/index.ts';
import type { DrawResult, OwnEntry } from './types.ts';

/** Reading of what comes from outside: null for what does not fit. */

export interface Sealed {
  readonly iv: Uint8Array;
  /** The tag of 16 bytes at its end. */
  readonly ciphertext: Uint8Array;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const IV_BYTES = 12;
const TAG_BYTES = 16;
const MOST_WINNERS = 10_000;

export function readSealed(value: unknown): Sealed | null {
  const sealed = fieldsOf(value);
  if (sealed?.v !== 1 || sealed.alg !== 'A256GCM' || !isText(sealed.iv) || !isText(sealed.ciphertext))
    return null;
  try {
    const [iv, ciphertext] = [fromBase64Url(sealed.iv), fromBase64Url(sealed.ciphertext)];
    return iv.length === IV_BYTES && ciphertext.length > TAG_BYTES ? { iv, ciphertext } : null;
  } catch {
    return null;
  }
}

/** @param text what the sealed result holds */
export function readResult(text: string, interaction: string): DrawResult | null {
  const { interaction: of, root, total, winners } = fieldsOf(JSON.parse(text)) ?? {};
  if (of !== interaction || !isText(root) || !isCount(total)) return null;
  if (!Array.isArray(winners) || winners.length > MOST_WINNERS) return null;
  const read: DrawResult['winners'][number][] = [];
  for (const winner of winners) {
    const { leaf, prize, title } = fieldsOf(winner) ?? {};
    if (!isText(leaf) || !isText(prize) || !isText(title)) return null;
    read.push({ leaf, prize, title });
  }
  return { interaction, root, total, winners: read };
}

export interface ToldPlace {
  readonly index: number;
  readonly count: number;
  readonly root: string;
  readonly tier: 'high' | 'low';
  readonly leaf: string;
  readonly path: readonly string[];
}

/** What the server says of a viewer's own entry, before anything of it is checked. */
export type ToldEntry = Omit<OwnEntry, 'place'> & { readonly place: ToldPlace | null };

const STATES = ['open', 'frozen', 'committed', 'drawn', 'revealed', 'void'] as const;
const STATUSES = ['accepted', 'held', 'refused'] as const;
const RIGHTS = ['earned', 'released', 'granted', 'voided'] as const;
const MOST_STEPS = 64;

const oneOf = <Name extends string>(names: readonly Name[], value: unknown): Name | null =>
  names.find((name) => name === value) ?? null;

export function readMine(value: unknown, interaction: string): ToldEntry | null {
  const told = fieldsOf(value);
  const state = oneOf(STATES, told?.state);
  if (told === null || told.interaction !== interaction || state === null) return null;
  const entry = orNull(told.entry, readEntry);
  const place = orNull(told.place, readPlace);
  const prize = orNull(told.prize, readPrize);
  if (entry === undefined || place === undefined || prize === undefined) return null;
  return { interaction, state, entry, place, prize };
}

/** Undefined: it does not fit. */
function orNull<Value>(value: unknown, read: (fields: Fields) => Value | null): Value | null | undefined {
  if (value === null || value === undefined) return null;
  const fields = fieldsOf(value);
  return fields === null ? undefined : (read(fields) ?? undefined);
}

function readEntry({ receipt, status }: Fields): OwnEntry['entry'] {
  const known = oneOf(STATUSES, status);
  return isText(receipt) && known !== null ? { receipt, status: known } : null;
}

function readPlace({ index, count, root, tier, leaf, path }: Fields): ToldPlace | null {
  const known = oneOf(['high', 'low'] as const, tier);
  if (!isCount(index) || !isCount(count) || !isText(root) || known === null || !isText(leaf)) return null;
  if (!Array.isArray(path) || path.length > MOST_STEPS || !path.every(isText)) return null;
  return { index, count, root, tier: known, leaf, path };
}

function readPrize({ prize, title, right, grant }: Fields): OwnEntry['prize'] {
  if (!isText(prize) || !isText(title)) return null;
  const given = fieldsOf(grant);
  return {
    ...{ prize, title, right: oneOf(RIGHTS, right) },
    grant:
      given === null || !isText(given.id)
        ? null
        : { id: given.id, reversed: given.reversed === true, delivered: given.delivered === true },
  };
}
