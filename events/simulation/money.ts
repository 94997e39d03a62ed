import fc from 'fast-check';
import { CONFIRM_MS } from '../../packet/clock.ts';
import { unixUs } from '../../packet/time.ts';
import type { CommandIn, CommandOut, Commands } from '../ledger/commands.ts';
import type { Amount, Balances, EarnOutcome, NewRight, Pool, ReleaseOutcome } from '../ledger/treasury.ts';
import { giverOp } from './giver.ts';
import { CONFIG_OF, LOTTERY, SALE, SALE_TERMS } from './kinds.ts';
import { Breach, holds } from './model.ts';
import type { PoolModel, RightModel } from './money-model.ts';
import { cue, endOf, recovers, voidRound } from './rounds.ts';
import { deaf, type Step, step, viewer } from './step.ts';
import type { Attempted, World } from './world.ts';

/** Pools, rights and grants: never more than the pool, never two for one right. */

const POOLS = ['stars', 'small', 'stock'] as const;
type PoolId = (typeof POOLS)[number];
const EUR = 'EUR';
const HOLD_US = 5_000_000;

const poolOf = (world: World, id: string): PoolModel => {
  const { pools } = world.model.money;
  let found = pools.get(id);
  if (found === undefined) {
    found = { id, opened: false, funds: new Map() };
    pools.set(id, found);
  }
  return found;
};

const perform = <Name extends keyof Commands>(world: World, name: Name, given: CommandIn<Name>) =>
  world.attempt<CommandOut<Name>>(({ ledger }) => ledger.perform(name, given));

const now = (world: World) => world.time.clock.unixUs();

async function open(world: World, id: PoolId): Promise<string> {
  const model = poolOf(world, id);
  const end = await perform(world, 'pool.open', {
    terms: {
      ...{ id, show: 'show', title: id, currency: EUR },
      tier: id === 'stars' ? 'high' : 'low',
      purpose: id === 'stock' ? 'stock' : 'prize',
      ...{ opensAtUs: null, closesAtUs: null, regions: null },
      leftover: id === 'stars' ? { rule: 'to', pool: 'small' } : { rule: 'return' },
      ...{ sweepAtEnd: false, reverseOnVoid: id !== 'stock' },
    },
    ...{ budget: null, by: 'owner', atUs: now(world) },
  });
  if (end.kind !== 'done') return end.kind;
  const { value } = end;
  if (value.kind === 'refused') {
    const waits = id === 'stars' && !poolOf(world, 'small').opened;
    holds(waits && value.code === 'ERR_POOL_UNKNOWN', 'a pool can be opened', value);
    return value.code;
  }
  holds(value.kind === 'already' || !model.opened, 'a pool is opened once', { id });
  model.opened = true;
  return value.kind;
}

export async function fund(
  world: World,
  given: { pool: PoolId; key: string; amount: Amount },
): Promise<string> {
  const model = poolOf(world, given.pool);
  if (!model.opened) return 'not now';
  // Whoever pays knows what they sent under this key.
  const sent = model.funds.get(given.key) ?? { amount: given.amount, confirmed: false };
  model.funds.set(given.key, sent);
  const end = await perform(world, 'pool.fund', {
    ...{ pool: given.pool, key: given.key, amount: sent.amount, by: 'owner', atUs: now(world) },
  });
  if (end.kind !== 'done') return end.kind;
  const { value } = end;
  holds(value.kind !== 'refused', 'a good payment is taken', value);
  holds(value.kind === 'already' || !sent.confirmed, 'a payment counts once', given);
  sent.confirmed = true;
  return value.kind;
}

async function close(world: World, { pool, what }: { pool: PoolId; what: 'close' | 'reopen' | 'sweep' }) {
  if (!poolOf(world, pool).opened) return 'not now';
  const common = { pool, by: 'owner', atUs: now(world) };
  const end: Attempted<{ readonly kind: string }> =
    what === 'close'
      ? await perform(world, 'pool.close', { ...common, why: 'enough' })
      : what === 'reopen'
        ? await perform(world, 'pool.reopen', common)
        : await perform(world, 'pool.sweep', { ...common, key: world.nextId('sweep') });
  return end.kind === 'done' ? end.value.kind : end.kind;
}

interface Giving {
  readonly viewer: string;
  readonly round: string;
  readonly pool: PoolId;
  readonly amountMinor: number;
  readonly again: boolean;
  readonly deaf: boolean;
}

