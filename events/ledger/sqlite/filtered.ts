import type { DatabaseSync, StatementSync } from 'node:sqlite';

type Value = string | number;

export type Filtered<Row> = (
  by: Readonly<Record<string, Value | null>>,
  before: number | null,
  limit: number,
) => readonly Row[];

/**
 * Pages, newest first, by whichever columns somebody asks for: each set of columns is a statement of its own, so that
 * SQLite can use the index that fits.
 */
export function prepareFiltered<Row>(db: DatabaseSync, select: string): Filtered<Row> {
  const statements = new Map<string, StatementSync>();
  return (by, before, limit) => {
    const asked = Object.entries(by).filter((entry): entry is [string, Value] => entry[1] !== null);
    const where = ['seq < ?', ...asked.map(([column]) => `${column} = ?`)].join(' AND ');
    let statement = statements.get(where);
    if (statement === undefined) {
      statement = db.prepare(`SELECT * FROM (${select}) WHERE ${where} ORDER BY seq DESC LIMIT ?`);
      statements.set(where, statement);
    }
    const values = asked.map(([, value]) => value);
    return statement.all(before ?? Number.MAX_SAFE_INTEGER, ...values, limit) as unknown as readonly Row[];
  };
}
