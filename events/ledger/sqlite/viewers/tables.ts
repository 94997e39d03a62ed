import type { DatabaseSync } from 'node:sqlite';

/** Tables that follow from the journal and name viewers: by the column's name, which all domains keep to. */
export function tablesOfViewers(db: DatabaseSync): readonly string[] {
  const rows = db
    .prepare(
      `SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
       WHERE t.type = 'table' AND c.name = 'viewer' AND t.name NOT IN ('submissions', 'journal') ORDER BY t.name`,
    )
    .all() as { name: string }[];
  return rows.map(({ name }) => name);
}
