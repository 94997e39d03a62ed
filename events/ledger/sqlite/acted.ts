import type { UnixMicroseconds } from '../../../packet/time.ts';
import type { JournalEntry } from '../journal.ts';
import type { LedgerDomain } from './domains.ts';
import { prepareFiltered } from './filtered.ts';
import type { Journal } from './journal.ts';

/** What a person did, for those who look into it later. Of staff alone: it names no viewer. */
export interface Act {
  /** The name of the token. */
  readonly by: string;
  /** `noun.verb`: `pool.fund`. */
  readonly what: string;
  /** What it was done to: a pool, a grant, a measure. */
  readonly target: string;
  readonly details: object;
}

/** Writes down that somebody did it: in the transaction of what they did, and behind it. */
export function acted(
  journal: Journal,
  { by, what, target, details, atUs }: Act & { readonly atUs: UnixMicroseconds },
): void {
  journal.append({ kind: 'person.acted', atUs, viewer: null, body: { by, what, target, details } });
}

export interface ActRecord extends Act {
  readonly seq: number;
  readonly atUs: UnixMicroseconds;
}

export interface PeopleQuestions {
  /** Newest first. `before`: the `seq` of an earlier page's last one. */
  readonly 'people.list': {
    readonly in: {
      readonly limit: number;
      readonly before: number | null;
      readonly by: string | null;
      readonly target: string | null;
    };
    readonly out: readonly ActRecord[];
  };
}

interface Row {
  readonly seq: number;
  readonly at_us: number;
  readonly by: string;
  readonly what: string;
  readonly target: string;
  readonly details: string;
}

/** The acts of people, as a table to look into. */
export const peopleDomain: LedgerDomain = {
  name: 'people',
  schema: `
CREATE TABLE acts (
  seq     INTEGER PRIMARY KEY,
  at_us   INTEGER NOT NULL,
  by      TEXT NOT NULL,
  what    TEXT NOT NULL,
  target  TEXT NOT NULL,
  details TEXT NOT NULL
) STRICT;
CREATE INDEX acts_by_target ON acts (target, seq);
CREATE INDEX acts_by_person ON acts (by, seq);
`,
  tables: ['acts'],
  reducers(db) {
    const insert = db.prepare(
      'INSERT INTO acts (seq, at_us, by, what, target, details) VALUES (?, ?, ?, ?, ?, ?)',
    );
    return {
      'person.acted': ({ seq, atUs, body }: JournalEntry<'person.acted', Act>) => {
        insert.run(seq, atUs, body.by, body.what, body.target, JSON.stringify(body.details));
      },
    };
  },
  prepare: () => ({ commands: {} }),
  prepareReads(db) {
    const list = prepareFiltered<Row>(db, 'SELECT seq, at_us, by, what, target, details FROM acts');
    const people = ({ limit, before, by, target }: PeopleQuestions['people.list']['in']) =>
      list({ by, target }, before, limit).map(({ at_us, details, ...rest }) => ({
        ...rest,
        ...{ atUs: at_us, details: JSON.parse(details) as object },
      }));
    return { questions: { 'people.list': people } };
  },
};
