import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/**
 * The tables that only grow, in the order in which a block takes them, and what of a row goes into it: its leaf, and in
 * plain what stays when a viewer's data is erased, so that nobody can alter the rest of a row under that pretext. A text
 * of any content stands behind its length.
 */
export const CHAINED = [
  { table: 'interactions', line: `seq, ' ', leaf` },
  { table: 'transitions', line: `seq, ' ', leaf` },
  {
    table: 'submissions',
    line: `seq, ' ', interaction, ' ', status, ' ', arrived_us, ' ', leaf,
      ' ', length(id), ':', id, ' ', length(bucket), ':', bucket`,
  },
  { table: 'journal', line: `seq, ' ', at_us, ' ', kind, ' ', leaf, ' ', length(body), ':', body` },
] as const;

export type ChainedTable = (typeof CHAINED)[number]['table'];
/** The last row of each table. */
export type Reach = Readonly<Record<ChainedTable, number>>;

export interface Block extends Reach {
  readonly n: number;
  readonly at_us: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** What the first block follows on. */
export const GENESIS: Block = {
  ...{ n: 0, at_us: 0, hash: new Uint8Array(32) },
  ...{ interactions: 0, transitions: 0, submissions: 0, journal: 0 },
};

/**
 * The chain: each commit that adds rows adds a block whose hash covers the one before and those rows. Whoever holds
 * one hash can tell whether anything up to it was changed since.
 */
export function prepareBlocks(db: DatabaseSync, nowUs: () => number): { seal(): void } {
  const last = db.prepare('SELECT * FROM blocks ORDER BY n DESC LIMIT 1');
  const reach = db.prepare(
    `SELECT ${CHAINED.map(({ table }) => `(SELECT coalesce(max(seq), 0) FROM ${table}) AS ${table}`).join(', ')}`,
  );
  const hashNext = prepareBlockHash(db);
  const insert = db.prepare(
    `INSERT INTO blocks (n, at_us, hash, ${CHAINED.map(({ table }) => table).join(', ')})
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    seal() {
      const before = (last.get() as Block | undefined) ?? GENESIS;
      const now = reach.get() as unknown as Reach;
      if (CHAINED.every(({ table }) => now[table] === before[table])) return;
      const atUs = nowUs();
      const hash = hashNext(before, atUs, now);
      insert.run(before.n + 1, atUs, hash, ...CHAINED.map(({ table }) => now[table]));
    },
  };
}

/** Rows that are put into one text at a time: a block may be as long as a ledger that is older than its chain. */
const ROWS_AT_ONCE = 1_000;

/** @returns the hash of the block that follows on `before`, up to `now`: 32 bytes */
export function prepareBlockHash(
  db: DatabaseSync,
): (before: Pick<Block, 'n' | 'hash'> & Reach, atUs: number, now: Reach) => Buffer {
  const reads = CHAINED.map(({ table, line }) => {
    // One text of many rows: handing each over by itself would take twice as long.
    const select = db.prepare(
      `SELECT group_concat(line, '') FROM (
         SELECT concat(${line}, char(10)) AS line FROM ${table} WHERE seq > ? AND seq <= ? ORDER BY seq)`,
    );
    select.setReturnArrays(true);
    return { table, select };
  });
  return (before, atUs, now) => {
    const hash = createHash('sha256')
      .update(before.hash)
      .update(`${before.n + 1} ${atUs}\n`);
    for (const { table, select } of reads) {
      hash.update(`${table} ${before[table]} ${now[table]}\n`);
      for (let from = before[table]; from < now[table]; from += ROWS_AT_ONCE) {
        const [lines] = select.get(from, Math.min(from + ROWS_AT_ONCE, now[table])) as unknown as [
          string | null,
        ];
        hash.update(lines ?? '');
      }
    }
    return hash.digest();
  };
}
