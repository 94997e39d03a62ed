import type { DatabaseSync } from 'node:sqlite';
import type { LedgerDomain } from '../domains.ts';
import type { Journal } from '../journal.ts';
import { boxCommands } from './boxes.ts';
import { prepareCore, type Treasury } from './core.ts';
import { grantCommands, prepareUnsettled } from './grants.ts';
import { measureCommands } from './measure-commands.ts';
import { poolCommands } from './pools.ts';
import { treasuryQuestions } from './reads.ts';
import { treasuryReducers } from './reducers.ts';
import { prepareRounds } from './rounds.ts';
import { TREASURY_SCHEMA } from './schema.ts';

export type { ToldGrant, Treasury } from './core.ts';
export { grantIdOf } from './core.ts';

/** The treasury, for another domain of the ledger: over the connection that writes, in the transaction under way. */
export const prepareTreasury = (parts: { readonly db: DatabaseSync; readonly journal: Journal }): Treasury =>
  prepareCore(parts);

export const treasury: LedgerDomain = {
  name: 'treasury',
  schema: TREASURY_SCHEMA,
  tables: [
    ...['pools', 'pool_moves', 'prize_rounds', 'rights', 'grants'],
    ...[
      'prize_shows',
      'boxes',
      'box_levels',
      'box_drops',
      'box_cursor',
      'box_waiting',
      'measures',
      'pool_totals',
      'open_rights',
    ],
  ],
  reducers: treasuryReducers,
  prepare({ db, journal }) {
    const core = prepareCore({ db, journal });
    const { onTransition, ...rounds } = prepareRounds(db, core);
    return {
      commands: {
        ...poolCommands(db, journal, core),
        ...boxCommands(db, journal, core),
        ...measureCommands(db, journal, core),
        ...grantCommands(db, journal, core),
        ...rounds,
      },
      onTransition,
      unsettled: prepareUnsettled(db),
      // The reward platform will not do it: nobody has the piece.
      onDelivered({ topic, outcome, id, reason, atUs }) {
        if (outcome !== 'declined' || topic === 'grant.reversed') return;
        core.reverse(id, reason === null ? 'declined' : `declined: ${reason}`, atUs, { tell: false });
      },
    };
  },
  prepareReads: (db) => ({ questions: treasuryQuestions(db) }),
};
