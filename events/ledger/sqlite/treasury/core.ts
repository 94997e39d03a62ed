import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../../../../cues/wire/index.ts';
import { FramecueError } from '../../../../packet/errors.ts';
import { type UnixMicroseconds, unixUs } from '../../../../packet/time.ts';
import type { OutboxTopic } from '../../outbox.ts';
import type {
  Amount,
  EarnOutcome,
  GrantOutcome,
  Move,
  NewRight,
  Pool,
  ReleaseOutcome,
  ReverseOutcome,
  Tier,
  VoidOutcome,
} from '../../treasury.ts';
import type { Journal } from '../journal.ts';
import { enqueue } from '../outbox.ts';
import { prepareEligibility } from './eligibility.ts';
import type { TreasuryEntries } from './reducers.ts';
import { type GrantRow, type PoolRow, poolOf, type RightRow, SELECT_GRANT, SELECT_RIGHT } from './rows.ts';

/**
 * The treasury for the ledger's domains, within the transaction under way. Every method may be called again: what is
 * done is done once.
 */
export interface Treasury {
  /**
   * Reserves the right's piece at once. `already`: this viewer has a right in this round, whatever became of it.
   * @throws {FramecueError} ERR_POOL_UNKNOWN, ERR_INTERACTION_UNKNOWN, ERR_POOL_PURPOSE (a prize from what is sold, or a
   *   sale of prizes), ERR_AMOUNT_INVALID (not of the pool's currency, no whole amount), ERR_RIGHT_CONFLICT (the id is
   *   another right's)
   */
  earn(right: NewRight, atUs: UnixMicroseconds): EarnOutcome;
  /** From the first pool that has a piece left: `high` for those who have enough boxes, then `low`. */
  earnByTier(
    right: Omit<NewRight, 'pool'>,
    pools: Readonly<Record<Tier, string | null>>,
    atUs: UnixMicroseconds,
  ): { readonly outcome: EarnOutcome; readonly pool: string | null };
  /** One right; the reveal releases the others. */
  release(right: string, atUs: UnixMicroseconds): ReleaseOutcome;
  /** Its piece goes back. */
  void(right: string, why: string, atUs: UnixMicroseconds): VoidOutcome;
  /**
   * A right that is released becomes a grant, and is on its way out as `grant.made`, or as what `told` says instead: one
   * call downstream for one right.
   */
  grant(right: string, atUs: UnixMicroseconds, told?: ToldGrant): GrantOutcome;
  /** A grant is taken back: its piece is free again. `tell`: the reward platform hears of it. */
  reverse(
    grant: string,
    why: string,
    atUs: UnixMicroseconds,
    options: { readonly tell: boolean },
  ): ReverseOutcome;
  /** From which pools a viewer draws now. */
  tierOf(show: string, viewer: string): Tier;
}

/** What the reward platform is told of a grant; the grant's own fields go with it. */
export interface ToldGrant {
  readonly topic: OutboxTopic;
  /** Names no viewer. */
  readonly payload: JsonObject;
}

/** What only the treasury's own commands do. */
export interface TreasuryParts extends Treasury {
  readonly append: <Kind extends keyof TreasuryEntries>(
    kind: Kind,
    body: TreasuryEntries[Kind],
    atUs: UnixMicroseconds,
    viewer?: string | null,
  ) => void;
  /** @throws {FramecueError} ERR_POOL_UNKNOWN */
  pool(id: string): Pool;
  poolOrNull(id: string): Pool | null;
  move(pool: string, move: Move, amount: Amount, ref: string, atUs: UnixMicroseconds): void;
}

export const grantIdOf = (right: string): string => `g_${right}`;
/** Of what is told when a grant is taken back. */
const reversalIdOf = (right: string): string => `r_${right}`;

