import type { DatabaseSync } from 'node:sqlite';
import { type Block, CHAINED, GENESIS } from './blocks.ts';
import { openSnapshot } from './check/snapshot.ts';

export interface ExportOptions {
  /** Leaves out who it was and what they said: the blocks can be checked all the same, single rows cannot. */
  readonly withoutViewers?: boolean;
  /** Begins behind this block. Default 0. */
  readonly after?: number;
}

/** One row of the chain, or a block behind the rows that it covers. */
export type ExportedRow = Readonly<Record<string, unknown>> & {
  readonly table: string;
  /** The block that covers it, or its own number. */
  readonly block: number;
};

/** Columns that hold JSON. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['record', 'step', 'answer', 'claims', 'body']);
const PERSONAL: readonly string[] = ['viewer', 'answer', 'claims', 'salt'];

const SELECTS = {
  interactions: 'SELECT * FROM interactions WHERE seq > ? AND seq <= ? ORDER BY seq',
  // The id beside the number, which is what leaves are made of.
  transitions: `SELECT t.seq, t.interaction AS interaction_seq, i.id AS interaction, t.kind, t.step, t.leaf
    FROM transitions t JOIN interactions i ON i.seq = t.interaction WHERE t.seq > ? AND t.seq <= ? ORDER BY t.seq`,
  submissions: `SELECT s.seq, s.interaction AS interaction_seq, i.id AS interaction, s.viewer, s.id, s.answer, s.bucket,
      s.status, s.arrived_us, s.claims, s.salt, s.leaf
    FROM submissions s JOIN interactions i ON i.seq = s.interaction WHERE s.seq > ? AND s.seq <= ? ORDER BY s.seq`,
  journal: 'SELECT * FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq',
} as const;

/**
 * The whole chain, in the order in which it was written: the rows of a block, then the block. Whoever has it needs no
 * more to compute every leaf and every block anew (docs/ledger.md says how).
 * @throws {FramecueError} ERR_STORE_UNAVAILABLE where it is no ledger of this version.
 */
export function* exportLedger(path: string, options: ExportOptions = {}): Iterable<ExportedRow> {
  const { withoutViewers = false, after = 0 } = options;
  const db = openSnapshot(path);
  try {
    const selects = CHAINED.map(({ table }) => ({ table, select: db.prepare(SELECTS[table]) }));
    let before = blockAt(db, after);
    const blocks = db.prepare('SELECT * FROM blocks WHERE n > ? ORDER BY n').iterate(before.n);
    for (const block of blocks as Iterable<unknown>) {
      const now = block as Block;
      for (const { table, select } of selects) {
        for (const row of select.iterate(before[table], now[table]) as Iterable<Record<string, unknown>>) {
          yield { table, block: now.n, ...plain(row, withoutViewers) };
        }
      }
      const { n, hash, ...rest } = now;
      yield { table: 'blocks', block: n, ...rest, hash: Buffer.from(hash).toString('hex') };
      before = now;
    }
  } finally {
    db.close();
  }
}

const blockAt = (db: DatabaseSync, n: number): Block =>
  (db.prepare('SELECT * FROM blocks WHERE n <= ? ORDER BY n DESC LIMIT 1').get(n) as Block | undefined) ??
  GENESIS;

function plain(row: Record<string, unknown>, withoutViewers: boolean): Record<string, unknown> {
  const columns = Object.entries(row).filter(([column]) => !(withoutViewers && PERSONAL.includes(column)));
  return Object.fromEntries(
    columns.map(([column, value]) => [
      column,
      JSON_COLUMNS.has(column) && typeof value === 'string' ? JSON.parse(value) : value,
    ]),
  );
}

/** What can make a spreadsheet read a cell as a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[\s\p{C}]*[=+\-@|%＝＋－＠]/u;
const CSV_COLUMNS = [
  'block',
  'table',
  'seq',
  'at',
  'kind',
  'interaction',
  'viewer',
  'id',
  'says',
  'leaf',
] as const;

/** Behind a byte order mark, without which spreadsheets do not take it for UTF-8. */
export const EXPORT_CSV_HEAD = `\ufeff${CSV_COLUMNS.join(',')}\r\n`;

/** For eyes and spreadsheets (RFC 4180): the same rows in one shape. `says`: what is left of it, as JSON. */
export function exportCsvRow({ table, block, ...row }: ExportedRow): string {
  const { seq, at_us, arrived_us, kind, interaction, viewer, id, leaf, hash, salt, ...rest } = row;
  const atUs = at_us ?? arrived_us;
  const cells: Record<(typeof CSV_COLUMNS)[number], unknown> = {
    ...{ block, table, seq, kind, interaction, viewer, id },
    at: typeof atUs === 'number' ? new Date(atUs / 1_000).toISOString() : undefined,
    says: JSON.stringify(rest),
    leaf: leaf ?? hash,
  };
  return `${CSV_COLUMNS.map((column) => cell(cells[column])).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = String(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
