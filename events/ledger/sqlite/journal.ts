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
  const write = prepareEntry(db, newSalt);
  return {
    append(entry) {
      const reduce = reducers.get(entry.kind);
      if (reduce === undefined)
        throw new TypeError(`no book knows journal entries of the kind ${entry.kind}`);
      const seq = write(entry);
      reduce({ seq, ...entry });
      return seq;
    },
  };
}

/** Writes entries without putting them into effect. @returns the seq of the one just written */
export function prepareEntry(
  db: DatabaseSync,
  newSalt: NewSalt,
): (entry: NewEntry<string, object>) => number {
  const insert = db.prepare(
    'INSERT INTO journal (kind, at_us, viewer, body, salt, leaf) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return ({ kind, atUs, viewer, body }) => {
    const text = JSON.stringify(body);
    const salt = viewer === null ? null : newSalt();
    const leaf = leafOf(salt, entryFields({ kind, at_us: atUs, viewer, body: text }));
    return Number(insert.run(kind, atUs, viewer, text, salt, leaf).lastInsertRowid);
  };
}

export interface EntryRow {
  readonly kind: string;
  readonly at_us: number;
  readonly viewer: string | null;
  /** JSON */
  readonly body: string;
}

/** What the leaf of an entry commits to, in this order. */
export const entryFields = ({ kind, at_us, viewer, body }: EntryRow): readonly (string | number | null)[] => [
  ...[kind, at_us, viewer, body],
];
