import type { DatabaseSync } from 'node:sqlite';
import { DOMAINS } from './domains.ts';
import type { Reducer } from './journal.ts';
import { judgementReducers } from './writes.ts';

/** Every kind of journal entry that is known, and what it does to the tables that follow from the journal. */
export function prepareReducers(db: DatabaseSync): ReadonlyMap<string, Reducer> {
  const reducers = new Map<string, Reducer>();
  for (const book of [judgementReducers(db), ...DOMAINS.map((domain) => domain.reducers(db))]) {
    for (const [kind, reduce] of Object.entries(book)) {
      if (reducers.has(kind)) throw new TypeError(`two books know journal entries of the kind ${kind}`);
      reducers.set(kind, reduce);
    }
  }
  return reducers;
}
