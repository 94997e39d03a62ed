import fc from 'fast-check';
import type { Reservation } from '../ledger/sale.ts';
import { CONFIG_OF, SALE } from './kinds.ts';
import { Breach, holds } from './model.ts';
import { balancesOf, fund } from './money.ts';
import { create, cue, roundOf, submit, told, voidRound } from './rounds.ts';
import { answerOf } from './rounds-model.ts';
import { deaf, type Step, step, VIEWERS, viewer } from './step.ts';
import type { World } from './world.ts';

/** A flash sale: what is reserved stays so until its moment, and is ordered once. */

const { priceMinor, pool, reservationMs } = CONFIG_OF['flash-sale'];

const now = (world: World) => world.time.clock.unixUs();

async function mineOf(world: World, viewer: string): Promise<Reservation | null | undefined> {
  const end = await world.attempt(({ ledger }) =>
    ledger.ask('sale.mine', { interaction: SALE, viewer, nowUs: now(world) }),
  );
  return end.kind === 'done' ? end.value.reservation : undefined;
}

async function want(world: World, { viewer, deaf }: { viewer: string; deaf: boolean }): Promise<string> {
  const { model, must, end } = await submit(world, { round: SALE, viewer });
  if (deaf || end.kind === 'lost') return deaf ? 'nobody listens' : end.kind;
  if (end.kind === 'refused') {
    await checkRefusal(world, viewer, end.error.code);
    return end.error.code;
  }
  const said = told(model, viewer, end.value, must);
  if (end.value.kind !== 'receipt') return said;
  const { receipt } = end.value;
  const mine = await mineOf(world, viewer);
  if (mine !== undefined) {
    holds(mine?.id === receipt.id, 'whoever has a receipt has a reservation', { viewer, receipt, mine });
    const { id, expiresAtUs } = mine;
    const isTerm = expiresAtUs === receipt.arrivedAtUs + reservationMs * 1000;
    holds(isTerm && mine.priceMinor === priceMinor, 'a reservation is what was offered', mine);
    world.model.sale.reservations.set(viewer, { id, expiresAtUs });
  }
  await checkKept(world);
  return said;
}

async function checkRefusal(world: World, viewer: string, code: string): Promise<void> {
  holds(code !== 'ERR_RIGHT_CONFLICT' && code !== 'ERR_NOT_ELIGIBLE', 'a good wish is not refused', { code });
  if (code !== 'ERR_SOLD_OUT' && code !== 'ERR_STOCK_RESERVED') return;
  const { shown } = answerOf(roundOf(world, SALE), viewer);
  holds(shown === null, 'whoever has a receipt gets it again', { viewer, code });
  const end = await world.attempt(({ ledger }) =>
    ledger.ask('sale.stock', { interaction: SALE, nowUs: now(world) }),
  );
  if (end.kind !== 'done' || end.value === null) return;
  const { free } = await balancesOf(world, pool);
  const isEmpty = end.value.free < 1 || free.amountMinor < priceMinor;
  holds(isEmpty, 'a sale that has a piece is not called sold out', { stock: end.value, free });
}

/** No reservation ends before its moment but by its own viewer, or with the whole sale. */
function isKept(world: World, viewer: string): boolean {
  const { sale } = world.model;
  const mine = sale.reservations.get(viewer);
  const { cues, voided } = roundOf(world, SALE);
  if (mine === undefined || sale.returns.has(viewer)) return false;
  if (cues.has('interaction.cancel') || voided !== null) return false;
  return world.latestUs < mine.expiresAtUs;
}

async function checkKept(world: World): Promise<void> {
  for (const viewer of world.model.sale.reservations.keys()) {
    if (!isKept(world, viewer) || world.model.sale.orders.has(viewer)) continue;
    const mine = await mineOf(world, viewer);
    if (mine === undefined) continue;
    holds(mine?.state === 'reserved', 'a piece is kept until its moment', { viewer, mine });
  }
}

