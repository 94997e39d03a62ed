import type { FramecueClientError } from '../types.ts';

/**
 * - `reserved`: kept for the viewer until `expiresAt`;
 * - `ordered`: on its way to the payment; `confirmed`, `declined`: what that has answered;
 * - `taken-back`: the order was reversed; `expired`: nobody ordered in time; `given-back`; `cancelled`: the round was.
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

/** A piece in a flash sale. Moments are on the `performance.now()` clock. */
export interface Reservation {
  readonly id: string;
  readonly interaction: string;
  readonly state: ReservationState;
  /** Minor units of `currency` (ISO 4217). */
  readonly priceMinor: number;
  readonly currency: string;
  readonly reservedAt: number;
  /** Orders from then on are refused. */
  readonly expiresAt: number;
  /** The order's id, which the payment knows it by; null until it is made. */
  readonly order: string | null;
}

/** A viewer's place in the line of a sale. Moments are on the `performance.now()` clock. */
export interface LinePlace {
  readonly turnAt: number;
  readonly openUntil: number;
}

/** Null: nothing is reserved; there is no place. */
export type ReservationOutcome =
  | { readonly ok: true; readonly reservation: Reservation | null; readonly place: LinePlace | null }
  | SaleFailure;

export type OrderOutcome = { readonly ok: true; readonly reservation: Reservation } | SaleFailure;

interface SaleFailure {
  readonly ok: false;
  readonly error: FramecueClientError;
}
