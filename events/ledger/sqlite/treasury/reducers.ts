import type { DatabaseSync } from 'node:sqlite';
import type { JournalEntry } from '../../journal.ts';
import { ACCOUNTS, EFFECTS, MOVES, type Movement, type NewRight, type PoolTerms } from '../../treasury.ts';
import type { Reducer } from '../journal.ts';
import { columnOf } from './schema.ts';
import { type ShowEntries, showReducers } from './show-reducers.ts';

/** Bodies of the journal's entries about pools, rights and grants. */
export interface TreasuryEntries extends ShowEntries {
  readonly 'pool.opened': PoolTerms;
  readonly 'pool.moved': Movement;
  readonly 'pool.closed': { readonly pool: string; readonly why: string };
  readonly 'pool.reopened': { readonly pool: string };
  /** The viewer is the entry's. */
  readonly 'right.earned': Omit<NewRight, 'id' | 'viewer'> & { readonly right: string };
  readonly 'right.released': { readonly right: string };
  readonly 'right.voided': { readonly right: string; readonly why: string };
  readonly 'round.released': { readonly interaction: string };
  readonly 'round.voided': { readonly interaction: string; readonly why: string };
  readonly 'grant.made': {
    readonly grant: string;
    readonly right: string;
    readonly interaction: string;
    readonly pool: string;
    readonly prize: string;
    readonly amountMinor: number;
    readonly currency: string;
    /** Goes back when the round is voided. */
    readonly reversible: boolean;
  };
  readonly 'grant.reversed': { readonly grant: string; readonly why: string };
}

type Entry<Kind extends keyof TreasuryEntries> = JournalEntry<Kind, TreasuryEntries[Kind]>;

/** Puts entries about pools, rights and grants into effect; checks nothing but what the tables themselves refuse. */
export function treasuryReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  return { ...poolReducers(db), ...rightReducers(db), ...showReducers(db) };
}

function poolReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const open = db.prepare('INSERT INTO pools (id, show, terms, opened_us, sweeps_us) VALUES (?, ?, ?, ?, ?)');
  const total = db.prepare(`
    INSERT INTO pool_totals (pool, move, n) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1`);
  const record = db.prepare(
    'INSERT INTO pool_moves (seq, pool, move, pieces, amount, ref, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const moves = new Map(
    MOVES.map((move) => [move, db.prepare(`UPDATE pools SET ${changesOf(move)} WHERE id = ?1`)]),
  );
  const state = db.prepare('UPDATE pools SET state = ?2, closed_why = ?3 WHERE id = ?1');
  return {
    'pool.opened': ({ atUs, body }: Entry<'pool.opened'>) => {
      open.run(body.id, body.show, JSON.stringify(body), atUs, body.sweepAtEnd ? body.closesAtUs : null);
    },
    'pool.moved': ({ seq, atUs, body }: Entry<'pool.moved'>) => {
      record.run(seq, body.pool, body.move, body.pieces, body.amountMinor, body.ref, atUs);
      total.run(body.pool, body.move);
      moves.get(body.move)!.run(body.pool, body.pieces, body.amountMinor);
    },
    'pool.closed': ({ body }: Entry<'pool.closed'>) => {
      state.run(body.pool, 'closed', body.why);
    },
    'pool.reopened': ({ body }: Entry<'pool.reopened'>) => {
      state.run(body.pool, 'open', null);
    },
  };
}

const changesOf = (move: Movement['move']): string =>
  ACCOUNTS.filter((account) => EFFECTS[move][account] !== undefined)
    .flatMap((account) => {
      const sign = EFFECTS[move][account] === 1 ? '+' : '-';
      const [pieces, amount] = [columnOf(account, 'pieces'), columnOf(account, 'amount')];
      return [`${pieces} = ${pieces} ${sign} ?2`, `${amount} = ${amount} ${sign} ?3`];
    })
    .join(', ');

