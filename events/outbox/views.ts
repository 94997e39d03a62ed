import { z } from 'zod';
import { unixUsToMs } from '../../packet/time.ts';
import { JsonObject, SpanMs, UnixMs } from '../../service/openapi/parts.ts';
import type { OutboxItem, OutboxLane } from '../ledger/outbox.ts';
import type { DispatcherStatus } from './dispatcher.ts';

export const STATES = ['queued', 'delivered', 'dead'] as const;
const BreakerState = z.enum(['closed', 'open', 'half-open']);
const count = z.number();

/** An item, as the API shows it. */
export const OutboxItemBody = z.strictObject({
  seq: z.number().meta({ description: 'Of the journal, for paging.' }),
  id: z.string().meta({ description: 'The `webhook-id` of every call for it.' }),
  topic: z.enum(['grant.made', 'grant.reversed', 'order.placed']),
  lane: z.string().meta({ description: 'The pool.' }),
  viewer: z.string().nullable(),
  data: JsonObject,
  after: z.string().nullable().meta({ description: 'The item that goes first.' }),
  state: z.enum(STATES),
  queuedAt: UnixMs,
  since: UnixMs.meta({ description: 'When it was queued, or revived last: giving up counts from here.' }),
  nextAt: UnixMs.nullable().meta({ description: 'Not before; null where it is not sent any more.' }),
  attempts: z.number().meta({ description: 'Calls whose end is known, since it was queued or revived.' }),
  lastCode: z.string().nullable().meta({ description: 'Why the last call failed.' }),
  lastStatus: z.number().nullable(),
  lastAt: UnixMs.nullable(),
  outcome: z.enum(['done', 'declined']).nullable(),
  reason: z.string().nullable(),
});

export const itemBody = (item: OutboxItem): z.infer<typeof OutboxItemBody> => ({
  seq: item.seq,
  id: item.id,
  topic: item.topic,
  lane: item.lane,
  viewer: item.viewer,
  data: item.payload,
  after: item.after,
  state: item.state,
  queuedAt: unixUsToMs(item.queuedAtUs),
  since: unixUsToMs(item.sinceUs),
  nextAt: item.state === 'queued' ? unixUsToMs(item.nextUs) : null,
  attempts: item.attempts,
  lastCode: item.lastCode,
  lastStatus: item.lastStatus,
  lastAt: item.lastUs === null ? null : unixUsToMs(item.lastUs),
  outcome: item.outcome,
  reason: item.reason,
});

const Counts = { queued: count, delivered: count, declined: count, dead: count, lagMs: SpanMs };
const LaneBody = z.strictObject({
  lane: z.string(),
  ...Counts,
  breaker: BreakerState,
  inFlight: z.number(),
  waitMs: SpanMs.meta({ description: 'Nothing is sent for so long: the breaker, or `Retry-After`.' }),
  lastMinute: z
    .strictObject({ done: count, declined: count, failed: count })
    .meta({ description: 'Calls by how they ended.' }),
});

/** How the way out stands. */
export const OutboxStatusBody = z.strictObject({
  sending: z.boolean().meta({ description: 'False: `FRAMECUE_REWARDS_URL` is not set.' }),
  breaker: BreakerState.meta({ description: 'Open: the reward platform cannot be reached at all.' }),
  ...Counts,
  lanes: z.array(LaneBody),
});

const NOT_SENT_FROM = {
  breaker: 'closed',
  inFlight: 0,
  waitMs: 0,
  lastMinute: { done: 0, declined: 0, failed: 0 },
} as const;

export function statusBody(
  lanes: readonly OutboxLane[],
  status: DispatcherStatus,
  nowUs: number,
): z.infer<typeof OutboxStatusBody> {
  const rows = lanes.map(({ lane, queued, delivered, declined, dead, oldestUs }) => ({
    ...{ lane, queued, delivered, declined, dead },
    lagMs: oldestUs === null ? 0 : Math.max(0, Math.floor((nowUs - oldestUs) / 1000)),
    ...(status.lanes.get(lane) ?? NOT_SENT_FROM),
  }));
  const sum = (of: 'queued' | 'delivered' | 'declined' | 'dead') =>
    rows.reduce((total, row) => total + row[of], 0);
  return {
    sending: status.sending,
    breaker: status.breaker,
    queued: sum('queued'),
    delivered: sum('delivered'),
    declined: sum('declined'),
    dead: sum('dead'),
    lagMs: Math.max(0, ...rows.map(({ lagMs }) => lagMs)),
    lanes: rows,
  };
}
