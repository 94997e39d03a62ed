import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { ChainedTable } from '../blocks.ts';
import type { Finding } from './finding.ts';
import { saidBy } from './said.ts';

/** Rows that were found erased, to be held against the entries that say why. */
export class Erased {
  readonly #rows = new Map<string, Finding & { readonly viewer: string }>();

  get count(): number {
    return this.#rows.size;
  }

  get viewers(): number {
    return new Set([...this.#rows.values()].map(({ viewer }) => viewer)).size;
  }

  add(table: ChainedTable, row: number, viewer: string): void {
    const problem = 'was erased, and no viewer.erased of the journal says so';
    this.#rows.set(keyOf(table, row), { table, row, block: null, problem, viewer });
  }

  /** Each erased row is named by an entry under its pseudonym, and each row that an entry names is erased. */
  *check(db: DatabaseSync): Iterable<Finding> {
    const entries = db.prepare(`SELECT seq, body FROM journal WHERE kind = 'viewer.erased' ORDER BY seq`);
    const covered = new Set<string>();
    for (const { seq, body } of entries.iterate() as Iterable<{ seq: number; body: string }>) {
      const said = saidBy(body, Said);
      if (said === null) continue;
      for (const table of ['submissions', 'journal'] as const) {
        for (const row of said[table]) {
          if (this.#rows.get(keyOf(table, row))?.viewer === said.pseudonym) covered.add(keyOf(table, row));
          else yield { table, row, block: null, problem: `is not erased, though journal row ${seq} says so` };
        }
      }
    }
    for (const [key, { viewer, ...finding }] of this.#rows) if (!covered.has(key)) yield finding;
  }
}

const Said = z.looseObject({
  pseudonym: z.string(),
  submissions: z.array(z.number()),
  journal: z.array(z.number()),
});

const keyOf = (table: ChainedTable, row: number): string => `${table} ${row}`;
