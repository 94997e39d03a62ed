import { FramecueError } from '../../packet/errors.ts';
import { LotteryConfig } from '../interactions/lottery/config.ts';
import { FlashSaleConfig } from '../interactions/sale/config.ts';
import type { Books } from '../ledger/commands.ts';
import type { InteractionRecord } from '../ledger/facts.ts';
import type { Pool, Purpose } from '../ledger/treasury.ts';

/** One piece that an interaction takes from a pool. */
interface Wanted {
  readonly pool: string;
  readonly what: string;
  readonly amountMinor: number;
  readonly purpose: Purpose;
  /** Null: whatever the pool holds. */
  readonly currency: string | null;
}

/**
 * Refuses an interaction whose pools could never give what it names, before anybody enters it. Pools that are not there
 * yet, or not funded, are passed over: they may come.
 * @throws {FramecueError} ERR_POOL_PURPOSE, ERR_AMOUNT_INVALID (another currency, or one piece is worth more than all
 *   that was ever put into its pool)
 */
export async function refuseUnfitPools(books: Pick<Books, 'ask'>, record: InteractionRecord): Promise<void> {
  // It gives nothing.
  if (record.shadow === true) return;
  const wanted = wantedBy(record);
  const pools = new Map<string, Pool | null>();
  for (const { pool } of wanted) {
    if (!pools.has(pool)) pools.set(pool, await books.ask('pool.get', { pool }));
  }
  for (const piece of wanted) {
    const pool = pools.get(piece.pool) ?? null;
    if (pool !== null) refuseUnfit(piece, pool);
  }
}

function wantedBy({ type, config }: InteractionRecord): readonly Wanted[] {
  if (type === 'lottery') {
    return LotteryConfig.parse(config).prizes.map(({ pool, prize, amountMinor }) => ({
      ...{ pool, what: `One piece of ${prize}`, amountMinor, purpose: 'prize', currency: null },
    }));
  }
  if (type === 'flash-sale') {
    const { pool, priceMinor: amountMinor, currency } = FlashSaleConfig.parse(config);
    return [{ pool, what: 'One piece', amountMinor, purpose: 'stock', currency }];
  }
  return [];
}

function refuseUnfit({ what, amountMinor, purpose, currency }: Wanted, pool: Pool): void {
  const { id, balances } = pool;
  if (pool.purpose !== purpose) {
    throw new FramecueError('ERR_POOL_PURPOSE', undefined, { details: { pool: id, purpose: pool.purpose } });
  }
  if (currency !== null && currency !== pool.currency) {
    throw new FramecueError('ERR_AMOUNT_INVALID', `Pool ${id} holds ${pool.currency}.`, {
      details: { pool: id, currency },
    });
  }
  const whole = balances.funded.amountMinor + balances.sweptIn.amountMinor;
  if (whole > 0 && amountMinor > whole) {
    throw new FramecueError(
      'ERR_AMOUNT_INVALID',
      `${what} is worth more than all that was put into pool ${id}: ${amountMinor} of ${whole} minor units.`,
      { details: { pool: id, amountMinor, most: whole } },
    );
  }
}
