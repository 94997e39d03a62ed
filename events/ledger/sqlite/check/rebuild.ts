import { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../../packet/time.ts';
import { DOMAINS } from '../domains.ts';
import type { EntryRow } from '../journal.ts';
import { prepareReducers } from '../reducers.ts';
import { MIGRATIONS } from '../schema.ts';
import type { Finding } from './finding.ts';

/** Every table that follows from the journal and the tables of record. */
export const DERIVED: readonly string[] = [
  ...['judgements', 'held', 'tallies'],
  ...DOMAINS.flatMap(({ tables }) => tables),
];

/** Makes every derived table anew, in memory, and holds it against the one in the file. */
export function* rebuild(snapshot: DatabaseSync): Iterable<Finding> {
  makeTables(snapshot);
  // An answer is held when it is written, until the journal judges it.
  snapshot.exec(`
    INSERT INTO main.held (submission, interaction, id)
    SELECT seq, interaction, id FROM live.submissions WHERE status = 'held'`);
  const broken = replay(snapshot);
  if (broken !== null) {
    yield broken;
    return;
  }
  snapshot.exec(`
    INSERT INTO main.tallies (interaction, bucket, n)
    SELECT s.interaction, s.bucket, count(*) FROM live.submissions s LEFT JOIN main.judgements j ON j.submission = s.seq
    WHERE coalesce(j.verdict, s.status) = 'accepted' GROUP BY s.interaction, s.bucket`);
  for (const table of DERIVED) yield* compare(snapshot, table);
}

/** The program's own tables, whatever those of the file look like. */
function makeTables(snapshot: DatabaseSync): void {
  for (const { sql, tbl_name: table } of schemaOfProgram()) {
    if (sql !== null && DERIVED.includes(table)) snapshot.exec(sql);
  }
}

/** @returns the first entry that cannot be put into effect; null: all of them were */
function replay(snapshot: DatabaseSync): Finding | null {
  const reducers = prepareReducers(snapshot);
  const entries = snapshot.prepare('SELECT seq, kind, at_us, viewer, body FROM live.journal ORDER BY seq');
  for (const row of entries.iterate() as Iterable<unknown>) {
    const { seq, kind, at_us, viewer, body } = row as EntryRow & { readonly seq: number };
    const wrong = (problem: string): Finding => ({ table: 'journal', row: seq, block: null, problem });
    const reduce = reducers.get(kind);
    if (reduce === undefined) return wrong(`is of a kind that nobody knows: ${kind}`);
    try {
      reduce({ seq, kind, atUs: unixUs(at_us), viewer, body: JSON.parse(body) });
    } catch (error) {
      return wrong(`cannot be put into effect (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  return null;
}

function* compare(snapshot: DatabaseSync, table: string): Iterable<Finding> {
  const one = (from: string, without: string) =>
    snapshot
      .prepare(`SELECT * FROM ${from}.${table} EXCEPT SELECT * FROM ${without}.${table} ORDER BY 1 LIMIT 1`)
      .get();
  const wrong = (row: object | null, problem: string): Finding => ({
    ...{ table, row: row === null ? null : JSON.stringify(row), block: null, problem },
  });
  const added = one('live', 'main');
  if (added !== undefined) yield wrong(added, 'does not follow from the journal');
  const missing = one('main', 'live');
  if (missing !== undefined) yield wrong(missing, 'follows from the journal, and is not there');
  if (added !== undefined || missing !== undefined) return;
  const count = (schema: string) =>
    (snapshot.prepare(`SELECT count(*) AS n FROM ${schema}.${table}`).get() as { n: number }).n;
  // What EXCEPT cannot see: the same row twice.
  if (count('live') !== count('main'))
    yield wrong(null, `has ${count('live')} rows instead of ${count('main')}`);
}

export interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

const SCHEMA_OF = (schema: string) =>
  `SELECT type, name, tbl_name, sql FROM ${schema}.sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid`;

let ofProgram: readonly SchemaRow[] | null = null;

function schemaOfProgram(): readonly SchemaRow[] {
  ofProgram ??= readSchemaOfProgram();
  return ofProgram;
}

function readSchemaOfProgram(): readonly SchemaRow[] {
  const db = new DatabaseSync(':memory:');
  try {
    for (const step of MIGRATIONS) db.exec(step);
    return db.prepare(SCHEMA_OF('main')).all() as unknown as SchemaRow[];
  } finally {
    db.close();
  }
}

/** Tables, indexes and triggers as the program makes them: what keeps rows from being changed must stand, too. */
export function* checkSchema(snapshot: DatabaseSync): Iterable<Finding> {
  const wrong = (name: string, problem: string): Finding => ({
    table: name,
    row: null,
    block: null,
    problem,
  });
  const found = new Map(
    (snapshot.prepare(SCHEMA_OF('live')).all() as unknown as SchemaRow[]).map((row) => [row.name, row]),
  );
  for (const { type, name, sql } of schemaOfProgram()) {
    const there = found.get(name);
    found.delete(name);
    if (there === undefined) yield wrong(name, `the ${type} is not there`);
    else if (there.sql !== sql) yield wrong(name, `the ${type} is not as it was made`);
  }
  for (const { type, name } of found.values()) yield wrong(name, `the ${type} does not belong here`);
}
