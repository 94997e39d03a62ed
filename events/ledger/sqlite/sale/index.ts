import type { DatabaseSync } from 'node:sqlite';
import { FramecueError } from '../../../../packet/errors.ts';
import { type UnixMicroseconds, unixUs } from '../../../../packet/time.ts';
import type { CommandIn, CommandOut } from '../../commands.ts';
import type { AcceptedAnswer, DomainParts, LedgerDomain } from '../domains.ts';
import { grantIdOf, prepareTreasury } from '../treasury/index.ts';
import { refused } from '../treasury/refused.ts';
import { nextTurn, spanOf } from './line.ts';
import { GIVEN_BACK, type PlaceRow, placeOf, prepareReservation, saleQuestions } from './reads.ts';
import { type SaleEntries, saleReducers } from './reducers.ts';
import { SALE_SCHEMA } from './schema.ts';
import { prepareTerms, type SaleTerms, turnOpenUs } from './terms.ts';

/** Flash sales: reservations in the order of arrival, never more than there is; orders, once each. */
export const sale: LedgerDomain = {
  name: 'sale',
  schema: SALE_SCHEMA,
  tables: ['sale_lines', 'sale_places', 'sale_orders'],
  reducers: saleReducers,
  prepare: prepareSale,
  prepareReads: (db) => ({ questions: saleQuestions(db) }),
};

/** Who may wait in one line: tickets are kept by those who wait, but each place is a row. */
export const MOST_WAITING = 200_000;
/** Pieces whose time is over that one answer looks for in its own transaction; the keeper does the rest. */
const OVERDUE_AT_ONCE = 4;

function prepareSale({ db, journal, reads }: DomainParts) {
  const treasury = prepareTreasury({ db, journal });
  const { of: termsOf, forget } = prepareTerms(db);
  const reservationOf = prepareReservation(db);
  const findLine = db.prepare('SELECT end_us, places FROM sale_lines WHERE interaction = ?');
  const findPlace = db.prepare(
    'SELECT number, turn_us FROM sale_places WHERE interaction = ? AND viewer = ?',
  );
  const isStock = db.prepare(`
    SELECT 1 FROM pools
    WHERE id = ? AND json_extract(terms, '$.purpose') = 'stock' AND json_extract(terms, '$.currency') = ?`);
  const overdue = db.prepare(`
    SELECT id FROM rights INDEXED BY rights_to_expire
    WHERE state = 'earned' AND expires_us <= ?2 AND pool = ?1 ORDER BY expires_us LIMIT ?3`);
  const byKey = db.prepare('SELECT right_id, ordered_us FROM sale_orders WHERE viewer = ? AND key_hash = ?');
  const byRight = db.prepare('SELECT key_hash FROM sale_orders WHERE right_id = ?');
  const stillReserved = prepareStillReserved(db);

  const append = <Kind extends keyof SaleEntries>(
    kind: Kind,
    viewer: string,
    body: SaleEntries[Kind],
    atUs: UnixMicroseconds,
  ): void => void journal.append({ kind, atUs, viewer, body });
  const lineOf = (interaction: string) =>
    (findLine.get(interaction) as { end_us: number; places: number } | undefined) ?? null;
  const placeRow = (interaction: string, viewer: string) =>
    findPlace.get(interaction, viewer) as PlaceRow | undefined;

  /** @throws {FramecueError} ERR_SALE_TURN */
  const takeTurn = ({ interaction, viewer, atUs }: AcceptedAnswer, terms: SaleTerms, rate: number): void => {
    const row = placeRow(interaction, viewer);
    if (row !== undefined && atUs < row.turn_us) throw notYet(row.turn_us - atUs);
    if (row !== undefined && atUs < row.turn_us + turnOpenUs(terms)) return;
    const line = lineOf(interaction);
    const { turnUs, endUs } = nextTurn(line?.end_us ?? null, atUs, rate);
    if (turnUs > atUs) throw notYet(turnUs - atUs);
    append('sale.queued', viewer, { interaction, number: (line?.places ?? 0) + 1, turnUs, endUs }, atUs);
  };

  const reserve = ({ interaction, viewer, submission, atUs }: AcceptedAnswer, terms: SaleTerms) => {
    const { pool, title, priceMinor: amountMinor, currency, reservationMs } = terms;
    const expiresAtUs = unixUs(atUs + reservationMs * 1000);
    return treasury.earn(
      {
        ...{ id: submission, interaction, viewer, pool, prize: title, amountMinor, currency },
        ...{ cause: 'sale', expiresAtUs },
      },
      atUs,
    );
  };

  return {
    begin: forget,

    /** @throws {FramecueError} ERR_SALE_TURN, ERR_SOLD_OUT, ERR_STOCK_RESERVED, ERR_SALE_CLOSED, ERR_NOT_ELIGIBLE */
    onAccepted(answer: AcceptedAnswer): void {
      const { interaction, atUs } = answer;
      const terms = termsOf(interaction);
      if (terms === null) throw new FramecueError('ERR_INTERACTION_UNKNOWN');
      const { pool, admitPerSecond: rate } = terms;
      if (isStock.get(pool, terms.currency) === undefined) throw closed('pool');
      if (rate !== undefined) takeTurn(answer, terms, rate);
      let outcome = reserve(answer, terms);
      // A reservation that is over holds nothing, however late the keeper is.
      if (outcome === 'empty') {
        const due = overdue.all(pool, atUs, OVERDUE_AT_ONCE) as { id: string }[];
        for (const { id } of due) treasury.void(id, 'expired', atUs);
        if (due.length > 0) outcome = reserve(answer, terms);
      }
      switch (outcome) {
        case 'earned':
          return;
        case 'empty':
          throw soldOut(stillReserved(pool, atUs));
        case 'closed':
          throw closed('closed');
        case 'not-eligible':
          throw new FramecueError('ERR_NOT_ELIGIBLE');
        case 'already':
          throw new FramecueError('ERR_RIGHT_CONFLICT', 'The viewer has had a piece in this sale.');
      }
    },

    commands: {
      'sale.arrive'({
        interaction,
        viewer,
        untilUs,
        atUs,
      }: CommandIn<'sale.arrive'>): CommandOut<'sale.arrive'> {
        const terms = termsOf(interaction);
        const rate = terms?.admitPerSecond;
        if (terms === null || rate === undefined) return { kind: 'no-line' };
        if (reads.receipt(interaction, viewer) !== null) return { kind: 'answered' };
        const openUs = turnOpenUs(terms);
        const row = placeRow(interaction, viewer);
        if (row !== undefined && atUs < row.turn_us + openUs) {
          return { kind: 'place', place: placeOf(row, openUs) };
        }
        const line = lineOf(interaction);
        const { turnUs, endUs } = nextTurn(line?.end_us ?? null, atUs, rate);
        if (untilUs !== null && turnUs >= untilUs) return { kind: 'too-late' };
        if (turnUs - atUs > MOST_WAITING * spanOf(rate)) return { kind: 'full' };
        const number = (line?.places ?? 0) + 1;
        append('sale.queued', viewer, { interaction, number, turnUs, endUs }, atUs);
        return { kind: 'place', place: placeOf({ number, turn_us: turnUs }, openUs) };
      },

      'sale.order'({ interaction, viewer, key, atUs }: CommandIn<'sale.order'>): CommandOut<'sale.order'> {
        const before = reservationOf(interaction, viewer, atUs);
        const used = byKey.get(viewer, key) as { right_id: string } | undefined;
        if (used !== undefined && used.right_id !== before?.id) {
          return refused('ERR_IDEMPOTENCY_CONFLICT', {});
        }
        const terms = termsOf(interaction);
        if (before === null || terms === null) return refused('ERR_RESERVATION_NONE', {});
        if (before.order !== null) {
          // One order for one reservation: under another key it is somebody who does not know of the first.
          return (byRight.get(before.id) as { key_hash: string } | undefined)?.key_hash === key
            ? { kind: 'already', reservation: before }
            : refused('ERR_ORDER_EXISTS', { order: before.order });
        }
        const seq = reads.seqOf(interaction);
        if (seq === null || reads.finalState(seq) === 'CANCELED')
          return refused('ERR_INTERACTION_CANCELED', {});
        const released = treasury.release(before.id, atUs);
        if (released !== 'released' && released !== 'already') {
          const { state } = reservationOf(interaction, viewer, atUs)!;
          return refused('ERR_RESERVATION_OVER', { state });
        }
        const { priceMinor, title } = terms;
        const payload = { reservation: before.id, title, priceMinor, orderedAtUs: atUs };
        const granted = treasury.grant(before.id, atUs, { topic: 'order.placed', payload });
        // Released just now, in a round that is not void: anything else is a mistake of the program, and leaves nothing.
        if (granted !== 'granted') throw new TypeError(`a released reservation was not granted: ${granted}`);
        const grant = grantIdOf(before.id);
        append('sale.ordered', viewer, { interaction, right: before.id, grant, key }, atUs);
        return { kind: 'done', reservation: reservationOf(interaction, viewer, atUs)! };
      },

      'sale.give-back'({
        interaction,
        viewer,
        atUs,
      }: CommandIn<'sale.give-back'>): CommandOut<'sale.give-back'> {
        const before = reservationOf(interaction, viewer, atUs);
        if (before === null) return refused('ERR_RESERVATION_NONE', {});
        if (before.state === 'given-back') return { kind: 'already', reservation: before };
        if (before.state !== 'reserved') return refused('ERR_RESERVATION_OVER', { state: before.state });
        treasury.void(before.id, GIVEN_BACK, atUs);
        return { kind: 'done', reservation: reservationOf(interaction, viewer, atUs)! };
      },
    },
  };
}

