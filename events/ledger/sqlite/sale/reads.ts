import type { DatabaseSync } from 'node:sqlite';
import { unixUs } from '../../../../packet/time.ts';
import type { QuestionIn, QuestionOut } from '../../commands.ts';
import type { Place, Reservation, ReservationState } from '../../sale.ts';
import { isOpenAt } from '../treasury/core.ts';
import { type PoolRow, poolOf } from '../treasury/rows.ts';
import { lineUntil, spanOf } from './line.ts';
import { prepareTerms, turnOpenUs } from './terms.ts';

/** Why a right was voided, in the treasury's words and in those of a sale. */
export const EXPIRED = 'expired';
export const GIVEN_BACK = 'given back';

interface ReservationRow {
  readonly id: string;
  readonly state: 'earned' | 'released' | 'granted' | 'voided';
  readonly why: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly earned_us: number;
  readonly expires_us: number;
  readonly grant_id: string | null;
  readonly reversed_us: number | null;
  readonly ordered_us: number | null;
  readonly outcome: string | null;
  readonly phase: 'running' | 'released' | 'void';
}

/** A viewer's reservation as it stands at that moment; null: they have none in this sale. */
export function prepareReservation(
  db: DatabaseSync,
): (interaction: string, viewer: string, nowUs: number) => Reservation | null {
  const find = db.prepare(`
    SELECT r.id, r.state, r.why, r.amount, r.currency, r.earned_us, r.expires_us, g.id AS grant_id, g.reversed_us,
      o.ordered_us, x.outcome, p.phase
    FROM rights r
    JOIN prize_rounds p ON p.interaction = r.interaction
    LEFT JOIN grants g ON g.right_id = r.id
    LEFT JOIN sale_orders o ON o.right_id = r.id
    LEFT JOIN outbox x ON x.id = g.id
    WHERE r.interaction = ? AND r.viewer = ? AND r.expires_us IS NOT NULL`);
  return (interaction, viewer, nowUs) => {
    const row = find.get(interaction, viewer) as ReservationRow | undefined;
    if (row === undefined) return null;
    return {
      ...{ id: row.id, interaction, state: stateOf(row, nowUs) },
      ...{ priceMinor: row.amount, currency: row.currency },
      ...{ reservedAtUs: unixUs(row.earned_us), expiresAtUs: unixUs(row.expires_us) },
      order: row.grant_id,
      orderedAtUs: row.ordered_us === null ? null : unixUs(row.ordered_us),
    };
  };
}

function stateOf(row: ReservationRow, nowUs: number): ReservationState {
  if (row.grant_id !== null) {
    if (row.outcome === 'declined') return 'declined';
    if (row.reversed_us !== null) return 'taken-back';
    return row.outcome === 'done' ? 'confirmed' : 'ordered';
  }
  if (row.state !== 'voided') {
    if (row.phase === 'void') return 'cancelled';
    return row.expires_us <= nowUs ? 'expired' : 'reserved';
  }
  if (row.why === EXPIRED) return 'expired';
  return row.why === GIVEN_BACK ? 'given-back' : 'cancelled';
}

export function saleQuestions(db: DatabaseSync) {
  const { of: termsOf } = prepareTerms(db);
  const reservationOf = prepareReservation(db);
  const pool = db.prepare('SELECT * FROM pools WHERE id = ?');
  const back = db.prepare(`
    SELECT
      (SELECT count(*) FROM rights INDEXED BY rights_to_expire
       WHERE state = 'earned' AND expires_us <= ?2 AND pool = ?1) AS overdue,
      (SELECT expires_us FROM rights INDEXED BY rights_to_expire
       WHERE state = 'earned' AND expires_us > ?2 AND pool = ?1 ORDER BY expires_us LIMIT 1) AS next_us`);
  const line = db.prepare('SELECT end_us, places FROM sale_lines WHERE interaction = ?');
  const place = db.prepare('SELECT number, turn_us FROM sale_places WHERE interaction = ? AND viewer = ?');

  return {
    'sale.stock'({ interaction, nowUs }: QuestionIn<'sale.stock'>): QuestionOut<'sale.stock'> {
      const terms = termsOf(interaction);
      if (terms === null) return null;
      const row = pool.get(terms.pool) as PoolRow | undefined;
      const found = row === undefined ? null : poolOf(row);
      const { overdue, next_us } = back.get(terms.pool, nowUs) as { overdue: number; next_us: number | null };
      const queue = line.get(interaction) as { end_us: number; places: number } | undefined;
      const rate = terms.admitPerSecond;
      const lineUntilUs =
        queue === undefined || rate === undefined ? null : lineUntil(queue.end_us, spanOf(rate));
      return {
        isOpen: found !== null && found.purpose === 'stock' && isOpenAt(found, nowUs),
        free: (found?.balances.free.pieces ?? 0) + overdue,
        reserved: (found?.balances.reserved.pieces ?? 0) - overdue,
        ordered: found?.balances.granted.pieces ?? 0,
        nextBackUs: next_us === null ? null : unixUs(next_us),
        lineUntilUs: lineUntilUs === null || lineUntilUs <= nowUs ? null : unixUs(lineUntilUs),
        places: queue?.places ?? 0,
      };
    },

    'sale.mine'({ interaction, viewer, nowUs }: QuestionIn<'sale.mine'>): QuestionOut<'sale.mine'> {
      const terms = termsOf(interaction);
      const row = place.get(interaction, viewer) as PlaceRow | undefined;
      return {
        reservation: reservationOf(interaction, viewer, nowUs),
        place: row === undefined || terms === null ? null : placeOf(row, turnOpenUs(terms)),
      };
    },
  };
}

export interface PlaceRow {
  readonly number: number;
  readonly turn_us: number;
}

export const placeOf = ({ number, turn_us }: PlaceRow, openUs: number): Place => ({
  number,
  turnUs: unixUs(turn_us),
  openUntilUs: unixUs(turn_us + openUs),
});
