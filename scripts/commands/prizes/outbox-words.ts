import type { z } from 'zod';
import type { OutboxStatusBody } from '../../../events/outbox/views.ts';
import { counted, span } from './words.ts';

/** How the way out stands, as events says it. */
export type OutboxStatus = z.infer<typeof OutboxStatusBody>;

export const BREAKERS = { closed: 'sending', open: 'held back', 'half-open': 'probing' };

export const isInTrouble = ({ dead, breaker, lanes }: OutboxStatus): boolean =>
  dead > 0 || breaker === 'open' || lanes.some((lane) => lane.breaker === 'open');

/** All of it in one line. */
export function outboxLine(status: OutboxStatus): string {
  const { sending, breaker, queued, delivered, declined, dead, lagMs } = status;
  const oldest = queued === 0 ? '' : ` (oldest ${span(lagMs)})`;
  const way = sending ? BREAKERS[breaker] : 'not sending: FRAMECUE_REWARDS_URL is not set';
  const refused = declined === 0 ? '' : ` (${declined} of them declined)`;
  return `way out: ${way}; ${counted(queued, 'waits', 'wait')}${oldest}, ${delivered.toLocaleString('en')} delivered${refused}, ${dead.toLocaleString('en')} dead`;
}
