import type { FramecueClientError } from '../types.ts';
import { readOwn, readReservation } from './read.ts';
import type { OrderOutcome, ReservationOutcome } from './types.ts';

/** One request about this viewer's piece, made again where that can help; never rejects. */
export type Ask = (
  path: 'reservation' | 'order',
  asking: {
    readonly method: 'GET' | 'POST' | 'DELETE';
    readonly body?: unknown;
    readonly idempotencyKey?: string;
  },
) => Promise<{ readonly ok: true; readonly value: unknown } | Refusal>;

/** Where one sale is asked. Times of the server are told on this page's own clock. */
export interface Asking {
  readonly interaction: string;
  readonly ask: Ask;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

type Refusal = Extract<OrderOutcome, { ok: false }>;

export async function look(sale: Asking): Promise<ReservationOutcome> {
  const told = await lookClosely(sale);
  return told.ok ? { ok: true, reservation: told.reservation, place: told.place } : told;
}

/** The key is made of the reservation: whoever orders again, from wherever, orders once. */
export const order = (sale: Asking): Promise<OrderOutcome> =>
  change(sale, (id) => sale.ask('order', { method: 'POST', body: {}, idempotencyKey: `order-${id}` }));

export const giveBack = (sale: Asking): Promise<OrderOutcome> =>
  change(sale, () => sale.ask('reservation', { method: 'DELETE' }));

async function lookClosely({ interaction, ask, nowMs }: Asking) {
  const sent = await ask('reservation', { method: 'GET' });
  if (!sent.ok) return sent;
  const told = readOwn(sent.value, interaction, nowMs());
  return told === null ? UNREADABLE : { ok: true as const, ...told };
}

async function change(sale: Asking, asked: (id: string) => ReturnType<Ask>): Promise<OrderOutcome> {
  const own = await lookClosely(sale);
  if (!own.ok) return own;
  if (own.reservation === null) {
    return refusal('ERR_RESERVATION_NONE', 'The viewer has reserved nothing here.');
  }
  const sent = await asked(own.reservation.id);
  if (sent.ok) {
    const told = (sent.value as { reservation?: unknown } | null)?.reservation;
    const reservation = readReservation(told, sale.interaction, own.offsetMs);
    return reservation === null ? UNREADABLE : { ok: true, reservation };
  }
  // By another page, under another key.
  if (sent.error.code !== 'ERR_ORDER_EXISTS') return sent;
  const now = await lookClosely(sale);
  return now.ok && now.reservation !== null ? { ok: true, reservation: now.reservation } : sent;
}

const refusal = (code: FramecueClientError['code'], message: string, retryable = false): Refusal => ({
  ok: false,
  error: { code, message, retryable, status: null },
});

const UNREADABLE = refusal('ERR_CLIENT_RESPONSE', 'The answer is no reservation.', true);
