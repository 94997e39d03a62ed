import type { Cue } from '../../shared/media-api.ts';
import type { Order } from './orders.ts';
import type { Rundown } from './rundown.ts';

/** Where an order without an answer leaves its trace. */
export type Trace =
  | { readonly kind: 'item'; readonly id: string }
  | { readonly kind: 'cue'; readonly id: string };

export const traceOf = ({ kind, target, cue }: Order): Trace | null => {
  if (kind === 'panic') return null;
  if (kind === 'mark' || kind === 'void') return { kind: 'cue', id: cue ?? target };
  return { kind: 'item', id: target };
};

/** Whether the rundown shows that the order was carried out; null where it has no such item. */
export function seenInRundown(order: Order, rundown: Rundown | null): boolean | null {
  const state = rundown?.items.find(({ id }) => id === order.target)?.state;
  if (state === undefined) return null;
  switch (order.kind) {
    case 'take':
      return state !== 'pending' && state !== 'armed' && state !== 'skipped';
    case 'arm':
      return state !== 'pending';
    case 'disarm':
    case 'reset':
      return state === 'pending';
    case 'skip':
      return state === 'skipped';
    default:
      return null;
  }
}

/** Whether the cue shows it. @param cue null: there is no such cue. */
export function seenInCue(order: Order, cue: Cue | null): boolean {
  if (cue === null) return false;
  return order.kind !== 'void' || cue.voided !== undefined || cue.state === 'cancelled';
}

/**
 * An order that left no trace by then never arrived: its request was given up before, and its connection closed.
 * Milliseconds after the press.
 */
export const TRACE_BY_MS = 6_000;