/** A draw or a sale gives a right; asked again it names the same one, or another draw names another. */
async function earn(
  world: World,
  { viewer, round, pool, amountMinor, again, deaf }: Giving,
): Promise<string> {
  const { money, rounds } = world.model;
  if (rounds.rounds.get(round)?.created !== true || !poolOf(world, pool).opened) return 'not now';
  const key = `${round} ${viewer}`;
  const mine: RightModel = money.rights.get(key) ?? { asked: new Map(), earned: null };
  money.rights.set(key, mine);
  const first = [...mine.asked.values()][0];
  const right: NewRight =
    again && first !== undefined
      ? first
      : {
          ...{ id: world.nextId('right'), interaction: round, viewer, pool, prize: 'voucher', amountMinor },
          ...{ currency: EUR, cause: pool === 'stock' ? 'sale' : 'simulation', tierJudged: true },
          expiresAtUs: pool === 'stock' ? unixUs(now(world) + HOLD_US) : null,
        };
  mine.asked.set(right.id, right);
  const end = await give<EarnOutcome>(world, 'earn', right);
  if (end.kind !== 'done' || deaf) return deaf ? 'nobody listens' : end.kind;
  switch (end.value) {
    case 'earned':
      holds(mine.earned === null, 'one right for one viewer and round', { viewer, round, ...mine });
      mine.earned = right.id;
      break;
    case 'empty': {
      const { free } = await balancesOf(world, right.pool);
      const isEmpty = free.pieces < 1 || free.amountMinor < right.amountMinor;
      holds(isEmpty, 'a pool that has a piece is not called empty', { free });
      break;
    }
    case 'not-eligible': {
      const answer = rounds.rounds.get(round)?.answers.get(viewer);
      holds(answer === undefined || answer.shown === null || answer.held, 'who has answered may earn', {
        viewer,
      });
      break;
    }
  }
  return end.value;
}

const give = <Outcome>(world: World, what: 'earn' | 'release' | 'void', right: NewRight) =>
  world.attempt<Outcome>(
    ({ writer }) => writer.write(giverOp({ do: what, right, atUs: now(world) })) as Promise<never>,
  );

/** An order, or somebody who gives up their reservation. */
async function settle(
  world: World,
  { pick, what }: { pick: number; what: 'release' | 'void' },
): Promise<string> {
  const { money } = world.model;
  const all = [...money.rights.values()].flatMap(({ asked, earned }) =>
    earned === null ? [] : asked.get(earned)!,
  );
  const right = all[pick % all.length];
  if (right === undefined) return 'not now';
  if (what === 'release') money.released.add(right.id);
  const end = await give<ReleaseOutcome | 'voided'>(world, what, right);
  if (end.kind !== 'done') return end.kind;
  holds(end.value !== 'unknown', 'a right that was earned is known', right);
  if (what === 'void' && end.value === 'voided') money.voided.add(right.id);
  return `${right.id}: ${end.value}`;
}

/** The keeper of prizes looks again, as it does four times a second. */
export async function keep(world: World): Promise<string> {
  const end = await world.attempt(({ treasury }) => treasury.tick());
  return end.kind;
}

export async function beginMoney(world: World): Promise<void> {
  for (const id of ['small', 'stars', 'stock'] as const) {
    await open(world, id);
    await fund(world, { pool: id, key: 'k1', amount: { pieces: 2, amountMinor: 200 } });
  }
  const first = { round: 'r1', amountMinor: 50, again: false, deaf: false };
  await earn(world, { ...first, viewer: 'ann', pool: 'stars' });
  await earn(world, { ...first, viewer: 'bob', pool: 'small' });
  await earn(world, { ...first, viewer: 'eve', pool: 'stock' });
}

/** A draw gives to several, as long as there is something. */
async function draw(
  world: World,
  { viewers, round, pool }: { viewers: readonly string[]; round: string; pool: PoolId },
): Promise<string> {
  const said: string[] = [];
  for (const viewer of viewers) {
    said.push(await earn(world, { viewer, round, pool, amountMinor: 50, again: false, deaf: false }));
  }
  return said.join(', ');
}

/** The result is shown, pieces are given, and then the round is taken back. */
async function regret(world: World, id: string): Promise<string> {
  const said = [await cue(world, id, 'reveal'), await keep(world)];
  await world.advance(250);
  said.push(await voidRound(world, id), await keep(world));
  await world.advance(250);
  return said.join(', ');
}

