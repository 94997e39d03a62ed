import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unixUs } from '../../../packet/time.ts';
import { anInteraction, aSubmission, openedBy, revealedBy } from '../fixtures.ts';
import type { LedgerHead } from '../head.ts';
import { QuickLedger } from '../quick-ledger.ts';
import { EXPORT_CSV_HEAD, type ExportedRow, exportCsvRow, exportLedger } from './export.ts';

let folder: string;
let path: string;
let head: LedgerHead;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'framecue-export-'));
  path = join(folder, 'events.db');
  const ledger = new QuickLedger(path);
  ledger.create(anInteraction({ id: 'q1' }));
  ledger.step(openedBy('q1', {}));
  const formula = '=HYPERLINK("http://x")';
  ledger.submit(
    aSubmission({ id: 'r1', viewer: formula, answer: { text: 'é "quoted"\n' } }),
    aSubmission({ id: 'r2', viewer: 'bob', status: 'held' }),
  );
  ledger.judge({ submission: 'r2', interaction: 'q1', judgedAtUs: unixUs(3), verdict: 'accepted' });
  ledger.step(revealedBy('q1', {}, { correct: 2 }));
  ledger.perform('viewer.erase', { viewer: 'bob', pseudonym: 'erased:b', by: 'tess', atUs: unixUs(4) });
  head = ledger.ask('ledger.head', {});
  ledger.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
// biome-ignore lint/suspicious/noExplicitAny: read as somebody would who has nothing but the lines
type Line = any;
const linesOf = (options = {}): Line[] =>
  [...exportLedger(path, options)].map((row) => JSON.parse(JSON.stringify(row)));

/** docs/ledger.md, "Checking it without framecue", from the lines alone. */
const field = (value: string | number | null) =>
  value === null ? ' -' : typeof value === 'number' ? ` ${value}` : ` ${value.length}:${value}`;
function fieldsOf(row: Line): (string | number | null)[] {
  const json = (value: unknown) => JSON.stringify(value);
  switch (row.table) {
    case 'interactions':
      return [row.id, json(row.record)];
    case 'transitions':
      return [row.interaction, row.kind, json(row.step)];
    case 'submissions': {
      const { interaction, viewer, id, answer, bucket, status, arrived_us, claims } = row;
      return [interaction, viewer, id, json(answer), bucket, status, arrived_us, json(claims)];
    }
    default:
      return [row.kind, row.at_us, row.viewer, json(row.body)];
  }
}
function lineOf(row: Line): string {
  switch (row.table) {
    case 'submissions': {
      const texts = `${row.id.length}:${row.id} ${row.bucket.length}:${row.bucket}`;
      return `${row.seq} ${row.interaction_seq} ${row.status} ${row.arrived_us} ${row.leaf} ${texts}\n`;
    }
    case 'journal': {
      const body = JSON.stringify(row.body);
      return `${row.seq} ${row.at_us} ${row.kind} ${row.leaf} ${body.length}:${body}\n`;
    }
    default:
      return `${row.seq} ${row.leaf}\n`;
  }
}
function hashesOf(lines: readonly Line[]): string[] {
  const tables = ['interactions', 'transitions', 'submissions', 'journal'];
  const hashes: string[] = [];
  let before: Line = { hash: '0'.repeat(64), interactions: 0, transitions: 0, submissions: 0, journal: 0 };
  for (const block of lines.filter(({ table }) => table === 'blocks')) {
    const hash = createHash('sha256')
      .update(Buffer.from(before.hash, 'hex'))
      .update(`${block.block} ${block.at_us}\n`);
    for (const table of tables) {
      hash.update(`${table} ${before[table]} ${block[table]}\n`);
      for (const row of lines) if (row.table === table && row.block === block.block) hash.update(lineOf(row));
    }
    hashes.push(hash.digest('hex'));
    before = block;
  }
  return hashes;
}

test('holds all that is needed to compute leaves, blocks and the head anew', () => {
  const lines = linesOf();
  const rows = lines.filter(({ table }) => table !== 'blocks');
  expect(rows.map(({ table }) => table)).toEqual([
    ...['interactions', 'transitions', 'submissions', 'submissions', 'journal', 'transitions'],
    ...['journal', 'journal'],
  ]);
  for (const row of rows) {
    if (row.viewer?.startsWith('erased:')) expect(row).toMatchObject({ salt: null, answer: {}, claims: {} });
    else expect(sha256((row.salt ?? '') + fieldsOf(row).map(field).join(''))).toBe(row.leaf);
  }
  const blocks = lines.filter(({ table }) => table === 'blocks');
  expect(hashesOf(lines)).toEqual(blocks.map(({ hash }) => hash));
  expect(blocks.at(-1)).toMatchObject({ block: head.block, hash: head.hash });
});

test('without viewers names nobody, and its blocks can be computed all the same', () => {
  const lines = linesOf({ withoutViewers: true });
  expect(JSON.stringify(lines)).not.toMatch(/HYPERLINK|quoted|"salt"|"viewer":/);
  expect(hashesOf(lines).at(-1)).toBe(head.hash);
});

test('goes on behind a block that one has already', () => {
  const all = linesOf();
  expect(linesOf({ after: 3 })).toEqual(all.filter(({ block }) => block > 3));
  expect(linesOf({ after: 1_000 })).toEqual([]);
});

test('as CSV is one row each, and no cell begins a formula', () => {
  const csv = EXPORT_CSV_HEAD + [...exportLedger(path)].map((row: ExportedRow) => exportCsvRow(row)).join('');
  const rows = parse(csv, { bom: true, columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(linesOf().length);
  const [answer] = rows.filter(({ table }) => table === 'submissions');
  expect(answer).toMatchObject({ viewer: `'=HYPERLINK("http://x")`, interaction: 'q1', id: 'r1' });
  expect(JSON.parse(answer!.says!).answer).toEqual({ text: 'é "quoted"\n' });
  for (const cell of rows.flatMap((row) => Object.values(row))) expect(cell).not.toMatch(/^[=+\-@]/);
});
