import { CsvError, parse } from 'csv-parse/sync';
import { brokenJsonIn, type Column, columnOf, dataOfCell, spanOfCell, valueOfCell } from './csv-cells.ts';
import { MAX_ITEMS } from './document.ts';
import type { RundownIssue } from './issues.ts';
import { type RawItem, type RundownReading, readRaw, unreadable } from './reading.ts';

interface Row {
  readonly cells: readonly string[];
  /** The line at which it begins. */
  readonly line: number;
}

const HEAD_FIELDS = ['id', 'title', 'show'] as const;

/**
 * Reads a rundown from CSV text (RFC 4180): a header with the items' field names, then an item a row. Rows before
 * the header may say `#id`, `#title` and `#show` of the rundown. The delimiter is whichever of comma, semicolon and
 * tab the header uses. An empty cell is a field that is not given.
 * @param name id of the rundown where the file says none
 */
export function readRundownCsv(text: string, name: string): RundownReading {
  // Spreadsheets end lines with CR LF; one line end is one line.
  const plain = text.replace(/^\ufeff/, '').replaceAll(/\r\n?/g, '\n');
  const delimiter = delimiterOf(plain);
  let rows: Row[];
  try {
    rows = rowsOf(plain.replace(SEPARATOR_LINE, '\n'), delimiter);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines) || null;
    return unreadable('csv', line, TEXT_OF[error.code] ?? 'The row cannot be read.');
  }
  const at = rows.findIndex(({ cells }) => !cells[0]!.startsWith('#'));
  const header = rows[at];
  if (header === undefined) {
    return unreadable(
      'csv',
      null,
      'There is no header: begin with a row of field names, such as id,type,title.',
    );
  }
  const issues: RundownIssue[] = [];
  const head = headOf(rows.slice(0, at), name, issues);
  const columns = header.cells.map(columnOf);
  checkHeader(columns, header, issues);
  const comments = columns[0]?.kind === 'field' && columns[0].field === 'id';
  const items = rows
    .slice(at + 1)
    .filter(({ cells }) => !(comments && cells[0]!.startsWith('#')))
    .map((row) => itemOf(row, columns, issues));
  return readRaw(head, items, issues);
}

const TEXT_OF: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED:
    'A quote is opened here that is never closed: write a quote inside a cell twice ("").',
  INVALID_OPENING_QUOTE:
    'A quote stands inside a cell that does not begin with one: put the whole cell into quotes and write the quote twice ("").',
  CSV_INVALID_CLOSING_QUOTE:
    'Something stands behind the closing quote of a cell: write a quote inside a cell twice ("").',
  CSV_MAX_RECORD_SIZE: 'The row is too long: is a quote never closed?',
};

/** Excel's own first line. */
const SEPARATOR_LINE = /^sep=(.)\n/i;
const DELIMITERS = [',', ';', '\t'] as const;

