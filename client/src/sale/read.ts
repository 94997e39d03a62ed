import type { LinePlace, Reservation, ReservationState } from './types.ts';

/** Reading of what comes from outside: null for what does not fit. */

type Fields = Readonly<Record<string, unknown>>;

const STATES: readonly ReservationState[] = [
  ...(['reserved', 'ordered', 'confirmed', 'declined'] as const),
  ...(['taken-back', 'expired', 'given-back', 'cancelled'] as const),
];

const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** @param offsetMs the server's clock less the monotonic one */
export function readReservation(value: unknown, of: string, offsetMs: number): Reservation | null {
  const { id, interaction, state, priceMinor, currency, reservedAt, expiresAt, order } = (value ??
    {}) as Fields;
  const known = STATES.find((name) => name === state);
  if (typeof id !== 'string' || interaction !== of || known === undefined) return null;
  if (
    !isNumber(priceMinor) ||
    typeof currency !== 'string' ||
    !isNumber(reservedAt) ||
    !isNumber(expiresAt)
  ) {
    return null;
  }
  const orderId = (order as { id?: unknown } | null | undefined)?.id;
  return {
    ...{ id, interaction: of, state: known, priceMinor, currency },
    ...{ reservedAt: reservedAt - offsetMs, expiresAt: expiresAt - offsetMs },
    order: typeof orderId === 'string' ? orderId : null,
  };
}

/** @param nowMs monotonic, as the answer is read: moments come out later than they are by the way of the answer. */
export function readOwn(
  value: unknown,
  of: string,
  nowMs: number,
): {
  readonly reservation: Reservation | null;
  readonly place: LinePlace | null;
  readonly offsetMs: number;
} | null {
  const { at, reservation, place } = (value ?? {}) as Fields;
  if (!isNumber(at)) return null;
  const offsetMs = at - nowMs;
  const own = reservation === null ? null : readReservation(reservation, of, offsetMs);
  if (reservation !== null && own === null) return null;
  const { turnAt, openUntil } = (place ?? {}) as Fields;
  return {
    reservation: own,
    place:
      isNumber(turnAt) && isNumber(openUntil)
        ? { turnAt: turnAt - offsetMs, openUntil: openUntil - offsetMs }
        : null,
    offsetMs,
  };
}
