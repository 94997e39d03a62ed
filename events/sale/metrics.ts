import { Counter, Histogram, type Registry } from 'prom-client';
import type { SaleObserver } from './observer.ts';

/** The metrics of flash sales in a registry of prom-client. Their stock is that of their pools. */
export function saleMetrics(registry: Registry): SaleObserver {
  const registers = [registry];
  const door = new Counter({
    name: 'framecue_sale_door_total',
    help: 'Wishes for a piece, by what came of them before the ledger: let-in, placed, waits, sold-out...',
    labelNames: ['outcome'],
    registers,
  });
  const wait = new Histogram({
    name: 'framecue_sale_wait_seconds',
    help: 'How long viewers in the line of a sale have to wait, as told when they come.',
    buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800],
    registers,
  });
  const asked = new Counter({
    name: 'framecue_sale_requests_total',
    help: 'Orders, and reservations given back: done, repeated, or refused with a code.',
    labelNames: ['what', 'outcome', 'code'],
    registers,
  });
  return {
    door: (outcome) => door.inc({ outcome }),
    wait: (waitMs) => wait.observe(waitMs / 1000),
    asked: (what, outcome, code) => asked.inc({ what, outcome, code: code ?? '' }),
  };
}