export function prepareCore({ db, journal }: { db: DatabaseSync; journal: Journal }): TreasuryParts {
  const findPool = db.prepare('SELECT * FROM pools WHERE id = ?');
  const findRight = db.prepare(`${SELECT_RIGHT} WHERE r.id = ?`);
  const ofViewer = db.prepare('SELECT 1 FROM rights WHERE interaction = ? AND viewer = ?');
  const findGrant = db.prepare(`${SELECT_GRANT} WHERE g.id = ?`);
  const phaseOf = db.prepare('SELECT phase FROM prize_rounds WHERE interaction = ?');
  const eligibility = prepareEligibility(db);

  const append: TreasuryParts['append'] = (kind, body, atUs, viewer = null) => {
    journal.append({ kind, atUs, viewer, body });
  };
  const move: TreasuryParts['move'] = (pool, by, { pieces, amountMinor }, ref, atUs) =>
    append('pool.moved', { pool, move: by, pieces, amountMinor, ref }, atUs);
  const poolOrNull = (id: string): Pool | null => {
    const row = findPool.get(id) as PoolRow | undefined;
    return row === undefined ? null : poolOf(row);
  };
  const pool = (id: string): Pool => {
    const found = poolOrNull(id);
    if (found === null) throw new FramecueError('ERR_POOL_UNKNOWN', undefined, { details: { pool: id } });
    return found;
  };
  const rightRow = (id: string) => findRight.get(id) as RightRow | undefined;

  const earn: Treasury['earn'] = (right, atUs) => {
    if (ofViewer.get(right.interaction, right.viewer) !== undefined) return 'already';
    const from = pool(right.pool);
    refuseUnfit(right, from);
    if (rightRow(right.id) !== undefined) {
      throw new FramecueError('ERR_RIGHT_CONFLICT', undefined, { details: { right: right.id } });
    }
    if (!isOpenAt(from, atUs)) return 'closed';
    const round = eligibility.roundOf(right.interaction, right.viewer);
    if (round.final === 'CANCELED') return 'closed';
    if (!eligibility.mayEarn(round, right, from)) return 'not-eligible';
    const { free } = from.balances;
    if (free.pieces < 1 || free.amountMinor < right.amountMinor) return 'empty';
    const { id, viewer, interaction, prize, amountMinor, currency, cause, expiresAtUs } = right;
    append(
      'right.earned',
      { right: id, interaction, pool: from.id, prize, amountMinor, currency, cause, expiresAtUs },
      atUs,
      viewer,
    );
    move(from.id, 'reserve', { pieces: 1, amountMinor }, id, atUs);
    // Earned after the reveal (a draw that is late): released with the others.
    const { phase } = phaseOf.get(interaction) as { phase: string };
    if (round.final === 'RESOLVED' && phase === 'running') append('round.released', { interaction }, atUs);
    return 'earned';
  };

  return {
    append,
    pool,
    poolOrNull,
    move,
    earn,
    earnByTier(right, pools, atUs) {
      const { high, low } = pools;
      let outcome: EarnOutcome = 'not-eligible';
      for (const id of [high, low]) {
        if (id === null) continue;
        const here = earn({ ...right, pool: id }, atUs);
        if (here === 'earned') return { outcome: here, pool: id };
        if (here === 'already') return { outcome: here, pool: null };
        // Having been eligible and found nothing says more than not having been.
        if (outcome === 'not-eligible' || here === 'empty') outcome = here;
      }
      return { outcome, pool: null };
    },
    release(right, atUs) {
      const row = rightRow(right);
      if (row === undefined) return 'unknown';
      if (row.state === 'released') return 'already';
      if (row.state !== 'earned') return row.state;
      // A reservation whose time is over is over, whether anybody has written it down yet or not.
      if (row.expires_us !== null && row.expires_us <= atUs) {
        voidRow(row, 'expired', atUs);
        return 'voided';
      }
      append('right.released', { right }, atUs);
      return 'released';
    },
    void(right, why, atUs) {
      const row = rightRow(right);
      if (row === undefined) return 'unknown';
      if (row.state === 'granted') return 'granted';
      if (row.state === 'voided') return 'already';
      voidRow(row, why, atUs);
      return 'voided';
    },
    grant(right, atUs, told = { topic: 'grant.made', payload: {} }) {
      const row = rightRow(right);
      if (row === undefined) return 'unknown';
      if (row.state === 'granted') return 'already';
      if (row.state === 'voided') return 'voided';
      const { phase } = phaseOf.get(row.interaction) as { phase: string };
      if (row.state === 'earned' || phase === 'void') return 'not-released';
      const grant = grantIdOf(right);
      const { interaction, pool: from, prize, amount: amountMinor, currency } = row;
      const { reverseOnVoid: reversible } = pool(from);
      append(
        'grant.made',
        { grant, right, interaction, pool: from, prize, amountMinor, currency, reversible },
        atUs,
        row.viewer,
      );
      move(from, 'grant', { pieces: 1, amountMinor }, right, atUs);
      const payload = {
        ...told.payload,
        grant,
        right,
        interaction,
        pool: from,
        prize,
        amountMinor,
        currency,
      };
      enqueue(journal, { id: grant, topic: told.topic, lane: from, viewer: row.viewer, payload, atUs });
      return 'granted';
    },
    reverse(grant, why, atUs, { tell }) {
      const row = findGrant.get(grant) as GrantRow | undefined;
      if (row === undefined) return 'unknown';
      if (row.reversed_us !== null) return 'already';
      append('grant.reversed', { grant, why }, atUs, row.viewer);
      move(row.pool, 'reverse', { pieces: 1, amountMinor: row.amount }, row.right_id, atUs);
      if (!tell) return 'reversed';
      const { right_id: right, interaction, pool: from, amount: amountMinor, currency, viewer } = row;
      const payload = { grant, right, interaction, pool: from, amountMinor, currency, why };
      const id = reversalIdOf(right);
      enqueue(journal, { id, topic: 'grant.reversed', lane: from, viewer, payload, after: grant, atUs });
      return 'reversed';
    },
    tierOf: eligibility.tierOf,
  };

  function voidRow(row: RightRow, why: string, atUs: UnixMicroseconds): void {
    append('right.voided', { right: row.id, why }, atUs, row.viewer);
    move(row.pool, 'release', { pieces: 1, amountMinor: row.amount }, row.id, atUs);
  }
}

export const isOpenAt = (pool: Pool, atUs: UnixMicroseconds): boolean =>
  pool.state === 'open' &&
  atUs >= (pool.opensAtUs ?? unixUs(0)) &&
  (pool.closesAtUs === null || atUs < pool.closesAtUs);

/** What is sold is of one kind of pool, and what is given of the other, whoever asks. */
export const SALE_CAUSE = 'sale';

function refuseUnfit({ cause, currency, amountMinor }: NewRight, pool: Pool): void {
  if ((cause === SALE_CAUSE) !== (pool.purpose === 'stock')) {
    const { id, purpose } = pool;
    throw new FramecueError('ERR_POOL_PURPOSE', undefined, { details: { pool: id, purpose, cause } });
  }
  if (currency !== pool.currency) {
    throw new FramecueError('ERR_AMOUNT_INVALID', `The pool holds ${pool.currency}.`, {
      details: { pool: pool.id, currency },
    });
  }
  if (!Number.isSafeInteger(amountMinor) || amountMinor < 0) throw new FramecueError('ERR_AMOUNT_INVALID');
}
