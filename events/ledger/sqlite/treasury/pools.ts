import type { DatabaseSync } from 'node:sqlite';
import type { CommandIn, CommandOut } from '../../commands.ts';
import type { Amount, Pool, PoolTerms, Refused } from '../../treasury.ts';
import type { SweepOutcome } from '../../treasury-commands.ts';
import { acted } from '../acted.ts';
import type { Journal } from '../journal.ts';
import type { TreasuryParts } from './core.ts';
import { refused } from './refused.ts';

interface MoveRow {
  readonly pieces: number;
  readonly amount: number;
}

/** The budget that a pool is opened with; no `Idempotency-Key` has a space. */
const OPENING = 'opening budget';

/** Opening, funding, closing and sweeping, each by a person or by a rule. */
export function poolCommands(db: DatabaseSync, journal: Journal, treasury: TreasuryParts) {
  const findMove = db.prepare(
    'SELECT pieces, amount FROM pool_moves WHERE pool = ? AND move = ? AND ref = ?',
  );
  const { append, move, poolOrNull } = treasury;
  const moved = (pool: string, by: string, ref: string) => findMove.get(pool, by, ref) as MoveRow | undefined;

  const withPool = <Outcome>(id: string, run: (pool: Pool) => Outcome): Outcome | Refused => {
    const pool = poolOrNull(id);
    return pool === null ? refused('ERR_POOL_UNKNOWN', { pool: id }) : run(pool);
  };
  const done = (id: string) => ({ kind: 'done', pool: treasury.pool(id) }) as const;

  const fundProblem = (pool: Pick<Pool, 'id'>, amount: Amount, present: Pool['balances'] | null) => {
    const fits = (unit: keyof Amount) =>
      Number.isSafeInteger(amount[unit]) &&
      amount[unit] >= 0 &&
      Number.isSafeInteger((present?.funded[unit] ?? 0) + (present?.sweptIn[unit] ?? 0) + amount[unit]);
    return fits('pieces') && fits('amountMinor') && amount.pieces + amount.amountMinor > 0
      ? null
      : refused('ERR_AMOUNT_INVALID', { pool: pool.id, ...amount });
  };

  const sweep = ({ pool: id, key, by, atUs }: CommandIn<'pool.sweep'>): SweepOutcome =>
    withPool<SweepOutcome>(id, (pool) => {
      const to = pool.leftover.rule === 'to' ? pool.leftover.pool : null;
      const before = moved(id, 'sweep-out', key);
      if (before !== undefined) {
        const swept = { pieces: before.pieces, amountMinor: before.amount };
        return { kind: 'already', pool, swept, to };
      }
      if (!isOver(pool, atUs)) {
        return refused(
          'ERR_POOL_STATE',
          { pool: id, state: pool.state },
          'Rights can still be earned from it: close it first, or wait for its closesAt.',
        );
      }
      const swept = pool.balances.free;
      if (swept.pieces === 0 && swept.amountMinor === 0) return { kind: 'already', pool, swept, to };
      if (to !== null) {
        const problem = fundProblem({ id: to }, swept, treasury.pool(to).balances);
        if (problem !== null) return problem;
      }
      move(id, 'sweep-out', swept, key, atUs);
      if (to !== null) move(to, 'sweep-in', swept, `${id}:${key}`, atUs);
      if (by !== null)
        acted(journal, { by, what: 'pool.sweep', target: id, details: { ...swept, to }, atUs });
      return { ...done(id), swept, to };
    });

  return {
    'pool.open': ({ terms, budget, by, atUs }: CommandIn<'pool.open'>): CommandOut<'pool.open'> => {
      const found = poolOrNull(terms.id);
      if (found !== null) {
        const same = isSame(found, terms) && isSameBudget(budget, moved(terms.id, 'fund', OPENING));
        return same ? { kind: 'already', pool: found } : refused('ERR_POOL_EXISTS', { pool: terms.id });
      }
      if (terms.leftover.rule === 'to') {
        const to = poolOrNull(terms.leftover.pool);
        if (to === null) return refused('ERR_POOL_UNKNOWN', { pool: terms.leftover.pool });
        if (to.currency !== terms.currency) {
          return refused(
            'ERR_AMOUNT_INVALID',
            { pool: to.id, currency: terms.currency },
            `${to.id} holds ${to.currency}.`,
          );
        }
      }
      const problem = budget === null ? null : fundProblem(terms, budget, null);
      if (problem !== null) return problem;
      append('pool.opened', terms, atUs);
      if (budget !== null) move(terms.id, 'fund', budget, OPENING, atUs);
      if (by !== null) acted(journal, { by, what: 'pool.open', target: terms.id, details: { budget }, atUs });
      return done(terms.id);
    },
    'pool.fund': ({ pool: id, amount, key, by, atUs }: CommandIn<'pool.fund'>) =>
      withPool<CommandOut<'pool.fund'>>(id, (pool) => {
        const before = moved(id, 'fund', key);
        if (before !== undefined) {
          return before.pieces === amount.pieces && before.amount === amount.amountMinor
            ? { kind: 'already', pool }
            : refused('ERR_IDEMPOTENCY_CONFLICT', { pool: id });
        }
        const problem = fundProblem(pool, amount, pool.balances);
        if (problem !== null) return problem;
        move(id, 'fund', amount, key, atUs);
        if (by !== null) acted(journal, { by, what: 'pool.fund', target: id, details: amount, atUs });
        return done(id);
      }),
    'pool.close': ({ pool: id, why, by, atUs }: CommandIn<'pool.close'>) =>
      withPool<CommandOut<'pool.close'>>(id, (pool) => {
        if (pool.state === 'closed') return { kind: 'already', pool };
        append('pool.closed', { pool: id, why }, atUs);
        if (by !== null) acted(journal, { by, what: 'pool.close', target: id, details: { why }, atUs });
        return done(id);
      }),
    'pool.reopen': ({ pool: id, by, atUs }: CommandIn<'pool.reopen'>) =>
      withPool<CommandOut<'pool.reopen'>>(id, (pool) => {
        if (pool.state === 'open') return { kind: 'already', pool };
        append('pool.reopened', { pool: id }, atUs);
        if (by !== null) acted(journal, { by, what: 'pool.reopen', target: id, details: {}, atUs });
        return done(id);
      }),
    'pool.sweep': sweep,
  };
}

/** Nothing can be earned from it any more, unless a person opens it again. */
const isOver = (pool: Pool, atUs: number): boolean =>
  pool.state === 'closed' || (pool.closesAtUs !== null && atUs >= pool.closesAtUs);

function isSame(
  { state: _s, closedWhy: _w, openedAtUs: _o, balances: _b, ...found }: Pool,
  terms: PoolTerms,
) {
  const sorted = (value: object) => JSON.stringify(value, Object.keys(value).sort());
  const flat = (value: PoolTerms) =>
    sorted({ ...value, regions: JSON.stringify(value.regions), leftover: JSON.stringify(value.leftover) });
  return flat(found) === flat(terms);
}

const isSameBudget = (budget: Amount | null, funded: MoveRow | undefined): boolean =>
  (budget?.pieces ?? 0) === (funded?.pieces ?? 0) && (budget?.amountMinor ?? 0) === (funded?.amount ?? 0);
