import fc from 'fast-check';
import { entrantLeaf, HASH_BYTES } from '../../draws/index.ts';
import { nodeSha256 } from '../../packet/node-sha256.ts';
import type { BookedWinner, DrawRecord } from '../ledger/draws.ts';
import { CONFIG_OF, LOTTERY } from './kinds.ts';
import { Breach, holds } from './model.ts';
import { keep } from './money.ts';
import { create, cue, endOf, roundOf, submit, told, voidRound } from './rounds.ts';
import { deaf, type Step, step, VIEWERS, viewer } from './step.ts';
import type { World } from './world.ts';

/** A lottery: whoever has a receipt is on the list, which is drawn from once. */

const PIECES = CONFIG_OF.lottery.prizes.reduce((sum, { pieces }) => sum + pieces, 0);
const SETTLE_MS = 16_000;
const LONG_MS = 3_700_000;
const TURNS = 60;

const drawOf = async (world: World): Promise<DrawRecord | null | undefined> => {
  const end = await world.attempt(({ ledger }) => ledger.ask('draw.get', { interaction: LOTTERY }));
  return end.kind === 'done' ? end.value : undefined;
};

async function enter(world: World, { viewer, deaf }: { viewer: string; deaf: boolean }): Promise<string> {
  const { model, must, end } = await submit(world, { round: LOTTERY, viewer });
  if (deaf || end.kind !== 'done') return deaf ? 'nobody listens' : end.kind;
  const { value } = end;
  // A clock that was set back opens no list again.
  const isClosed = value.kind === 'refused' && must === 'taken' && (await drawOf(world)) !== null;
  return told(model, viewer, value, isClosed ? null : must);
}

/** What everybody can look up, now and later. */
async function look(world: World): Promise<string> {
  const draw = await drawOf(world);
  if (draw == null) return 'no draw yet';
  const { lottery } = world.model;
  const round = roundOf(world, LOTTERY);
  // By the cues alone: a commit that nobody heard of may have applied them.
  const isCancelled = round.cues.has('interaction.cancel') || round.voided !== null;
  holds(draw.state !== 'void' || isCancelled, 'only a cancelled draw is void', draw);
  if (draw.commitment === null) return draw.state;
  const commitment = JSON.stringify(draw.commitment);
  lottery.commitment ??= commitment;
  holds(lottery.commitment === commitment, 'a commitment stays as it was', draw);
  await checkList(world, draw);
  if (draw.drawnAtUs === null) return draw.state;
  const winners = await winnersOf(world);
  if (winners === null) return draw.state;
  const seen = JSON.stringify(
    winners.map(({ place, entrant, prize, right }) => [place, entrant, prize, right]),
  );
  lottery.winners ??= seen;
  holds(lottery.winners === seen, 'a draw is drawn once', { before: lottery.winners, now: seen });
  return `${draw.state}, ${winners.map(({ outcome }) => outcome).join(' ')}`;
}

async function winnersOf(world: World): Promise<readonly BookedWinner[] | null> {
  const end = await world.attempt(({ ledger }) => ledger.ask('draw.winners', { interaction: LOTTERY }));
  return end.kind === 'done' ? end.value : null;
}

/** Whoever was shown a receipt finds their leaf. */
async function checkList(world: World, { commitment }: DrawRecord): Promise<void> {
  const end = await world.attempt(({ ledger }) => ledger.ask('draw.page', { interaction: LOTTERY, page: 0 }));
  if (end.kind !== 'done') return;
  const bytes = Buffer.from(end.value?.leaves ?? []);
  const leaves = new Set<string>();
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    leaves.add(bytes.toString('hex', at, at + HASH_BYTES));
  }
  holds(leaves.size === commitment!.count, 'the list is as long as was committed to', commitment);
  for (const [viewer, { shown }] of roundOf(world, LOTTERY).answers) {
    if (shown === null) continue;
    const isIn = (['high', 'low'] as const).some((tier) =>
      leaves.has(Buffer.from(entrantLeaf({ receipt: shown.id, viewer, tier }, nodeSha256)).toString('hex')),
    );
    holds(isIn, 'whoever has a receipt is on the list', { viewer, shown });
  }
}

