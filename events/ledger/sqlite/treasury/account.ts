import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../../packet/time.ts';
import { ACCOUNTS, type Account, type Amount, EFFECTS, MOVES, type Pool } from '../../treasury.ts';
import type { PoolAccount } from '../../treasury-commands.ts';

interface AmountRow {
  readonly pieces: number;
  readonly amount: number;
}

/** A sum over all that ever moved: more than a safe integer, where the same money comes back and goes again. */
interface SumRow {
  readonly pieces: bigint;
  readonly amount: bigint;
}
interface Sum {
  readonly pieces: bigint;
  readonly amountMinor: bigint;
}

/**
 * Proves a pool's account: balances against the movements that made them, and against the rights and grants that they
 * are about, each counted for itself.
 */
export function preparePoolAccount(db: DatabaseSync): (pool: Pool, atUs: number) => PoolAccount {
  const moves = db.prepare(`
    SELECT move, count(*) AS n, sum(pieces) AS pieces, sum(amount) AS amount FROM pool_moves WHERE pool = ?
    GROUP BY move`);
  const standing = db.prepare(`
    SELECT count(*) AS pieces, coalesce(sum(amount), 0) AS amount FROM grants
    WHERE pool = ? AND reversed_us IS NULL`);
  const granted = db.prepare(`
    SELECT count(*) AS pieces, coalesce(sum(amount), 0) AS amount FROM rights WHERE pool = ? AND state = 'granted'`);
  const reversed = db.prepare(`
    SELECT count(*) AS pieces, coalesce(sum(amount), 0) AS amount FROM grants
    WHERE pool = ? AND reversed_us IS NOT NULL`);
  const open = db.prepare(`
    SELECT r.interaction, count(*) AS pieces, sum(r.amount) AS amount,
      CASE
        WHEN p.phase = 'void' THEN 'voiding'
        WHEN r.state = 'released' OR (r.expires_us IS NULL AND p.phase = 'released') THEN 'grant'
        WHEN r.expires_us IS NOT NULL THEN 'order'
        ELSE 'reveal'
      END AS waits_for
    FROM rights r JOIN prize_rounds p ON p.interaction = r.interaction
    WHERE r.pool = ? AND r.state IN ('earned', 'released') GROUP BY 1, 4 ORDER BY 1, 4`);
  const sweeps = db.prepare(
    `SELECT pieces, amount, at_us, ref FROM pool_moves WHERE pool = ? AND move = 'sweep-out' ORDER BY +seq`,
  );
  const arrived = db.prepare(
    `SELECT pieces, amount FROM pool_moves WHERE pool = ? AND move = 'sweep-in' AND ref = ?`,
  );
  for (const sums of [moves, standing, granted, reversed]) sums.setReadBigInts(true);
  const amountOf = ({ pieces, amount }: AmountRow): Amount => ({ pieces, amountMinor: amount });
  const sumIn = ({ pieces, amount }: SumRow): Sum => ({ pieces, amountMinor: amount });

  return (pool) => {
    const wrong: string[] = [];
    const expect = (what: string, is: Amount | Sum, shouldBe: Amount | Sum): void => {
      for (const unit of ['pieces', 'amountMinor'] as const) {
        if (BigInt(is[unit]) !== BigInt(shouldBe[unit]))
          wrong.push(`${what}: ${is[unit]} ${unit}, should be ${shouldBe[unit]}`);
      }
    };
    const summed = sumOf(moves.all(pool.id) as unknown as (SumRow & { move: string })[]);
    for (const account of ACCOUNTS) {
      expect(`${account} against its movements`, pool.balances[account], summed[account]);
    }
    const stand = sumIn(standing.get(pool.id) as unknown as SumRow);
    expect('granted against the grants that stand', pool.balances.granted, stand);
    expect(
      'granted rights against their grants',
      sumIn(granted.get(pool.id) as unknown as SumRow),
      together(stand, sumIn(reversed.get(pool.id) as unknown as SumRow)),
    );
    const waiting = (open.all(pool.id) as unknown as WaitingRow[]).map((row) => ({
      ...{ interaction: row.interaction, waitsFor: row.waits_for },
      ...amountOf(row),
    }));
    expect(
      'reserved against the rights that wait',
      pool.balances.reserved,
      waiting.reduce<Amount>(plus, NOTHING),
    );
    const to = pool.leftover.rule === 'to' ? pool.leftover.pool : null;
    const swept = (sweeps.all(pool.id) as unknown as (AmountRow & { at_us: number; ref: string })[]).map(
      (row) => {
        if (to !== null) {
          const found = arrived.get(to, `${pool.id}:${row.ref}`) as unknown as AmountRow | undefined;
          expect(`what was swept to ${to}`, found === undefined ? NOTHING : amountOf(found), amountOf(row));
        }
        return { ...amountOf(row), to, atUs: unixUs(row.at_us) };
      },
    );
    expect('swept out against its sweeps', pool.balances.sweptOut, swept.reduce<Amount>(plus, NOTHING));
    const grants: Amount = { pieces: Number(stand.pieces), amountMinor: Number(stand.amountMinor) };
    const { free, reserved } = pool.balances;
    const isEmpty = [free, reserved].every(({ pieces, amountMinor }) => pieces === 0 && amountMinor === 0);
    return { pool, grants, waiting, swept, free, settled: isEmpty && wrong.length === 0, wrong };
  };
}

interface WaitingRow extends AmountRow {
  readonly interaction: string;
  readonly waits_for: PoolAccount['waiting'][number]['waitsFor'];
}

const NOTHING: Amount = { pieces: 0, amountMinor: 0 };
const plus = (a: Amount, b: Amount): Amount => ({
  pieces: a.pieces + b.pieces,
  amountMinor: a.amountMinor + b.amountMinor,
});

const together = (a: Sum, b: Sum): Sum => ({
  pieces: a.pieces + b.pieces,
  amountMinor: a.amountMinor + b.amountMinor,
});

function sumOf(rows: readonly (SumRow & { readonly move: string })[]): Record<Account, Sum> {
  const byMove = new Map(rows.map((row) => [row.move, row]));
  const of = (account: Account): Sum =>
    MOVES.reduce<Sum>(
      (sum, move) => {
        const row = byMove.get(move);
        const sign = BigInt(EFFECTS[move][account] ?? 0);
        return row === undefined
          ? sum
          : together(sum, { pieces: sign * row.pieces, amountMinor: sign * row.amount });
      },
      { pieces: 0n, amountMinor: 0n },
    );
  return Object.fromEntries(ACCOUNTS.map((account) => [account, of(account)])) as Record<Account, Sum>;
}