function rightReducers(db: DatabaseSync): Readonly<Record<string, Reducer>> {
  const round = db.prepare('INSERT INTO prize_rounds (interaction) VALUES (?) ON CONFLICT DO NOTHING');
  const count = db.prepare(`
    UPDATE prize_rounds SET waiting = waiting + ?2, holds = holds + ?3, reversible = reversible + ?4
    WHERE interaction = ?1`);
  const phase = db.prepare('UPDATE prize_rounds SET phase = ?2, why = ?3, at_us = ?4 WHERE interaction = ?1');
  const earn = db.prepare(`
    INSERT INTO rights (seq, id, interaction, viewer, pool, prize, amount, currency, cause, expires_us, earned_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const find = db.prepare('SELECT interaction, pool, expires_us, state FROM rights WHERE id = ?');
  const release = db.prepare(`UPDATE rights SET state = 'released' WHERE id = ?`);
  const settle = db.prepare('UPDATE rights SET state = ?2, why = ?3 WHERE id = ?1');
  const addOpen = db.prepare(`
    INSERT INTO open_rights (pool, interaction, waiting, held) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET waiting = waiting + ?3, held = held + ?4`);
  const moveOpen = db.prepare(`
    UPDATE open_rights SET waiting = waiting + ?3, held = held + ?4, released = released + ?5
    WHERE pool = ?1 AND interaction = ?2 RETURNING waiting + held + released AS n`);
  const noneOpen = db.prepare('DELETE FROM open_rights WHERE pool = ? AND interaction = ?');
  const make = db.prepare(`
    INSERT INTO grants (seq, id, right_id, made_us, reversible, interaction, pool, amount)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const reverse = db.prepare(
    'UPDATE grants SET reversed_us = ?2, reversed_why = ?3 WHERE id = ?1 RETURNING interaction, reversible',
  );
  const rightOf = (id: string) => find.get(id) as unknown as OpenRightRow;
  /** @param released the right is open still, and was released by name */
  const leave = ({ pool, interaction, expires_us, state }: OpenRightRow, released: 0 | 1): void => {
    const [waiting, held, byName] =
      state === 'released' ? [0, 0, 1] : expires_us === null ? [1, 0, 0] : [0, 1, 0];
    const { n } = moveOpen.get(pool, interaction, -waiting, -held, released - byName) as { n: number };
    if (n === 0) noneOpen.run(pool, interaction);
  };

  const settled = (id: string, state: 'granted' | 'voided', why: string | null): string => {
    const right = rightOf(id);
    const { interaction, expires_us } = right;
    settle.run(id, state, why);
    leave(right, 0);
    if (expires_us === null) count.run(interaction, -1, 0, 0);
    else count.run(interaction, 0, -1, 0);
    return interaction;
  };

  return {
    'right.earned': ({ seq, atUs, viewer, body }: Entry<'right.earned'>) => {
      const { interaction, pool, prize, amountMinor, currency, cause, expiresAtUs } = body;
      round.run(interaction);
      earn.run(
        ...([seq, body.right, interaction, viewer!, pool, prize] as const),
        ...([amountMinor, currency, cause, expiresAtUs, atUs] as const),
      );
      const [waiting, held] = expiresAtUs === null ? [1, 0] : [0, 1];
      count.run(interaction, waiting, held, 0);
      addOpen.run(pool, interaction, waiting, held);
    },
    'right.released': ({ body }: Entry<'right.released'>) => {
      const right = rightOf(body.right);
      release.run(body.right);
      leave(right, 1);
    },
    'right.voided': ({ body }: Entry<'right.voided'>) => {
      settled(body.right, 'voided', body.why);
    },
    'round.released': ({ atUs, body }: Entry<'round.released'>) => {
      phase.run(body.interaction, 'released', null, atUs);
    },
    'round.voided': ({ atUs, body }: Entry<'round.voided'>) => {
      phase.run(body.interaction, 'void', body.why, atUs);
    },
    'grant.made': ({ seq, atUs, body }: Entry<'grant.made'>) => {
      const interaction = settled(body.right, 'granted', null);
      const { grant, right, pool, amountMinor } = body;
      make.run(seq, grant, right, atUs, body.reversible ? 1 : 0, interaction, pool, amountMinor);
      if (body.reversible) count.run(interaction, 0, 0, 1);
    },
    'grant.reversed': ({ atUs, body }: Entry<'grant.reversed'>) => {
      const { interaction, reversible } = reverse.get(body.grant, atUs, body.why) as {
        interaction: string;
        reversible: number;
      };
      if (reversible === 1) count.run(interaction, 0, 0, -1);
    },
  };
}

interface OpenRightRow {
  readonly interaction: string;
  readonly pool: string;
  readonly expires_us: number | null;
  readonly state: 'earned' | 'released';
}
