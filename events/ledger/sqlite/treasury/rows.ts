import { unixUs } from '../../../../packet/time.ts';
import {
  ACCOUNTS,
  type Balances,
  type Grant,
  type Pool,
  type PoolTerms,
  type Right,
  type RightState,
} from '../../treasury.ts';
import { columnOf } from './schema.ts';

/** How rows of the treasury's tables read. */

export interface PoolRow extends Readonly<Record<string, string | number | null>> {
  readonly id: string;
  readonly terms: string;
  readonly state: 'open' | 'closed';
  readonly closed_why: string | null;
  readonly opened_us: number;
}

export const poolOf = (row: PoolRow): Pool => ({
  ...(JSON.parse(row.terms) as PoolTerms),
  state: row.state,
  closedWhy: row.closed_why,
  openedAtUs: unixUs(row.opened_us),
  balances: balancesOf(row),
});

const balancesOf = (row: PoolRow): Balances =>
  Object.fromEntries(
    ACCOUNTS.map((account) => [
      account,
      {
        pieces: row[columnOf(account, 'pieces')] as number,
        amountMinor: row[columnOf(account, 'amount')] as number,
      },
    ]),
  ) as Balances;

/**
 * A right and its state: what the reveal has released is `released` from that moment on, without a word for each, except
 * what expires by itself.
 */
export const SELECT_RIGHT = `
SELECT r.seq, r.id, r.interaction, r.viewer, r.pool, r.prize, r.amount, r.currency, r.cause, r.expires_us,
  CASE WHEN r.state = 'earned' AND r.expires_us IS NULL AND p.phase = 'released' THEN 'released' ELSE r.state END AS state,
  r.why, r.earned_us
FROM rights r JOIN prize_rounds p ON p.interaction = r.interaction`;

const BY_REVEAL = `r.expires_us IS NULL AND p.phase = 'released'`;

/**
 * Those that are in a state, by what their row says, which is what `rights_by_state` indexes. `+`: where somebody also asks
 * for a round, a pool or a viewer, these come first (https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms).
 */
export const selectRightsIn = (state: RightState, column: 'r.state' | '+r.state'): string => {
  const are = (stored: string) => `${SELECT_RIGHT} WHERE ${column} = '${stored}'`;
  if (state === 'earned') return `${are('earned')} AND NOT (${BY_REVEAL})`;
  if (state === 'released') return `${are('released')} UNION ALL ${are('earned')} AND ${BY_REVEAL}`;
  return are(state);
};

export interface RightRow {
  readonly seq: number;
  readonly id: string;
  readonly interaction: string;
  readonly viewer: string;
  readonly pool: string;
  readonly prize: string;
  readonly amount: number;
  readonly currency: string;
  readonly cause: string;
  readonly expires_us: number | null;
  readonly state: RightState;
  readonly why: string | null;
  readonly earned_us: number;
}

export const rightOf = (row: RightRow): Right => ({
  ...{ id: row.id, interaction: row.interaction, viewer: row.viewer, pool: row.pool, prize: row.prize },
  ...{ amountMinor: row.amount, currency: row.currency, cause: row.cause },
  expiresAtUs: row.expires_us === null ? null : unixUs(row.expires_us),
  ...{ state: row.state, why: row.why, earnedAtUs: unixUs(row.earned_us) },
});

export const SELECT_GRANT = `
SELECT g.seq, g.id, g.right_id, g.interaction, r.viewer, g.pool, r.prize, r.amount, r.currency, g.made_us,
  g.reversed_us, g.reversed_why, g.reversible
FROM grants g JOIN rights r ON r.id = g.right_id`;

export interface GrantRow {
  readonly seq: number;
  readonly id: string;
  readonly right_id: string;
  readonly interaction: string;
  readonly viewer: string;
  readonly pool: string;
  readonly prize: string;
  readonly amount: number;
  readonly currency: string;
  readonly made_us: number;
  readonly reversed_us: number | null;
  readonly reversed_why: string | null;
  readonly reversible: number;
}

export const grantOf = (row: GrantRow): Grant => ({
  ...{ id: row.id, right: row.right_id, interaction: row.interaction, viewer: row.viewer, pool: row.pool },
  ...{ prize: row.prize, amountMinor: row.amount, currency: row.currency, madeAtUs: unixUs(row.made_us) },
  reversed:
    row.reversed_us === null ? null : { atUs: unixUs(row.reversed_us), why: row.reversed_why ?? 'unknown' },
});
