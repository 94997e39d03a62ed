import type { DatabaseSync } from 'node:sqlite';
import { CHAINED } from '../blocks.ts';
import type { Finding } from './finding.ts';
import { DERIVED } from './rebuild.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/**
 * The first row that holds a number which the program cannot have written, since it cannot read it again. Looks through
 * every table: only for when reading has failed.
 */
export function tooLarge(snapshot: DatabaseSync): Finding | null {
  for (const table of [...CHAINED.map(({ table: chained }) => chained), 'blocks', ...DERIVED]) {
    const columns = snapshot.prepare(`PRAGMA live.table_info(${table})`).all() as { name: string }[];
    for (const { name } of columns) {
      const find = snapshot.prepare(`
        SELECT * FROM live.${table} WHERE typeof(${name}) = 'integer' AND ${name} NOT BETWEEN -${MOST} AND ${MOST}
        LIMIT 1`);
      find.setReadBigInts(true);
      const found = find.get();
      if (found === undefined) continue;
      const { seq } = found;
      const isNumbered = typeof seq === 'bigint' && Number.isSafeInteger(Number(seq));
      return {
        table,
        row: isNumbered ? Number(seq) : JSON.stringify(found, (_key, value) => plain(value)),
        block: null,
        problem: `holds a number that the program has never written: ${name} ${found[name]}`,
      };
    }
  }
  return null;
}

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
