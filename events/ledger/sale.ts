import type { UnixMicroseconds } from '../../packet/time.ts';
import type { Refused } from './treasury.ts';

/**
 * Flash sales, in the words of the ledger. A reservation is a right of the treasury that ends by itself; an order makes
 * a grant of it. A place is where a viewer stands in the line that leads to reservations, told as the moment of their
 * turn: nothing has to call them up, the clock does.
 */

/**
 * `reserved`: until `expiresAtUs`; `ordered`: on its way to the reward platform; `confirmed`: that has taken it;
 * `declined`: that has refused it (the payment failed, say). `taken-back`: by an operator. From the last five on the
 * piece is for sale again.
 */
export type ReservationState =
  | 'reserved'
  | 'ordered'
  | 'confirmed'
  | 'declined'
  | 'taken-back'
  | 'expired'
  | 'given-back'
  | 'cancelled';

export interface Reservation {
  /** The right's id, which is the id of the viewer's receipt. */
  readonly id: string;
  readonly interaction: string;
  readonly state: ReservationState;
  readonly priceMinor: number;
  readonly currency: string;
  readonly reservedAtUs: UnixMicroseconds;
  readonly expiresAtUs: UnixMicroseconds;
  /** The grant's id, by which the reward platform knows it; null: not ordered. */
  readonly order: string | null;
  readonly orderedAtUs: UnixMicroseconds | null;
}

/** Where a viewer stands in the line. */
export interface Place {
  /** 1, 2, 3... of all places of this sale. */
  readonly number: number;
  readonly turnUs: UnixMicroseconds;
  /** The turn is open until then; who misses it goes to the end. */
  readonly openUntilUs: UnixMicroseconds;
}

export type ArriveOutcome =
  | { readonly kind: 'place'; readonly place: Place }
  /** They have an answer in this sale already: no place is taken. */
  | { readonly kind: 'answered' }
  /** As many wait as may. */
  | { readonly kind: 'full' }
  /** Their turn would come when the sale is over. */
  | { readonly kind: 'too-late' }
  /** This is no sale with a line. */
  | { readonly kind: 'no-line' };

export type OrderOutcome = { readonly kind: 'done' | 'already'; readonly reservation: Reservation } | Refused;

interface Own {
  readonly interaction: string;
  readonly viewer: string;
  readonly atUs: UnixMicroseconds;
}

export interface SaleCommands {
  /** The viewer's place: the one that they have, or the next. @see nextTurn */
  readonly 'sale.arrive': {
    readonly in: Own & {
      /** The sale takes nobody from then on; null: nobody knows yet. */
      readonly untilUs: UnixMicroseconds | null;
    };
    readonly out: ArriveOutcome;
  };
  readonly 'sale.order': {
    readonly in: Own & {
      /** Of the caller's Idempotency-Key: SHA-256, base64url. */
      readonly key: string;
    };
    readonly out: OrderOutcome;
  };
  /** The viewer does not want it: the piece is for sale again. */
  readonly 'sale.give-back': { readonly in: Own; readonly out: OrderOutcome };
}

/** A sale's stock; pieces of its pool, whichever sale they went to. */
export interface SaleStock {
  /** The pool is there, holds stock, and is open. */
  readonly isOpen: boolean;
  /** Those of reservations that are over are free, whether anybody has written it down yet or not. */
  readonly free: number;
  readonly reserved: number;
  readonly ordered: number;
  /** When the first of the reservations ends; null: there is none. */
  readonly nextBackUs: UnixMicroseconds | null;
  /** Whoever comes before this moment has to wait; null: no line. */
  readonly lineUntilUs: UnixMicroseconds | null;
  /** Places that were ever taken. */
  readonly places: number;
}

export interface SaleQuestions {
  /** Null: this is no sale. */
  readonly 'sale.stock': {
    readonly in: { readonly interaction: string; readonly nowUs: UnixMicroseconds };
    readonly out: SaleStock | null;
  };
  readonly 'sale.mine': {
    readonly in: { readonly interaction: string; readonly viewer: string; readonly nowUs: UnixMicroseconds };
    readonly out: { readonly reservation: Reservation | null; readonly place: Place | null };
  };
}
