import { Counter, Gauge, type Registry } from 'prom-client';
import type { DrawsObserver } from './draws.ts';

/** The metrics of draws in a registry of prom-client. */
export function drawsMetrics(registry: Registry): DrawsObserver {
  const registers = [registry];
  const open = new Gauge({
    name: 'framecue_draws_open',
    help: 'Draws whose list is closed and that are not over.',
    registers,
  });
  const stuck = new Gauge({
    name: 'framecue_draws_stuck',
    help: 'Open draws that get no further for now: no randomness, a lost secret, a store that fails.',
    registers,
  });
  const winners = new Counter({
    name: 'framecue_draw_winners_total',
    help: 'Winners of draws, by whether their right could be earned at once; excluded: by the regions of their pool.',
    labelNames: ['right'],
    registers,
  });
  return {
    draws(count, without) {
      open.set(count);
      stuck.set(without);
    },
    drawn(count, short, excluded) {
      winners.inc({ right: 'earned' }, count - short - excluded);
      winners.inc({ right: 'short' }, short);
      winners.inc({ right: 'excluded' }, excluded);
    },
  };
}
