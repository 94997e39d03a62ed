import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { OutboxObserver } from './observer.ts';

const BREAKER = { closed: 0, 'half-open': 1, open: 2 } as const;

/** The metrics of the way out. A lane is a pool; the breaker for all of them has none. */
export function outboxMetrics(registry: Registry): OutboxObserver {
  const registers = [registry];
  const calls = new Counter({
    name: 'framecue_outbox_calls_total',
    help: 'Calls to the reward platform by pool and by what they came to: done, declined, or why they failed.',
    labelNames: ['lane', 'outcome'],
    registers,
  });
  const callSeconds = new Histogram({
    name: 'framecue_outbox_call_seconds',
    help: 'How long a call to the reward platform took.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const settled = new Histogram({
    name: 'framecue_outbox_settled_seconds',
    help: 'From the queuing of an item to its last answer: done, declined or dead.',
    labelNames: ['outcome'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 1_800, 7_200, 43_200, 259_200],
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['lane'], registers });
  const queued = gauge('framecue_outbox_queued', 'Items that wait to be sent, by pool.');
  const dead = gauge('framecue_outbox_dead', 'Dead letters by pool: they wait for a person.');
  const lag = gauge('framecue_outbox_lag_seconds', 'Age of the oldest item that waits, by pool.');
  const breaker = gauge(
    'framecue_outbox_breaker',
    'Circuit breaker by pool, and with an empty lane the one for all: 0 closed, 1 probing, 2 open.',
  );
  breaker.set({ lane: '' }, 0);
  const unrecorded = new Gauge({
    name: 'framecue_outbox_unrecorded',
    help: 'Calls whose outcome the ledger has not taken yet.',
    registers,
  });
  return {
    attempt(lane, outcome, tookMs) {
      calls.inc({ lane, outcome });
      callSeconds.observe(tookMs / 1000);
    },
    settled: (_lane, outcome, waitedMs) => settled.observe({ outcome }, waitedMs / 1000),
    lane(lane, standing) {
      queued.set({ lane }, standing.queued);
      dead.set({ lane }, standing.dead);
      lag.set({ lane }, standing.lagMs / 1000);
    },
    breaker: (lane, state) => breaker.set({ lane: lane ?? '' }, BREAKER[state]),
    unrecorded: (count) => unrecorded.set(count),
  };
}