async function order(
  world: World,
  { viewer, key, deaf }: { viewer: string; key: string; deaf: boolean },
): Promise<string> {
  const { orders, reservations } = world.model.sale;
  const [wasAsked, known] = [orders.has(viewer), orders.get(viewer) ?? null];
  orders.set(viewer, known);
  const mustBe = isKept(world, viewer);
  const atUs = now(world);
  const end = await world.attempt(({ ledger }) =>
    ledger.perform('sale.order', { interaction: SALE, viewer, key: `${viewer}-${key}`, atUs }),
  );
  if (end.kind !== 'done' || deaf) return deaf ? 'nobody listens' : end.kind;
  const { value } = end;
  if (value.kind === 'refused') {
    holds(value.code !== 'ERR_IDEMPOTENCY_CONFLICT', "a key is its viewer's own", value);
    const isNone = value.code === 'ERR_RESERVATION_NONE';
    holds(!isNone || !reservations.has(viewer), 'a reservation is known', { viewer });
    holds(value.code !== 'ERR_ORDER_EXISTS' || wasAsked, 'only who has ordered is told so', { viewer });
    const isOver = value.code === 'ERR_RESERVATION_OVER';
    holds(!isOver || !mustBe, 'what is kept can be ordered', { viewer, value });
    return value.code;
  }
  const { id, order: made, expiresAtUs } = value.reservation;
  holds(made === `g_${id}` && (known === null || known === made), 'an order stays what it was', value);
  holds(value.kind === 'already' || known === null, 'an order is taken once', { viewer, value });
  holds(value.kind === 'already' || atUs < expiresAtUs, 'nothing is ordered behind its moment', value);
  orders.set(viewer, made);
  return `${value.kind} ${value.reservation.state}`;
}

async function giveBack(world: World, viewer: string): Promise<string> {
  const { orders, returns } = world.model.sale;
  returns.set(viewer, returns.get(viewer) ?? false);
  const end = await world.attempt(({ ledger }) =>
    ledger.perform('sale.give-back', { interaction: SALE, viewer, atUs: now(world) }),
  );
  if (end.kind !== 'done') return end.kind;
  const { value } = end;
  if (value.kind === 'refused') return value.code;
  holds((orders.get(viewer) ?? null) === null, 'what is ordered is not given back', { viewer, value });
  returns.set(viewer, true);
  return `${value.kind} ${value.reservation.state}`;
}

export async function beginSale(world: World): Promise<void> {
  await fund(world, { pool, key: 'k0', amount: { pieces: 2, amountMinor: 100 } });
  await create(world, SALE);
  await cue(world, SALE, 'open');
  for (const viewer of VIEWERS.slice(0, 2)) await want(world, { viewer, deaf: false });
}

/** Everybody wants one, while there is less than that. */
async function crowd(world: World): Promise<string> {
  const said: string[] = [];
  for (const viewer of VIEWERS) said.push(await want(world, { viewer, deaf: false }));
  return said.join(', ');
}

export const saleSteps: fc.WeightedArbitrary<Step>[] = [
  { weight: 5, arbitrary: step('want', fc.record({ viewer, deaf }), want) },
  { weight: 2, arbitrary: step('crowd', fc.constant(null), crowd) },
  {
    weight: 6,
    arbitrary: step(
      'order',
      fc.record({ viewer, key: fc.constantFrom('one', 'one', 'another'), deaf }),
      order,
    ),
  },
  { weight: 2, arbitrary: step('give back', viewer, giveBack) },
  {
    weight: 1,
    arbitrary: step('sale cue', fc.constantFrom('lock', 'reveal', 'reveal', 'cancel'), (world, type) =>
      cue(world, SALE, type),
    ),
  },
  { weight: 1, arbitrary: step('void sale', fc.constant(null), (world) => voidRound(world, SALE)) },
];

/** Once everything is told: orders that were acknowledged are at the platform, and what was not ordered is not. */
export async function checkSale(world: World): Promise<void> {
  const { reservations, orders, returns } = world.model.sale;
  for (const viewer of VIEWERS) {
    const mine = await mineOf(world, viewer);
    if (mine === undefined) throw new Breach('a reservation can be looked at');
    if (mine === null) {
      holds(!reservations.has(viewer), 'no reservation is lost', { viewer });
      continue;
    }
    const work = world.downstream.works.get(`g_${mine.id}`);
    const known = orders.get(viewer) ?? null;
    holds(known === null || mine.order === known, 'no acknowledged order is lost', { known, mine });
    holds(mine.order === null || orders.has(viewer), 'nobody is sold what they did not order', mine);
    holds(mine.order !== null || work === undefined, 'nothing is sold without an order', { mine, work });
    if (returns.get(viewer) === true) {
      holds(mine.state === 'given-back', 'what was given back stays so', mine);
    }
    if (mine.order === null) {
      const isOver =
        now(world) < mine.expiresAtUs || ['expired', 'given-back', 'cancelled'].includes(mine.state);
      holds(isOver, 'what nobody orders is for sale again', mine);
    }
    if (mine.state === 'confirmed' || mine.state === 'declined') {
      const outcome = mine.state === 'confirmed' ? 'done' : 'declined';
      holds(work?.outcome === outcome, 'an order is what the platform says', { mine, work });
    }
  }
}
