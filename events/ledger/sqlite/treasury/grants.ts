import type { DatabaseSync } from 'node:sqlite';
import type { CommandIn, CommandOut } from '../../commands.ts';
import { acted } from '../acted.ts';
import type { Journal } from '../journal.ts';
import type { TreasuryParts } from './core.ts';
import { refused } from './refused.ts';
import { type GrantRow, grantOf, SELECT_GRANT } from './rows.ts';

/** Taking a grant back by hand. */
export function grantCommands(db: DatabaseSync, journal: Journal, { reverse }: TreasuryParts) {
  const find = db.prepare(`${SELECT_GRANT} WHERE g.id = ?`);
  return {
    'grant.reverse'({ grant, why, by, atUs }: CommandIn<'grant.reverse'>): CommandOut<'grant.reverse'> {
      const outcome = reverse(grant, why, atUs, { tell: true });
      if (outcome === 'unknown') return refused('ERR_GRANT_UNKNOWN', { grant });
      if (outcome === 'reversed' && by !== null) {
        acted(journal, { by, what: 'grant.reverse', target: grant, details: { why }, atUs });
      }
      return {
        kind: outcome === 'already' ? 'already' : 'done',
        grant: grantOf(find.get(grant) as unknown as GrantRow),
      };
    },
  };
}

/** A right that is neither granted nor voided: its viewer cannot be forgotten yet. */
export function prepareUnsettled(db: DatabaseSync): (viewer: string) => string | null {
  const open = db.prepare(
    `SELECT 1 FROM rights WHERE viewer = ? AND state IN ('earned', 'released') LIMIT 1`,
  );
  return (viewer) => (open.get(viewer) === undefined ? null : 'a right that is not granted');
}
