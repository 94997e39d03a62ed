import { formatSpan } from '../../shared/format.ts';
import type { Order } from './orders.ts';
import type { Item } from './rundown.ts';

/** What stands on the card between a press and its answer: each kind in words of its own. */
export function sendingWords({ kind }: Pick<Order, 'kind'>): string {
  switch (kind) {
    case 'arm':
      return 'Arming: waiting for the server.';
    case 'disarm':
      return 'Disarming: nothing was taken. Waiting for the server.';
    case 'skip':
      return 'Skipping: waiting for the server.';
    case 'reset':
      return 'Resetting: waiting for the server.';
    default:
      return 'Take sent: waiting for the server.';
  }
}

/** Why there is no hold to take, and what holds all the same. */
export const noHoldWords = ({ alignInMs }: Pick<Item, 'alignInMs'>): string =>
  alignInMs === null
    ? 'No viewer has reported a delay yet: there is no hold to take.'
    : `No viewer has reported a delay yet. Space takes it with its own hold of ${formatSpan(alignInMs)}.`;

/** Below the key that takes the item held. */
export function holdNote(hold99Ms: number | null, { alignInMs }: Pick<Item, 'alignInMs'>): string {
  if (hold99Ms !== null) return `opens 99 % together after ${formatSpan(hold99Ms)}`;
  return alignInMs === null ? 'no reports yet' : `no reports: Space holds ${formatSpan(alignInMs)}`;
}
