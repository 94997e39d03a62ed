import type { DatabaseSync } from 'node:sqlite';
import type { UnixMicroseconds } from '../../packet/time.ts';
import { DOMAINS } from '../ledger/sqlite/domains.ts';
import { prepareJournal, type Reducer } from '../ledger/sqlite/journal.ts';
import type { NewSalt } from '../ledger/sqlite/leaf.ts';
import type { LedgerOp, LedgerResult } from '../ledger/sqlite/messages.ts';
import { prepareTreasury, type Treasury } from '../ledger/sqlite/treasury/index.ts';
import type { NewRight } from '../ledger/treasury.ts';

/** What another domain of the ledger asks of the treasury, as draws and sales do: a command that no product code has. */
export type GiverOp = {
  readonly do: 'earn' | 'release' | 'void';
  readonly right: NewRight;
  readonly atUs: UnixMicroseconds;
};

const NAME = 'simulation.give';

export const giverOp = (given: GiverOp): LedgerOp => ({ kind: 'command', name: NAME, given });

/** The ledger's ops, with the giver's beside them, in the same transaction. */
export function withGiver(
  db: DatabaseSync,
  newSalt: NewSalt,
  apply: (op: LedgerOp) => LedgerResult,
): (op: LedgerOp) => LedgerResult {
  let made: Treasury | null = null;
  return (op) => {
    if (op.kind !== 'command' || op.name !== NAME) return apply(op);
    const given = op.given as GiverOp;
    const { right, atUs } = given;
    made ??= make(db, newSalt);
    const treasury = made;
    switch (given.do) {
      case 'earn':
        return treasury.earn(right, atUs) as never;
      case 'release':
        return treasury.release(right.id, atUs) as never;
      case 'void':
        return treasury.void(right.id, 'taken back', atUs) as never;
    }
  };
}

function make(db: DatabaseSync, newSalt: NewSalt): Treasury {
  const reducers = new Map<string, Reducer>(DOMAINS.flatMap((domain) => Object.entries(domain.reducers(db))));
  return prepareTreasury({ db, journal: prepareJournal(db, newSalt, reducers) });
}
