import type { DatabaseSync } from 'node:sqlite';
import type { JournalEntry, NewEntry } from '../journal.ts';
import { leafOf, type NewSalt } from './leaf.ts';

/** Writes what an entry says into the tables that follow from the journal; knows nothing but these and the entry. */
// biome-ignore lint/suspicious/noExplicitAny: each reducer takes the body of its own kind
export type Reducer = (entry: JournalEntry<any, any>) => void;

export interface Journal {
  /** Adds the entry and puts it into effect, in the transaction under way. @returns its seq */
  append<Kind extends string, Body extends object>(entry: NewEntry<Kind, Body>): number;
}

/** @param reducers by kind; a kind without one is a mistake of the program. */
export function prepareJournal(
  db: DatabaseSync,
  newSalt: NewSalt,
  reducers: ReadonlyMap<string, Reducer>,
): Journal {
  const insert = db.prepare(
    'INSERT INTO journal (kind, at_us, viewer, body, salt, leaf) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return {
    append(entry) {
      const { kind, atUs, viewer, body } = entry;
      const reduce = reducers.get(kind);
      if (reduce === undefined) throw new TypeError(`no book knows journal entries of the kind ${kind}`);
      const text = JSON.stringify(body);
      const salt = newSalt();
      const leaf = leafOf(salt, [kind, atUs, viewer, text]);
      const seq = Number(insert.run(kind, atUs, viewer, text, salt, leaf).lastInsertRowid);
      reduce({ seq, ...entry });
      return seq;
    },
  };
}
