import type { DatabaseSync } from 'node:sqlite';
import { prepareBlocks } from './blocks.ts';
import { DOMAINS, type DomainWrites } from './domains.ts';
import { giveLeaves } from './give-leaves.ts';
import { prepareJournal } from './journal.ts';
import { createSalts, type NewSalt } from './leaf.ts';
import type { LedgerAnswer, LedgerQuery } from './messages.ts';
import { prepareReads } from './reads.ts';
import { prepareReducers } from './reducers.ts';
import { prepareWrites, type Writes } from './writes.ts';

export interface BooksOptions {
  readonly write: DatabaseSync;
  /** May be the same connection where nothing runs at once. */
  readonly read: DatabaseSync;
  readonly nowUs: () => number;
  readonly newSalt?: NewSalt;
}

/** The ledger over its two connections: synchronous, without a thread or a clock of its own. */
export interface OpenBooks extends Writes {
  answer(query: LedgerQuery): LedgerAnswer;
}

export function openBooks({ write, read, nowUs, newSalt = createSalts() }: BooksOptions): OpenBooks {
  // REPLACE would take rows out past the triggers that refuse it (https://www.sqlite.org/lang_conflict.html).
  write.exec('PRAGMA recursive_triggers = ON');
  const { seal } = prepareBlocks(write, nowUs);
  giveLeaves(write, newSalt, seal);
  const journal = prepareJournal(write, newSalt, prepareReducers(write));
  const reads = prepareReads(write);
  const domains = new Map<string, DomainWrites>();
  const others = () => domains.values();
  for (const domain of DOMAINS) {
    domains.set(domain.name, domain.prepare({ db: write, journal, reads, others }));
  }
  const questions = new Map(DOMAINS.flatMap((domain) => Object.entries(domain.prepareReads(read).questions)));
  const writes = prepareWrites({ db: write, reads, journal, newSalt, domains });
  return {
    ...writes,
    beforeCommit() {
      writes.beforeCommit();
      seal();
    },
    answer: prepareReads(read, questions).answer,
  };
}
