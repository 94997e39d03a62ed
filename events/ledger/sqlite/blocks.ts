import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** The tables that only grow, in the order in which a block takes them, and what of a row goes into it. */
export const CHAINED = [
  { table: 'interactions', row: 'seq, id, record' },
  { table: 'transitions', row: 'seq, interaction, kind, step' },
  { table: 'submissions', row: 'seq, hex(leaf)' },
  { table: 'journal', row: 'seq, hex(leaf)' },
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

/** @returns the hash of the block that follows on `before`, up to `now`: 32 bytes */
export function prepareBlockHash(
  db: DatabaseSync,
): (before: Pick<Block, 'n' | 'hash'> & Reach, atUs: number, now: Reach) => Buffer {
  const reads = CHAINED.map(({ table, row }) => {
    const select = db.prepare(`SELECT ${row} FROM ${table} WHERE seq > ? AND seq <= ? ORDER BY seq`);
    select.setReturnArrays(true);
    return { table, select };
  });
  return (before, atUs, now) => {
    const hash = createHash('sha256')
      .update(before.hash)
      .update(`${before.n + 1} ${atUs}\n`);
    for (const { table, select } of reads) {
      hash.update(`${table} ${before[table]} ${now[table]}\n`);
      for (const row of select.iterate(before[table], now[table])) hash.update(`${JSON.stringify(row)}\n`);
    }
    return hash.digest();
  };
}
