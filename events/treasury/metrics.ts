import { Counter, Gauge, type Registry } from 'prom-client';
import { ACCOUNTS } from '../ledger/treasury.ts';
import type { TreasuryObserver } from './observer.ts';

/** The metrics of pools, rights and grants. */
export function treasuryMetrics(registry: Registry): TreasuryObserver {
  const registers = [registry];
  const grants = new Counter({
    name: 'framecue_grants_made_total',
    help: 'Rights that became grants.',
    registers,
  });
  const voided = new Counter({
    name: 'framecue_rights_voided_total',
    help: 'Rights that were voided by themselves, by reason.',
    labelNames: ['why'],
    registers,
  });
  const reversed = new Counter({
    name: 'framecue_grants_reversed_total',
    help: 'Grants of voided rounds that were taken back by the rule of their pool.',
    registers,
  });
  const dropped = new Counter({
    name: 'framecue_boxes_dropped_total',
    help: 'Treasure boxes that answers have dropped.',
    registers,
  });
  const measures = new Counter({
    name: 'framecue_measures_applied_total',
    help: 'Prepared measures that were applied by themselves.',
    registers,
  });
  const sweeps = new Counter({
    name: 'framecue_pool_sweeps_total',
    help: 'Pools that were swept by themselves at their end.',
    registers,
  });
  const labelNames = ['pool', 'account'] as const;
  const pieces = new Gauge({
    name: 'framecue_pool_pieces',
    help: 'Pieces of each pool by account.',
    labelNames,
    registers,
  });
  const amount = new Gauge({
    name: 'framecue_pool_amount_minor',
    help: 'Money of each pool by account, in minor units of its currency.',
    labelNames,
    registers,
  });
  const rights = new Gauge({
    name: 'framecue_rights',
    help: 'Rights by state; reversed ones are among those granted.',
    labelNames: ['state'],
    registers,
  });
  const boxes = new Gauge({
    name: 'framecue_boxes',
    help: 'Treasure boxes of each show.',
    labelNames: ['show'],
    registers,
  });
  return {
    granted: (n) => grants.inc(n),
    voided: (why, n) => voided.inc({ why }, n),
    reversed: (n) => reversed.inc(n),
    boxesDropped: (n) => dropped.inc(n),
    measureApplied: () => measures.inc(),
    swept: () => sweeps.inc(),
    stands(view) {
      for (const pool of view.pools) {
        for (const account of ACCOUNTS) {
          pieces.set({ pool: pool.id, account }, pool.balances[account].pieces);
          amount.set({ pool: pool.id, account }, pool.balances[account].amountMinor);
        }
      }
      for (const [state, n] of Object.entries(view.rights)) rights.set({ state }, n);
      for (const show of view.shows) boxes.set({ show: show.boxes.show }, show.boxes.boxes);
    },
  };
}
