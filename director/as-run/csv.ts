import type { AsRunRow } from './row.ts';

/** What can make a spreadsheet read a cell as a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[\s\p{C}]*[=+\-@|%＝＋－＠]/u;

const COLUMNS = [
  'seq',
  'at',
  'timecode',
  'what',
  'title',
  'cue',
  'item',
  'type',
  'by',
  'console',
  'epoch',
  'pts',
  'frame',
  'errorMs',
  'state',
  'reason',
  'rehearsal',
] as const satisfies readonly (keyof AsRunRow)[];

/** Spreadsheets take UTF-8 for what it is only behind a byte order mark. */
export const CSV_HEAD = `\ufeff${COLUMNS.join(',')}\r\n`;

/** One row (RFC 4180), `at` as RFC 3339. Numbers are numbers; no text can begin a formula. */
export function csvRow(row: AsRunRow): string {
  const cells = COLUMNS.map((column) => cell(column === 'at' ? isoOf(row.at) : row[column]));
  return `${cells.join(',')}\r\n`;
}

function cell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const isoOf = (unixMs: number): string => new Date(unixMs).toISOString();