/** Nobody can enter any more, it is drawn, and shown maybe. */
async function run(world: World, shows: boolean): Promise<string> {
  const said = [await cue(world, LOTTERY, 'lock')];
  for (const spanMs of [SETTLE_MS, 600, 600]) await world.advance(spanMs);
  said.push(await look(world));
  if (shows) said.push(await cue(world, LOTTERY, 'reveal'), await keep(world));
  return said.join(', ');
}

/** The draw's own keeper looks again, as it does twice a second. */
async function tick(world: World): Promise<string> {
  const end = await world.attempt(({ draws }) => draws.tick());
  return `${end.kind}, ${await look(world)}`;
}

/** Asks again for what the pools did not have. */
async function rebook(world: World): Promise<string> {
  const end = await world.attempt(({ ledger }) =>
    ledger.perform('draw.rebook', {
      ...{ interaction: LOTTERY, by: 'owner', limit: 100, atUs: world.time.clock.unixUs() },
    }),
  );
  return `${end.kind === 'done' ? JSON.stringify(end.value) : end.kind}, ${await look(world)}`;
}

export async function beginLottery(world: World): Promise<void> {
  await create(world, LOTTERY);
  await cue(world, LOTTERY, 'open');
  for (const viewer of VIEWERS.slice(0, 3)) await enter(world, { viewer, deaf: false });
}

export const lotterySteps: fc.WeightedArbitrary<Step>[] = [
  { weight: 4, arbitrary: step('enter', fc.record({ viewer, deaf }), enter) },
  {
    weight: 2,
    arbitrary: step('lottery cue', fc.constantFrom('lock', 'reveal', 'cancel'), (world, type) =>
      cue(world, LOTTERY, type),
    ),
  },
  { weight: 4, arbitrary: step('run lottery', fc.boolean(), run) },
  { weight: 3, arbitrary: step('draws', fc.constant(null), tick) },
  { weight: 2, arbitrary: step('rebook', fc.constant(null), rebook) },
  {
    weight: 1,
    arbitrary: step('void lottery', fc.constant(null), (world) => voidRound(world, LOTTERY)),
  },
];

/** It comes to its end by itself, however far the clock was set back. */
export async function checkDrawn(world: World): Promise<void> {
  const isCancelled = endOf(world, roundOf(world, LOTTERY)) === 'cancelled';
  if (isCancelled) return;
  let draw: DrawRecord | null | undefined = null;
  for (let turn = 0; turn < TURNS; turn++) {
    for (const spanMs of [turn === 0 ? 600 : LONG_MS, 600, 600]) await world.advance(spanMs);
    draw = await drawOf(world);
    if (draw?.state === 'drawn') break;
  }
  holds(draw?.state === 'drawn', 'a draw comes to its end by itself', draw);
}

/** Rights are those of the winners, and of nobody else. */
export async function checkLottery(world: World): Promise<void> {
  await look(world);
  const draw = await drawOf(world);
  const rights = await world.attempt(({ ledger }) =>
    ledger.ask('right.list', {
      ...{ interaction: LOTTERY, viewer: null, pool: null, state: null, limit: 1_000, before: null },
    }),
  );
  const winners = await winnersOf(world);
  if (rights.kind !== 'done' || winners === null) throw new Breach('a draw can be looked at');
  const entitled = winners.filter(({ outcome }) => outcome === 'earned').map(({ right }) => right);
  const given = rights.value.items.map(({ id }) => id);
  const same = JSON.stringify([...entitled].sort()) === JSON.stringify([...given].sort());
  holds(same, 'rights of a draw are those of its winners', { entitled, given });
  const reasons = winners.filter(({ outcome }) => !['earned', 'empty', 'closed'].includes(outcome));
  holds(reasons.length === 0, 'a winner goes without for want of pieces alone', reasons);
  if (draw?.state !== 'drawn') return;
  const entered = await world.attempt(({ ledger }) => ledger.resultOf(LOTTERY));
  if (entered.kind !== 'done' || entered.value === null) throw new Breach('a lottery has a count');
  const { total } = entered.value;
  holds(total === draw.commitment?.count, 'everybody who counts is on the list', { total, draw });
  const entrants = new Set(winners.map(({ entrant }) => entrant));
  holds(entrants.size === winners.length, 'nobody wins twice', winners);
  holds(winners.length === Math.min(PIECES, total), 'all pieces are drawn for', { total, winners });
}