function delimiterOf(text: string): string {
  const told = SEPARATOR_LINE.exec(text)?.[1];
  if (told !== undefined) return told;
  const header = text.split('\n').find((line) => line.trim() !== '' && !/^"?#/.test(line)) ?? '';
  const unquoted = header.replaceAll(/"[^"]*"/g, '');
  const count = (delimiter: string) => unquoted.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

const MAX_ROW = 200_000;
/** With comments and head. A file of a million short rows would hold up everything else for minutes. */
const MAX_ROWS = 4 * MAX_ITEMS;

function rowsOf(text: string, delimiter: string): Row[] {
  const records = parse(text, {
    delimiter,
    info: true,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW,
    to: MAX_ROWS,
  }) as unknown as { readonly record: string[]; readonly info: { readonly lines: number } }[];
  return records
    .map(({ record, info }) => {
      const breaks = record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
      return { cells: record, line: info.lines - breaks };
    })
    .filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
}

function headOf(rows: readonly Row[], name: string, issues: RundownIssue[]) {
  const value: Record<string, string> = { id: name };
  const lines = new Map<string, number>();
  for (const { cells, line } of rows) {
    const field = HEAD_FIELDS.find((one) => `#${one}` === cells[0]!.trim().toLowerCase());
    if (field === undefined || (cells[1] ?? '') === '') continue;
    value[field] = field === 'title' ? cells[1]! : cells[1]!.trim();
    lines.set(field, line);
    if (cells.slice(2).every((cell) => cell === '')) continue;
    const problem = `#${field}: one cell follows on it; put it into quotes where it holds the delimiter.`;
    issues.push({ item: null, line, field, code: 'csv', problem });
  }
  return { value, lineOf: (field: string) => lines.get(field.split('.')[0]!) ?? null };
}

function checkHeader(columns: readonly Column[], { cells, line }: Row, issues: RundownIssue[]): void {
  const seen = new Set<string>();
  for (const [index, column] of columns.entries()) {
    const name = cells[index]!.trim();
    if (column.kind === 'unknown') {
      // A column without a heading may stand empty; what stands in it is told with its row.
      if (name === '') continue;
      const problem = `There is no column "${name}": take it out, or name it "data.${name}" or "notes".`;
      issues.push({ item: null, line, field: name, code: 'field-unknown', problem });
    } else if (seen.has(JSON.stringify(column))) {
      const problem = `The column "${name}" is there twice: take one out.`;
      issues.push({ item: null, line, field: name, code: 'csv', problem });
    }
    seen.add(JSON.stringify(column));
  }
}

function itemOf({ cells, line }: Row, columns: readonly Column[], issues: RundownIssue[]): RawItem {
  const value: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  const places: (readonly [path: readonly string[], value: unknown])[] = [];
  const broken: (readonly [field: string, problem: string])[] = [];
  for (const [index, cell] of cells.entries()) {
    if (cell === '') continue;
    const column = columns[index] ?? { kind: 'unknown', name: '' };
    const name = dataNameOf(column);
    const wrong = name === null ? null : brokenJsonIn(name, cell);
    if (name !== null && wrong !== null) {
      broken.push([name, wrong]);
      continue;
    }
    switch (column.kind) {
      case 'field':
        if (cell.trim() !== '' || column.field === 'title' || column.field === 'notes') {
          value[column.field] = valueOfCell(column.field, cell);
        }
        break;
      case 'after':
        after[column.part] = column.part === 'ms' ? spanOfCell(cell) : cell.trim();
        break;
      case 'data':
        places.push([column.path, dataOfCell(cell)]);
        break;
      case 'unknown': {
        if (column.name !== '') break;
        const problem = `Cell ${index + 1} ("${cell.slice(0, 40)}") stands under no heading: give its column a name, or quote a cell that holds the delimiter.`;
        issues.push({ item: stringOf(value.id), line, field: null, code: 'csv', problem });
        break;
      }
      default:
        column satisfies never;
    }
  }
  if (Object.keys(after).length > 0) value.after = after;
  for (const [path, inner] of places) {
    const problem = putInto(value, path, inner);
    if (problem !== null)
      issues.push({ item: stringOf(value.id), line, field: 'data', code: 'csv', problem });
  }
  for (const [field, problem] of broken) {
    issues.push({ item: stringOf(value.id), line, field, code: 'field', problem });
  }
  return { value, lineOf: () => line, broken: broken.length === 0 ? [] : ['data'] };
}

/** `data` or `data.x`; null: another column. */
function dataNameOf(column: Column): string | null {
  if (column.kind === 'data') return `data.${column.path.join('.')}`;
  return column.kind === 'field' && column.field === 'data' ? 'data' : null;
}

const stringOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** Puts a cell at its place in `data`; what is wrong where something stands there already. */
function putInto(value: Record<string, unknown>, path: readonly string[], inner: unknown): string | null {
  const name = `data.${path.join('.')}`;
  let place = value;
  for (const part of ['data', ...path.slice(0, -1)]) {
    if (!Object.hasOwn(place, part)) place[part] = {};
    const next = place[part];
    if (typeof next !== 'object' || next === null || Array.isArray(next)) {
      return `${name}: another column gives what stands around it as something else than an object.`;
    }
    place = next as Record<string, unknown>;
  }
  const last = path.at(-1)!;
  if (Object.hasOwn(place, last)) return `${name}: the column data gives it too; give it once.`;
  place[last] = inner;
  return null;
}
