import { DatabaseSync } from 'node:sqlite';
import { type UnixMicroseconds, unixUs } from '../../../../packet/time.ts';
import type { CommandIn, CommandOut, Commands, QuestionIn, QuestionOut, Questions } from '../../commands.ts';
import type { InteractionRecord, Transition } from '../../facts.ts';
import { anInteraction, aSubmission } from '../../fixtures.ts';
import type { Amount, Balances, NewRight, PoolTerms } from '../../treasury.ts';
import { openBooks } from '../books.ts';
import { DOMAINS } from '../domains.ts';
import { prepareJournal, type Reducer } from '../journal.ts';
import { MIGRATIONS } from '../schema.ts';
import { submitOp } from '../submit-op.ts';
import { prepareTreasury, type Treasury, treasury as treasuryDomain } from './index.ts';

/** The treasury's books in memory, for tests. */

export const T0: UnixMicroseconds = unixUs(1_700_000_000_000_000);

export const someTerms = (over: Partial<PoolTerms> = {}): PoolTerms => ({
  ...{ id: 'p1', show: 's1', title: 'Prizes', tier: 'low', purpose: 'prize', currency: 'EUR' },
  ...{ opensAtUs: null, closesAtUs: null, regions: null, leftover: { rule: 'return' } },
  ...{ sweepAtEnd: false, reverseOnVoid: false },
  ...over,
});

export const aRight = (over: Partial<NewRight> = {}): NewRight => ({
  ...{ id: 'r1', interaction: 'q1', viewer: 'ann', pool: 'p1', prize: 'voucher' },
  ...{ amountMinor: 100, currency: 'EUR', cause: 'draw', expiresAtUs: null },
  ...over,
});

export interface TestBooks {
  readonly db: DatabaseSync;
  readonly treasury: Treasury;
  perform<Name extends keyof Commands>(name: Name, given: CommandIn<Name>): CommandOut<Name>;
  ask<Name extends keyof Questions>(name: Name, given: QuestionIn<Name>): QuestionOut<Name>;
  pool(over: Partial<PoolTerms>, budget: Amount | null): void;
  round(
    id: string,
    viewers: readonly string[],
    over?: Partial<InteractionRecord> & { shadow?: boolean },
  ): void;
  answer(interaction: string, viewer: string, region?: string): void;
  step(transition: Transition): void;
  balances(pool: string): Balances;
}

export function openTreasury(): TestBooks {
  const db = new DatabaseSync(':memory:');
  db.exec('PRAGMA foreign_keys = ON');
  for (const step of MIGRATIONS) db.exec(step);
  let salts = 0;
  const newSalt = () => (++salts).toString(16).padStart(32, '0');
  const books = openBooks({ write: db, read: db, nowUs: () => T0, newSalt });
  const reducers = new Map<string, Reducer>(DOMAINS.flatMap((domain) => Object.entries(domain.reducers(db))));
  const treasury = prepareTreasury({ db, journal: prepareJournal(db, newSalt, reducers) });
  const test: TestBooks = {
    db,
    treasury,
    perform: (name, given) => books.apply({ kind: 'command', name, given }) as never,
    ask: (name, given) => books.answer({ kind: 'question', name, given }) as never,
    pool(over, budget) {
      const outcome = test.perform('pool.open', { terms: someTerms(over), budget, by: null, atUs: T0 });
      if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    },
    round(id, viewers, over = {}) {
      books.apply({ kind: 'create', record: anInteraction({ id, show: 's1', ...over }) });
      for (const viewer of viewers) test.answer(id, viewer);
    },
    answer(interaction, viewer, region) {
      const { claims, ...rest } = aSubmission({ interaction, viewer });
      books.apply(submitOp({ ...rest, claims: region === undefined ? claims : { ...claims, region } }));
    },
    step: (transition) => void books.apply({ kind: 'transition', transition }),
    balances(pool) {
      const found = test.ask('pool.get', { pool });
      if (found === null) throw new Error(`no pool ${pool}`);
      return found.balances;
    },
  };
  return test;
}

/** The treasury's tables made anew from the journal: the names of those that came out otherwise. */
export function replayed(db: DatabaseSync): readonly string[] {
  const again = new DatabaseSync(':memory:');
  for (const step of MIGRATIONS) again.exec(step);
  const reducers = treasuryDomain.reducers(again);
  for (const row of db.prepare('SELECT seq, kind, at_us, viewer, body FROM journal ORDER BY seq').iterate()) {
    const { seq, kind, at_us, viewer, body } = row as unknown as JournalRow;
    reducers[kind]?.({ seq, kind, atUs: unixUs(at_us), viewer, body: JSON.parse(body) as object });
  }
  const contentOf = (of: DatabaseSync, table: string) =>
    JSON.stringify(
      of
        .prepare(`SELECT * FROM ${table}`)
        .all()
        .map((row) => JSON.stringify(row))
        .sort(),
    );
  return treasuryDomain.tables.filter((table) => contentOf(again, table) !== contentOf(db, table));
}

interface JournalRow {
  readonly seq: number;
  readonly kind: string;
  readonly at_us: number;
  readonly viewer: string | null;
  readonly body: string;
}
