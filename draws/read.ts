import type { DrawBundle, DrawDocument, PageDocument } from './document.ts';

/** Input of anybody: its shape alone is looked at here, what it says by `verifyDraw`. */
export type Read<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  /** `where`: the first field that is not as it has to be. */
  | { readonly kind: 'malformed'; readonly where: string };

type Check = (value: unknown) => string | null;

const text: Check = (value) => (typeof value === 'string' ? null : '');
const whole: Check = (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? null : '');
const one: Check = (value) => (value === 1 ? null : '');
const hex =
  (bytes: number): Check =>
  (value) =>
    typeof value === 'string' && new RegExp(`^[0-9a-f]{${bytes * 2}}$`).test(value) ? null : '';
const oneOf =
  (...names: readonly string[]): Check =>
  (value) =>
    names.includes(value as string) ? null : '';
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? null : check(value);
const list =
  (check: Check, most: number): Check =>
  (value) => {
    if (!Array.isArray(value) || value.length > most) return '';
    for (const [i, item] of value.entries()) {
      const where = check(item);
      if (where !== null) return `[${i}]${where}`;
    }
    return null;
  };
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
    for (const [name, check] of Object.entries(fields)) {
      const where = check((value as Record<string, unknown>)[name]);
      if (where !== null) return `.${name}${where}`;
    }
    return null;
  };

/** As ids are everywhere: without spaces and line feeds, which part the fields of a commitment. */
const id: Check = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value) ? null : '';
const MOST_PRIZES = 1_000;
const MOST_WINNERS = 1_000_000;
const MOST_PAGES = 100_000;

const drand = object({ chain: hex(32), publicKey: hex(96), genesis: whole, period: whole });
const source: Check = (value) => {
  const where = object({ kind: oneOf('drand', 'commit-reveal') })(value);
  if (where !== null) return where;
  return (value as { kind: string }).kind === 'drand' ? drand(value) : null;
};
const digest = { count: whole, root: hex(32), high: object({ count: whole, digest: hex(32) }) };

const draw = object({
  v: one,
  interaction: id,
  state: oneOf('open', 'frozen', 'committed', 'drawn', 'revealed', 'void'),
  seedHash: hex(32),
  source,
  prizes: list(object({ prize: id, pieces: whole, tier: oneOf('high', 'low', 'any') }), MOST_PRIZES),
  commitment: orNull(
    object({
      ...{ text, digest: hex(32), ...digest, pages: whole, round: orNull(whole), roundAt: orNull(whole) },
      ...{ committedAt: whole, moved: list(object({ round: whole, at: whole }), MOST_PRIZES) },
    }),
  ),
  result: orNull(
    object({
      seed: hex(32),
      beacon: orNull(object({ round: whole, signature: hex(48) })),
      winners: list(object({ index: whole, leaf: text, prize: id }), MOST_WINNERS),
    }),
  ),
  void: orNull(object({ why: text, at: whole })),
});
const page = object({ v: one, interaction: id, root: hex(32), page: whole, leaves: text, high: text });

const readAs =
  <Value>(check: Check) =>
  (value: unknown): Read<Value> => {
    const where = check(value);
    if (where === null) return { kind: 'read', value: value as Value };
    return { kind: 'malformed', where: where === '' ? 'it' : where.replace(/^\./, '') };
  };

export const readDraw = readAs<DrawDocument>(draw);
export const readPage = readAs<PageDocument>(page);
export const readBundle = readAs<DrawBundle>(object({ v: one, draw, pages: list(page, MOST_PAGES) }));