const pool = fc.constantFrom(...POOLS);
/** Mostly the one in which everybody has answered. */
const busy = fc.constantFrom('r1', 'r1', 'r1', 'r2', 'r2', 'r3');
const small = fc.integer({ min: 0, max: 3 });

export const moneySteps: fc.WeightedArbitrary<Step>[] = [
  { weight: 1, arbitrary: step('open pool', pool, open) },
  {
    weight: 5,
    arbitrary: step(
      'fund',
      fc.record({
        pool,
        key: fc.constantFrom('k1', 'k2', 'k3'),
        amount: fc.record({ pieces: fc.integer({ min: 1, max: 3 }), amountMinor: small.map((n) => n * 100) }),
      }),
      fund,
    ),
  },
  {
    weight: 2,
    arbitrary: step(
      'end',
      fc.record({ pool, what: fc.constantFrom('close', 'reopen', 'reopen', 'sweep') }),
      close,
    ),
  },
  {
    weight: 8,
    arbitrary: step(
      'earn',
      fc.record({
        viewer,
        round: busy,
        pool,
        amountMinor: small.map((n) => n * 50),
        again: fc.boolean(),
        deaf,
      }),
      earn,
    ),
  },
  {
    weight: 6,
    arbitrary: step(
      'settle',
      fc.record({ pick: fc.nat({ max: 20 }), what: fc.constantFrom('release', 'release', 'void') }),
      settle,
    ),
  },
  {
    weight: 4,
    arbitrary: step(
      'draw',
      fc.record({ viewers: fc.array(viewer, { minLength: 2, maxLength: 5 }), round: busy, pool }),
      draw,
    ),
  },
  { weight: 4, arbitrary: step('regret', busy, regret) },
  { weight: 2, arbitrary: step('keep', fc.constant(null), keep) },
];

export async function balancesOf(world: World, pool: string): Promise<Balances> {
  const end = await world.attempt<Pool | null>(({ ledger }) => ledger.ask('pool.get', { pool }));
  if (end.kind !== 'done' || end.value === null) throw new Breach('a pool that was opened can be looked at');
  return end.value.balances;
}

/** Everything of the books about one pool, added up anew from rights and grants. */
export async function checkMoney(world: World): Promise<void> {
  const { money } = world.model;
  for (const { id, opened, funds } of money.pools.values()) {
    if (!opened)
      await recovers(() => open(world, 'small')).then(() => recovers(() => open(world, id as PoolId)));
    for (const [key, { amount }] of funds) {
      await recovers(() => fund(world, { pool: id as PoolId, key, amount }));
    }
  }
  await settled(world);
  const rights = await world.attempt(({ ledger }) =>
    ledger.ask('right.list', {
      ...{ interaction: null, viewer: null, pool: null, state: null, limit: 1_000, before: null },
    }),
  );
  if (rights.kind !== 'done') throw new Breach('rights can be listed');
  const list = rights.value.items;
  const seen = new Set<string>();
  for (const right of list) {
    const key = `${right.interaction} ${right.viewer}`;
    holds(!seen.has(key), 'one right for one viewer and round', right);
    seen.add(key);
    const asked = askedFor(world, right);
    holds(asked !== undefined, 'no right that nobody asked for', right);
    const same = asked.pool === right.pool && asked.amountMinor === right.amountMinor;
    holds(same && asked.prize === right.prize, 'a right is what was asked for', { right, asked });
    holds(right.state !== 'released', 'what was released is granted', right);
    await checkEndOfRight(world, right);
  }
  for (const [key, { earned }] of money.rights) {
    holds(earned === null || list.some(({ id }) => id === earned), 'no confirmed right is lost', {
      key,
      earned,
    });
  }
  for (const right of money.voided) {
    holds(list.find(({ id }) => id === right)?.state === 'voided', 'what was taken back stays so', { right });
  }
  await checkBalances(world, list);
}

/** As outsiders asked for it: by name, by entering, or by wanting a piece. */
function askedFor({ model: { money, rounds } }: World, { id, interaction, viewer, prize }: NewRight) {
  const hasAnswered = (rounds.rounds.get(interaction)?.answers.get(viewer)?.sent.size ?? 0) > 0;
  if (interaction === SALE) return hasAnswered ? SALE_TERMS : undefined;
  if (interaction === LOTTERY) {
    return hasAnswered ? CONFIG_OF.lottery.prizes.find((one) => one.prize === prize) : undefined;
  }
  return money.rights.get(`${interaction} ${viewer}`)?.asked.get(id);
}

