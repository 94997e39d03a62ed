import type { DatabaseSync } from 'node:sqlite';

/** Tables that follow from the journal and name viewers: by the column's name, which all domains keep to. */
export function tablesOfViewers(db: DatabaseSync, schema: 'main' | 'live' = 'main'): readonly string[] {
  const rows = db
    .prepare(
      `SELECT t.name FROM ${schema}.sqlite_schema t JOIN pragma_table_info(t.name, '${schema}') c
       WHERE t.type = 'table' AND c.name = 'viewer' AND t.name NOT IN ('submissions', 'journal') ORDER BY t.name`,
    )
    .all() as { name: string }[];
  return rows.map(({ name }) => name);
}
