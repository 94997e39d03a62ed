import fc from 'fast-check';
import type { OutboxItem } from '../ledger/outbox.ts';
import { CALL_FAULTS } from './downstream.ts';
import { Breach, holds } from './model.ts';
import { recovers } from './rounds.ts';
import { type Step, step } from './step.ts';
import type { World } from './world.ts';

/** The way out: at least once, effectively once by key, and both lists the same in the end. */

async function revive(world: World): Promise<string> {
  const end = await world.attempt(({ ledger }) =>
    ledger.perform('outbox.revive-all', {
      lane: null,
      limit: 100,
      by: 'owner',
      atUs: world.time.clock.unixUs(),
    }),
  );
  return end.kind === 'done' ? JSON.stringify(end.value) : end.kind;
}

export const deliverySteps: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 6,
    arbitrary: step(
      'calls',
      fc.array(fc.constantFrom(...CALL_FAULTS), { minLength: 1, maxLength: 3 }),
      async (world, faults) => {
        world.downstream.failNext(faults);
        return 'planned';
      },
    ),
  },
  {
    weight: 1,
    arbitrary: step('downstream', fc.constantFrom('leaves', 'is back'), async (world, what) => {
      if (what === 'leaves') world.downstream.leave();
      else world.downstream.mend();
      return 'done';
    }),
  },
  { weight: 1, arbitrary: step('revive', fc.constant(null), revive) },
];

const LONG_MS = 3_700_000;
const TURNS = 12;

async function items(world: World): Promise<readonly OutboxItem[]> {
  const end = await world.attempt(({ ledger }) => ledger.ask('outbox.list', { limit: 1_000 }));
  if (end.kind !== 'done') throw new Breach('the outbox can be read');
  return end.value;
}

/** Once all is well again everything goes out by itself, but for what waits for a person. */
export async function checkDelivery(world: World): Promise<void> {
  await recovers(() => revive(world));
  for (let turn = 0; turn < TURNS; turn++) {
    if ((await items(world)).every(({ state }) => state === 'delivered' || state === 'dead')) break;
    // The longest that anything waits, and then as long as one round of calls takes.
    for (const spanMs of [LONG_MS, 300, 300]) await world.advance(spanMs);
  }
  const { works } = world.downstream;
  const list = await items(world);
  for (const item of list) {
    holds(item.state !== 'queued', 'everything goes out by itself once nothing is in its way', item);
    const work = works.get(item.id);
    if (item.state === 'delivered') {
      holds(work !== undefined, "what is called delivered is on the downstream's list", item);
      holds(work.outcome === item.outcome, 'both lists say the same outcome', { item, work });
    }
  }
  const paid = new Map<string, string>();
  for (const { key, topic, data, outcome } of works.values()) {
    const item = list.find(({ id }) => id === key);
    if (topic !== 'grant.reversed' && outcome === 'done') {
      const right = String(data.right);
      holds(!paid.has(right), 'nothing is paid twice', { right, keys: [paid.get(right), key] });
      paid.set(right, key);
    }
    holds(item !== undefined, 'the downstream is told nothing that the outbox does not hold', { key });
    const said = item.payload as Readonly<Record<string, unknown>>;
    const same = Object.entries(said).every(
      ([name, value]) => JSON.stringify(data[name]) === JSON.stringify(value),
    );
    holds(same && data.viewer === item.viewer, 'the downstream is told what the ledger says', { item, data });
  }
  for (const [at, key] of world.downstream.order.entries()) {
    const after = list.find(({ id }) => id === key)?.after ?? null;
    if (after === null) continue;
    const first = world.downstream.order.indexOf(after);
    const isDead = list.find(({ id }) => id === after)?.state === 'dead';
    holds(isDead || (first !== -1 && first < at), 'nothing is taken back before it was given', {
      key,
      after,
    });
  }
  await checkGrants(world, list);
}

/** Rights, grants, outbox and downstream hold the same. */
async function checkGrants(world: World, list: readonly OutboxItem[]): Promise<void> {
  for (const item of list) {
    if (item.topic === 'grant.reversed') continue;
    const end = await world.attempt(({ ledger }) => ledger.ask('grant.get', { grant: item.id }));
    if (end.kind !== 'done') throw new Breach('a grant can be looked at');
    const grant = end.value;
    holds(grant !== null, 'nothing is sent without its grant', item);
    holds(grant.viewer === item.viewer, 'a grant goes to its viewer', { grant, item });
    const wasDeclined = item.outcome === 'declined';
    holds(
      !wasDeclined || grant.reversed !== null,
      'what the downstream declines goes back to its pool',
      grant,
    );
    const isTold = list.some(({ topic, after }) => topic === 'grant.reversed' && after === item.id);
    if (grant.reversed !== null && !wasDeclined && item.state === 'delivered') {
      holds(isTold, 'what was paid and taken back is told', grant);
    }
    if (grant.reversed === null) holds(!isTold, 'only what was taken back is told so', grant);
  }
}