/** What its round came to decides about a right. */
async function checkEndOfRight(world: World, right: NewRight & { readonly state: string }): Promise<void> {
  const { rounds, money } = world.model;
  const round = rounds.rounds.get(right.interaction)!;
  const end = endOf(world, round);
  if (end === 'cancelled') {
    holds(
      right.state === 'granted' || right.state === 'voided',
      'a voided round leaves no right open',
      right,
    );
  }
  if (right.state !== 'granted') return;
  const wasRevealed = end !== null && round.cues.has('interaction.reveal');
  const isOrdered = right.interaction === SALE && world.model.sale.orders.has(right.viewer);
  holds(
    right.interaction === SALE ? isOrdered : wasRevealed || money.released.has(right.id),
    'nothing is granted before the reveal or its order',
    right,
  );
  if (end !== 'cancelled' || right.pool === 'stock') return;
  const grant = await world.attempt(({ ledger }) => ledger.ask('grant.get', { grant: `g_${right.id}` }));
  const reversed = grant.kind === 'done' && grant.value !== null && grant.value.reversed !== null;
  holds(reversed, 'what a voided round has granted goes back', right);
}

type Listed = readonly (NewRight & { readonly state: string })[];

async function checkBalances(world: World, rights: Listed): Promise<void> {
  const sweptIn = new Map<string, Amount>();
  const pools = [...world.model.money.pools.values()].filter(({ opened }) => opened);
  for (const { id, funds } of pools) {
    const is = await balancesOf(world, id);
    const paid = sum([...funds.values()].map(({ amount }) => amount));
    same(id, 'funded', is.funded, paid);
    const of = (states: readonly string[]) =>
      rights.filter((right) => right.pool === id && states.includes(right.state));
    same(id, 'reserved', is.reserved, sum(of(['earned', 'released']).map(pieceOf)));
    const standing: NewRight[] = [];
    for (const right of of(['granted'])) {
      const grant = await world.attempt(({ ledger }) => ledger.ask('grant.get', { grant: `g_${right.id}` }));
      if (grant.kind !== 'done' || grant.value === null) throw new Breach('a granted right has its grant');
      if (grant.value.reversed === null) standing.push(right);
    }
    same(id, 'granted', is.granted, sum(standing.map(pieceOf)));
    for (const unit of ['pieces', 'amountMinor'] as const) {
      const [into, out] = [is.funded[unit] + is.sweptIn[unit], is.free[unit] + is.reserved[unit]];
      holds(is.free[unit] >= 0, 'no pool is below zero', { id, is });
      holds(into === out + is.granted[unit] + is.sweptOut[unit], 'a pool adds up', { id, is });
    }
    if (id === 'stars') sweptIn.set('small', is.sweptOut);
  }
  for (const [id, amount] of sweptIn) same(id, 'swept in', (await balancesOf(world, id)).sweptIn, amount);
}

const pieceOf = ({ amountMinor }: { readonly amountMinor: number }): Amount => ({ pieces: 1, amountMinor });

const sum = (amounts: readonly Amount[]): Amount =>
  amounts.reduce(
    (all, { pieces, amountMinor }) => ({
      pieces: all.pieces + pieces,
      amountMinor: all.amountMinor + amountMinor,
    }),
    { pieces: 0, amountMinor: 0 },
  );

function same(pool: string, account: string, is: Amount, must: Amount): void {
  const equal = is.pieces === must.pieces && is.amountMinor === must.amountMinor;
  holds(equal, `the ${account} account is what rights, grants and payments add up to`, { pool, is, must });
}

const TICK_MS = 300;
/** Behind a step of the wall clock that has to stand for a while before the keeper goes by it. */
const SETTLED_TICKS = 8 + CONFIRM_MS / TICK_MS;

/** The keeper comes to its end by itself. */
async function settled(world: World): Promise<void> {
  for (let tick = 0; tick < SETTLED_TICKS; tick++) await world.advance(TICK_MS);
  const due = await world.attempt(({ ledger }) => ledger.ask('treasury.due', { nowUs: now(world) }));
  if (due.kind !== 'done') throw new Breach('the treasury can be asked');
  const { voids, expired, grants } = due.value;
  // A void round with reservations that cannot be taken back would be looked at for ever.
  holds(!expired && !grants, 'the keeper does what is due', due.value);
  holds(!voids, 'the keeper takes back what a voided round has given', due.value);
}
