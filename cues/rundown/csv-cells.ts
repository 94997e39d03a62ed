import { ITEM_FIELDS, type RundownItem } from './document.ts';

type Field = keyof RundownItem;

/** What one column of a CSV file fills. */
export type Column =
  | { readonly kind: 'field'; readonly field: Field }
  /** `after.item` and `after.ms`. */
  | { readonly kind: 'after'; readonly part: 'item' | 'ms' }
  /** `data.question`, `data.product.price`: a place in `data`. */
  | { readonly kind: 'data'; readonly path: readonly string[] }
  | { readonly kind: 'unknown'; readonly name: string };

const BY_NAME = new Map<string, Field>(ITEM_FIELDS.map((field) => [field.toLowerCase(), field]));
const DATA_NAME = /^[A-Za-z0-9_$-]{1,64}$/;

/** A column by its heading; upper and lower case are one, but for names in `data`. */
export function columnOf(heading: string): Column {
  const name = heading.trim();
  const field = BY_NAME.get(name.toLowerCase());
  if (field !== undefined) return { kind: 'field', field };
  const after = /^after\.(item|ms)$/i.exec(name)?.[1]?.toLowerCase();
  if (after === 'item' || after === 'ms') return { kind: 'after', part: after };
  const [first, ...path] = name.split('.');
  const isData = first?.toLowerCase() === 'data' && path.length > 0;
  if (isData && path.every((part) => DATA_NAME.test(part) && part !== '__proto__')) {
    return { kind: 'data', path };
  }
  return { kind: 'unknown', name };
}

/** As spreadsheets write them, in the languages in which they translate them. */
const TRUE = new Set(['true', 'yes', 'y', 'x', '1', 'wahr', 'ja', 'vrai', 'oui', 'verdadero', 'si', 'vero']);
const FALSE = new Set(['false', 'no', 'n', '0', 'falsch', 'nein', 'faux', 'non', 'falso']);

function flagOf(cell: string): unknown {
  const word = cell.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : cell;
}

const wholeOf = (cell: string): unknown => (/^-?\d{1,15}$/.test(cell.trim()) ? Number(cell) : cell.trim());

function jsonOr<T>(cell: string, other: T): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    // The schema then says what a cell of this column is to be.
    return other;
  }
}

/** `item + 10000`, or JSON. */
function afterOf(cell: string): unknown {
  const [, item, ms] = /^\s*([^\s+{]+)\s*\+\s*(\d{1,9})\s*(?:ms)?\s*$/.exec(cell) ?? [];
  return item === undefined ? jsonOr(cell, cell) : { item, ms: Number(ms) };
}

/** A cell as its field's value; what does not fit is left to the schema, which names it. */
export function valueOfCell(field: Field, cell: string): unknown {
  switch (field) {
    case 'title':
    case 'notes':
      return cell;
    case 'id':
    case 'type':
    case 'ref':
    case 'interaction':
      return cell.trim();
    case 'durationMs':
    case 'alignInMs':
    case 'announceMs':
    case 'at':
    case 'alignAt':
      return wholeOf(cell);
    case 'prize':
    case 'speedPaid':
      return flagOf(cell);
    case 'data':
      return jsonOr(cell, cell);
    case 'audience':
      return cell.trim().startsWith('{') ? jsonOr(cell, cell) : cell.trim().toLowerCase();
    case 'after':
      return afterOf(cell);
    default:
      field satisfies never;
      throw new TypeError('no such field');
  }
}

export const spanOfCell = wholeOf;

/**
 * A cell of a `data.` column: JSON where it looks like it (an object, a list, a quoted string, a number, true, false
 * or null), else text. `"42"` in quotes stays text.
 */
export function dataOfCell(cell: string): unknown {
  const looksLikeJson = /^\s*(?:[{["]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$|(?:true|false|null)\s*$)/.test(
    cell,
  );
  return looksLikeJson ? jsonOr(cell, cell) : cell;
}

/**
 * What is wrong with a cell of a `data` column that begins like a list or an object and is none; null: nothing. As
 * text it would reach viewers in one piece.
 */
export function brokenJsonIn(column: string, cell: string): string | null {
  const [first] = cell.trimStart();
  if (first !== '[' && first !== '{') return null;
  try {
    JSON.parse(cell);
    return null;
  } catch {
    const [what, last] = first === '[' ? ['a list', ']'] : ['an object', '}'];
    return `The cell of ${column} begins like ${what} and is no valid JSON: look for a missing ${last}, comma or quote; text that is to begin with ${first} goes into quotes.`;
  }
}
