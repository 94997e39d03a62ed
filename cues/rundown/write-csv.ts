import { ITEM_FIELDS, type RundownDocument, type RundownItem } from './document.ts';

type Cells = ReadonlyMap<string, string>;

/** A rundown as CSV, comma and LF, with the columns that its items use; `readRundownCsv` gives the same back. */
export function writeRundownCsv({ items, ...head }: RundownDocument): string {
  const rows = items.map(cellsOf);
  const columns = ITEM_FIELDS.flatMap((field) =>
    field === 'after' ? ['after.item', 'after.ms'] : [field],
  ).filter((column) => column === 'id' || column === 'type' || rows.some((row) => row.has(column)));
  const lines = [
    ...Object.entries(head).map(([field, value = '']) => [`#${field}`, value]),
    columns,
    ...rows.map((row) => columns.map((column) => row.get(column) ?? '')),
  ];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}

function cellsOf(item: RundownItem): Cells {
  const cells = new Map<string, string>();
  for (const [field, value] of Object.entries(item)) {
    if (value === undefined) continue;
    if (field === 'after' && item.after !== undefined) {
      cells.set('after.item', item.after.item);
      cells.set('after.ms', String(item.after.ms));
    } else {
      cells.set(field, typeof value === 'object' ? JSON.stringify(value) : String(value));
    }
  }
  return cells;
}

const quoted = (cell: string): string =>
  /[",;\t\n\r]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
