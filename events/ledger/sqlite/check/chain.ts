import type { DatabaseSync } from 'node:sqlite';
import type { LedgerHead } from '../../head.ts';
import { PSEUDONYM_PREFIX } from '../../viewers.ts';
import { type Block, CHAINED, type ChainedTable, GENESIS, prepareBlockHash, type Reach } from '../blocks.ts';
import { leafOf } from '../leaf.ts';
import type { Erased } from './erased.ts';
import type { Finding } from './finding.ts';
import { prepareRows, type ReadRows } from './rows.ts';

export interface ChainSeen {
  head: Block;
  /** Rows whose viewer was taken away. */
  readonly erased: Erased;
}

/**
 * Every row against its leaf and every block against its rows, in the order in which they were written: the first
 * finding is of the first that is wrong.
 */
export function* checkChain(
  db: DatabaseSync,
  seen: ChainSeen,
  known: Pick<LedgerHead, 'block' | 'hash'> | null,
): Iterable<Finding> {
  const hashNext = prepareBlockHash(db);
  const readRows = prepareRows(db);
  let before = GENESIS;
  for (const block of db.prepare('SELECT * FROM blocks ORDER BY n').iterate() as Iterable<unknown>) {
    const now = block as Block;
    if (now.n !== before.n + 1) {
      yield ofBlock(now.n, `follows on block ${before.n}: what was between them is gone`);
    }
    const backwards = CHAINED.find(({ table }) => now[table] < before[table]);
    if (backwards !== undefined) {
      yield ofBlock(now.n, `reaches less far in ${backwards.table} than the block before it`);
    } else {
      let isRowWrong = false;
      for (const { table } of CHAINED) {
        for (const finding of checkRows({ table, before, now, readRows, seen })) {
          isRowWrong = true;
          yield finding;
        }
      }
      // The row says more than its block.
      if (!isRowWrong && !hashNext(before, now.at_us, now).equals(now.hash)) {
        yield ofBlock(now.n, `is not the hash of what it covers: ${rangesOf(before, now)}`);
      }
    }
    if (known?.block === now.n && Buffer.from(now.hash).toString('hex') !== known.hash) {
      yield ofBlock(now.n, 'is not the block of the head that was given: what it covers was written anew');
    }
    before = now;
  }
  seen.head = before;
  if (known !== null && known.block > before.n) {
    const lost = `the head that was given is block ${known.block}`;
    yield ofBlock(before.n, `is the last, but ${lost}: what came after was cut off`);
  }
  yield* uncovered(db, before);
}

interface RowsOfBlock {
  readonly table: ChainedTable;
  readonly before: Reach;
  readonly now: Block;
  readonly readRows: ReadRows;
  readonly seen: ChainSeen;
}

function* checkRows({ table, before, now, readRows, seen }: RowsOfBlock): Iterable<Finding> {
  let expected = before[table] + 1;
  const wrong = (row: number, problem: string): Finding => ({ table, row, block: now.n, problem });
  for (const { seq, salt, leaf, viewer, isBare, fields } of readRows(table, before[table], now[table])) {
    while (expected < seq) yield wrong(expected++, 'is gone');
    expected = seq + 1;
    if (salt === null && viewer !== null) {
      if (!viewer.startsWith(PSEUDONYM_PREFIX)) yield wrong(seq, 'has no salt, though it was not erased');
      else if (!isBare) yield wrong(seq, 'was erased, and says something all the same');
      else seen.erased.add(table, seq, viewer);
    } else if (leaf === null || leafOf(salt, fields) !== leaf) {
      yield wrong(seq, 'is not what was written: it does not fit its leaf');
    }
  }
  while (expected <= now[table]) yield wrong(expected++, 'is gone');
}

function* uncovered(db: DatabaseSync, last: Block): Iterable<Finding> {
  for (const { table } of CHAINED) {
    const { first, n } = db
      .prepare(`SELECT min(seq) AS first, count(*) AS n FROM ${table} WHERE seq > ? OR seq < 1`)
      .get(last[table]) as { first: number | null; n: number };
    if (first === null) continue;
    const more = n === 1 ? '' : ` (nor ${n - 1} more of this table)`;
    yield { table, row: first, block: null, problem: `no block covers it${more}` };
  }
}

const ofBlock = (n: number, problem: string): Finding => ({
  table: 'blocks',
  row: n,
  block: n,
  problem,
});

const rangesOf = (before: Reach, now: Reach): string =>
  CHAINED.flatMap(({ table }) => {
    const [from, to] = [before[table] + 1, now[table]];
    return from > to ? [] : [from === to ? `${table} ${from}` : `${table} ${from} to ${to}`];
  }).join(', ');
