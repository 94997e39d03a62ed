import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ITEM_FIELDS } from './document.ts';
import { RUNDOWN_ISSUES } from './issues.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'rundown.md'), 'utf8');
const tables = page.split(/\n\n/).map((part) =>
  part
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''))),
);
/** The table with this name in its first column. */
const tableWith = (name: string) =>
  tables.find((rows) => rows.some(([cell]) => cell!.includes(`\`${name}\``)))!;

it('docs/rundown.md has every code, as the code has it', () => {
  const rows = tableWith('duplicate-id').map(([code, text]) => [code!.replaceAll('`', ''), text]);
  expect(rows).toEqual(Object.entries(RUNDOWN_ISSUES));
});

it('docs/rundown.md has every field of an item', () => {
  const named = tableWith('speedPaid').flatMap(([cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect(named.sort()).toEqual([...ITEM_FIELDS].sort());
});