interface Kept {
  readonly pieces: number;
  readonly nextUs: number | null;
  readonly atUs: number;
}

/** What of a pool may come back by itself: reservations that are not ordered. */
function prepareStillReserved(db: DatabaseSync): (pool: string, atUs: number) => Kept {
  const find = db.prepare(`
    SELECT reserved_pieces AS pieces,
      (SELECT expires_us FROM rights INDEXED BY rights_to_expire
       WHERE state = 'earned' AND expires_us > ?2 AND pool = ?1 ORDER BY expires_us LIMIT 1) AS nextUs
    FROM pools WHERE id = ?1`);
  return (pool, atUs) => ({ ...(find.get(pool, atUs) as { pieces: number; nextUs: number | null }), atUs });
}

/** At most this long until somebody looks again: pieces are given back at any moment. */
const LOOK_AGAIN_MS = 5_000;

function soldOut({ pieces, nextUs, atUs }: Kept): FramecueError {
  if (pieces === 0 || nextUs === null) return new FramecueError('ERR_SOLD_OUT');
  const retryAfterMs = Math.min(LOOK_AGAIN_MS, Math.max(1, Math.ceil((nextUs - atUs) / 1000)));
  return new FramecueError('ERR_STOCK_RESERVED', undefined, { details: { retryAfterMs } });
}

const notYet = (waitUs: number): FramecueError =>
  new FramecueError('ERR_SALE_TURN', undefined, { details: { retryAfterMs: Math.ceil(waitUs / 1000) } });

const closed = (reason: 'pool' | 'closed'): FramecueError =>
  new FramecueError('ERR_SALE_CLOSED', undefined, { details: { reason } });
