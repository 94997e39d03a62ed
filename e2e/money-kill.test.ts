import { platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ViewerTokens } from '../events/http/viewer-token.ts';
import { checkLedger } from '../events/ledger/sqlite/check/check.ts';
import { isSyncOfLedger, straceOnPath, TRACED } from '../events/test-support/strace.ts';
import { unixMs } from '../packet/time.ts';
import { until } from './lib/api.ts';
import {
  type Answer,
  CONNECTIONS,
  DIRECTOR,
  linesOf,
  MoneyWorld,
  SESSION_KEY,
  TREASURER,
} from './lib/money-world.ts';

/** In how many lotteries, and in how many sales, events is killed: `FRAMECUE_KILLS=50`; in two of five the reward service, too. */
const KILLS = Number(process.env.FRAMECUE_KILLS ?? 2);
const REWARD_KILL_SHARE = 0.4;
/** In the first round, and evenly over the others. */
const killsRewards = (n: number): boolean =>
  Math.ceil((n + 1) * REWARD_KILL_SHARE) > Math.ceil(n * REWARD_KILL_SHARE);
const SEED = Number(process.env.FRAMECUE_SEED ?? Date.now() % 1_000_000);
const VIEWERS = 96;
const MUGS = 6;
const PATIENCE_MS = 120_000;

/** Moments by chance, and the same ones again with the same seed. */
let walk = SEED || 1;
const chance = (): number => {
  walk = (walk * 48_271) % 2_147_483_647;
  return walk / 2_147_483_647;
};

const MOMENTS = ['entering', 'entering', 'locking', 'drawing', 'revealing', 'granting', 'telling'] as const;
type Moment = (typeof MOMENTS)[number];

let world: MoneyWorld;
let shared: MoneyWorld;
let viewers: { readonly name: string; readonly token: string }[];

beforeAll(async () => {
  shared = await new MoneyWorld().start();
  world = shared;
  viewers = await Promise.all(
    Array.from({ length: VIEWERS }, async (_, n) => ({
      name: `viewer-${n}`,
      token: await world.viewer(`viewer-${n}`),
    })),
  );
  // Enough for half of the lotteries: from then on there is less than was promised.
  await pool('cars', 'high', { pieces: 1, amountMinor: 3_000_000 });
  await pool('mugs', 'low', { pieces: Math.ceil((KILLS * MUGS) / 2) + 1, amountMinor: 1_000_000 });
}, PATIENCE_MS);
afterAll(() => shared.stop());

async function pool(id: string, tier: string, budget: object): Promise<void> {
  const terms = { id, show: 'show', title: id, tier, currency: 'EUR', ...budget };
  const { status, body } = await world.insist('POST', '/api/v1/pools', TREASURER, terms, `open-${id}`);
  expect(status, JSON.stringify(body)).toBe(201);
}

/** Kills at the moment that was chosen, a little later, and brings back what was killed. */
function reaper(moment: Moment, kill: () => Promise<void>, start: () => Promise<void>) {
  const delayMs = chance() * 250;
  let reaped: Promise<void> | null = null;
  return {
    reached(now: Moment): void {
      if (now !== moment) return;
      reaped ??= wait(delayMs).then(kill).then(start);
    },
    over: () => reaped ?? Promise.resolve(),
  };
}

interface Lottery {
  readonly id: string;
  readonly cue: string;
  /** By viewer. */
  readonly receipts: Map<string, string>;
}

const PRIZES = [
  { prize: 'car', pool: 'cars', pieces: 1, amountMinor: 3_000_000, tier: 'any' },
  { prize: 'mug', pool: 'mugs', pieces: MUGS, amountMinor: 500 },
];

async function open(id: string, prizes: readonly object[] = PRIZES): Promise<Lottery> {
  const config = {
    title: 'A mug for some',
    prizes,
    durationMs: 600_000,
    randomness: { kind: 'commit-reveal' },
  };
  const made = await world.insist('POST', '/api/v1/interactions', DIRECTOR, {
    ...{ id, type: 'lottery', show: 'show', stream: 'live/main', config },
  });
  expect([201, 409], JSON.stringify(made.body)).toContain(made.status);
  world.land({ id: `open-${id}`, type: 'interaction.open', data: { interaction: id }, durationMs: 600_000 });
  await untilState(id, 'ACTIVE');
  return { id, cue: `open-${id}`, receipts: new Map() };
}

const untilState = (id: string, state: string): Promise<unknown> =>
  until(`${id} is ${state}`, PATIENCE_MS, async () => {
    const { body } = await world.send('GET', `/api/v1/interactions/${id}/result`, null);
    return body.state === state ? true : null;
  });

const enter = ({ id, cue }: Lottery, token: string) =>
  world.insist('POST', `/api/v1/interactions/${id}/submissions`, token, { cue });

/** Everybody enters, over all connections at once; each again until they have a receipt. */
async function enterAll(lottery: Lottery, onReceipt: () => void = () => undefined): Promise<void> {
  await Promise.all(
    viewers.map(async ({ name, token }) => {
      const { status, body } = await enter(lottery, token);
      expect(status, JSON.stringify(body)).toBe(200);
      lottery.receipts.set(name, body.receipt.id);
      onReceipt();
    }),
  );
}

const drawOf = async (id: string) =>
  (await world.insist('GET', `/api/v1/interactions/${id}/draw`, null)).body;

async function untilDrawn(id: string): Promise<void> {
  await until(`${id} is drawn`, PATIENCE_MS, async () =>
    (await drawOf(id)).state === 'drawn' ? true : null,
  );
}

/** Lock, draw and reveal; @param reached is told where it stands. */
async function finish(
  { id, cue }: Lottery,
  reached: (moment: Moment) => void = () => undefined,
): Promise<void> {
  world.land({ id: `lock-${id}`, type: 'interaction.lock', ref: cue });
  reached('locking');
  await untilState(id, 'LOCKED');
  reached('drawing');
  await untilDrawn(id);
  const { body } = await world.insist('GET', `/api/v1/interactions/${id}/reveal`, DIRECTOR);
  world.land({ id: `reveal-${id}`, type: 'interaction.reveal', ref: cue, data: body.data });
  reached('revealing');
  await untilState(id, 'RESOLVED');
  reached('granting');
}

/** Results are read anew twice a second. */
const untilCounted = (id: string, count: number): Promise<unknown> =>
  until(`${count} are counted`, PATIENCE_MS, async () => {
    const { body } = await world.insist('GET', `/api/v1/interactions/${id}/result`, null);
    return body.total === count ? true : null;
  });

async function all(path: string, field: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (let next = ''; ; ) {
    const { status, body } = await world.insist('GET', `${path}?limit=100${next}`, TREASURER);
    expect(status, JSON.stringify(body)).toBe(200);
    found.push(...body[field]);
    if (body.next == null) return found;
    next = `&before=${body.next}`;
  }
}

/** Nothing waits in the outbox. */
const untilTold = (): Promise<unknown> =>
  until('everything is told', PATIENCE_MS, async () => {
    const { body } = await world.send('GET', '/api/v1/outbox/status', TREASURER);
    return body.lanes.every(({ queued }: { queued: number }) => queued === 0) ? true : null;
  });

/** Every list says the same: rights, grants, pools, outbox, and the reward service's own. */
async function expectReconciled(pools: readonly string[] = ['cars', 'mugs']): Promise<void> {
  await until('no right waits for its grant', PATIENCE_MS, async () =>
    (await all('/api/v1/rights', 'rights')).every(({ state }) => state !== 'released') ? true : null,
  );
  await untilTold();
  const rights = await all('/api/v1/rights', 'rights');
  const grants = await all('/api/v1/grants', 'grants');
  const told = world.told();
  expect(new Set(rights.map(({ interaction, viewer }) => `${interaction} ${viewer}`)).size).toBe(
    rights.length,
  );
  const granted = rights.filter(({ state }) => state === 'granted');
  expect(grants.map(({ right }) => right).sort()).toEqual(granted.map(({ id }) => id).sort());
  expect(told.map(({ id }) => id).sort()).toEqual(grants.map(({ id }) => id).sort());
  for (const grant of grants) {
    expect(told.find(({ id }) => id === grant.id)).toMatchObject({
      ...{ viewer: grant.viewer, outcome: 'done' },
      ...(String(grant.pool).startsWith('jackets')
        ? { type: 'order.placed' }
        : { type: 'grant.made', amount: grant.amountMinor }),
    });
  }
  for (const id of pools) {
    const { body } = await world.insist('GET', `/api/v1/pools/${id}`, TREASURER);
    const { funded, free, reserved, granted } = body.balances;
    const mine = grants.filter((grant) => grant.pool === id);
    expect(granted.pieces).toBe(mine.length);
    expect(reserved.pieces).toBe(0);
    expect(free.pieces).toBeGreaterThanOrEqual(0);
    expect(free.pieces + granted.pieces).toBe(funded.pieces);
  }
  expect(checkLedger(world.ledger)).toMatchObject({ good: true, findings: [] });
  const { code, output } = await world.command('reconcile');
  expect(code, output).toBe(0);
}

describe(`kill -9 in a lottery under load (seed ${SEED})`, () => {
  it(
    `loses no receipt and pays nothing twice, ${KILLS} times`,
    async () => {
      for (let n = 0; n < KILLS; n++) {
        const pick = () => MOMENTS[Math.floor(chance() * MOMENTS.length)]!;
        const reapers = [
          reaper(
            pick(),
            () => world.killEvents(),
            () => world.startEvents(),
          ),
        ];
        if (killsRewards(n)) {
          reapers.push(
            reaper(
              pick(),
              () => world.killRewards(),
              () => world.startRewards(),
            ),
          );
        }
        const reached = (moment: Moment) => {
          for (const one of reapers) one.reached(moment);
        };
        const lottery = await open(`lottery-${n}`);
        await world.misbehave({ hangAfterWork: 0.03, failAfterWork: 0.1, fail: 0.1, dropAfterWork: 0.05 });
        const first = Math.floor(chance() * VIEWERS);
        await enterAll(lottery, () => {
          if (lottery.receipts.size >= first) reached('entering');
        });
        await finish(lottery, reached);
        await until('somebody is told', PATIENCE_MS, async () => (world.told().length > 0 ? true : null));
        reached('telling');
        await Promise.all(reapers.map((one) => one.over()));
        await expectReconciled();
        // Whoever asks again gets what they were shown.
        for (const { name, token } of viewers.slice(0, 10)) {
          const { status, body } = await enter(lottery, token);
          expect({ status, id: body.receipt?.id }).toEqual({ status: 200, id: lottery.receipts.get(name) });
        }
      }
      expect(world.kills.events).toBe(KILLS);
      expect(world.kills.rewards).toBe(Math.ceil(KILLS * REWARD_KILL_SHARE));
    },
    PATIENCE_MS + KILLS * 60_000,
  );
});

interface Sale {
  readonly id: string;
  readonly pool: string;
  readonly cue: string;
}

const PIECES = 20;
const PRICE_MINOR = 1_900;

/** A sale of its own stock, open. */
async function openSale(n: number | string): Promise<Sale> {
  const sale = { id: `sale-${n}`, pool: `jackets-${n}`, cue: `open-sale-${n}` };
  await pool(sale.pool, 'low', { purpose: 'stock', pieces: PIECES, amountMinor: PIECES * PRICE_MINOR });
  const config = {
    ...{ title: 'The jacket', pool: sale.pool, priceMinor: PRICE_MINOR, currency: 'EUR' },
    ...{ reservationMs: 600_000, durationMs: 600_000 },
  };
  const made = await world.insist('POST', '/api/v1/interactions', DIRECTOR, {
    ...{ id: sale.id, type: 'flash-sale', show: 'show', stream: 'live/main', config },
  });
  expect([201, 409], JSON.stringify(made.body)).toContain(made.status);
  world.land({
    ...{ id: sale.cue, type: 'interaction.open', durationMs: 600_000 },
    data: { interaction: sale.id },
  });
  await untilState(sale.id, 'ACTIVE');
  return sale;
}

/** A piece, and an order that is sent twice at once; false: nothing is left. */
async function buy({ id, cue }: Sale, { name, token }: (typeof viewers)[number]): Promise<boolean> {
  const wish = await world.insist('POST', `/api/v1/interactions/${id}/submissions`, token, { cue });
  expect([200, 409], JSON.stringify(wish.body)).toContain(wish.status);
  if (wish.status !== 200) return false;
  const order = () => world.insist('POST', `/api/v1/interactions/${id}/order`, token, {}, `${id}-${name}`);
  for (const { status, body } of await Promise.all([order(), order()])) {
    expect([200, 201], JSON.stringify(body)).toContain(status);
  }
  return true;
}

describe(`kill -9 in a flash sale under load (seed ${SEED})`, () => {
  it(
    `sells every piece once and none that is not there, and loses no order, ${KILLS} times`,
    async () => {
      const before = { ...world.kills };
      const sold: string[] = [];
      for (let n = 0; n < KILLS; n++) {
        const sale = await openSale(n);
        await world.misbehave({ hangAfterWork: 0.03, failAfterWork: 0.1, fail: 0.1, dropAfterWork: 0.05 });
        const killAt = () => ({ order: 1 + Math.floor(chance() * PIECES), delayMs: chance() * 50 });
        const kills = [{ ...killAt(), run: () => world.killEvents().then(() => world.startEvents()) }];
        if (killsRewards(n)) {
          kills.push({ ...killAt(), run: () => world.killRewards().then(() => world.startRewards()) });
        }
        const running: Promise<void>[] = [];
        const buyers: string[] = [];
        await Promise.all(
          viewers.map(async (viewer) => {
            if (!(await buy(sale, viewer))) return;
            buyers.push(viewer.name);
            for (const { order, delayMs, run } of kills) {
              if (order === buyers.length) running.push(wait(delayMs).then(run));
            }
          }),
        );
        await Promise.all(running);
        sold.push(sale.pool);
        await expectReconciled(['cars', 'mugs', ...sold]);
        expect(buyers).toHaveLength(PIECES);
        const grants = (await all('/api/v1/grants', 'grants')).filter((grant) => grant.pool === sale.pool);
        expect(grants.map(({ viewer }) => viewer).sort()).toEqual(buyers.sort());
        const { body } = await world.insist('GET', `/api/v1/pools/${sale.pool}`, TREASURER);
        expect(body.balances).toMatchObject({ free: { pieces: 0 }, granted: { pieces: PIECES } });
      }
      expect(world.kills.events - before.events).toBe(KILLS);
      expect(world.kills.rewards - before.rewards).toBe(Math.ceil(KILLS * REWARD_KILL_SHARE));
    },
    PATIENCE_MS + KILLS * 60_000,
  );
});

describe(`${CONNECTIONS} connections at once`, () => {
  it('get one receipt for one viewer, whatever they send', async () => {
    const lottery = await open('double-submit');
    const { token } = viewers[0]!;
    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, () => enter(lottery, token)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(answers.map(({ body }) => body.receipt.id)).size).toBe(1);
    expect(answers.filter(({ body }) => !body.receipt.repeated)).toHaveLength(1);
    await untilCounted(lottery.id, 1);
  });

  it('win no more than the pool holds, whatever the lottery has promised', async () => {
    await pool('scarce', 'low', { pieces: 3, amountMinor: 10_000 });
    const lottery = await open('over-budget', [
      { prize: 'scarce', pool: 'scarce', pieces: CONNECTIONS, amountMinor: 500 },
    ]);
    await enterAll(lottery);
    await finish(lottery);
    await expectReconciled(['cars', 'mugs', 'scarce']);
    const { body } = await world.insist('GET', '/api/v1/pools/scarce', TREASURER);
    expect(body.balances).toMatchObject({ free: { pieces: 0 }, granted: { pieces: 3, amountMinor: 1_500 } });
    const won = await Promise.all(
      viewers.map(({ token }) => world.insist('GET', `/api/v1/interactions/${lottery.id}/mine`, token)),
    );
    expect(won.filter(({ body }) => body.prize?.grant != null)).toHaveLength(3);
  });

  it('get nothing with a token that was altered, or is of another', async () => {
    const lottery = await open('replayed-token');
    const attempts = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, n) => {
        const { token } = viewers[n]!;
        const other = viewers[n + 1]!.token;
        // The name of one viewer under the signature of another.
        const forged = `${token.slice(0, token.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`;
        return world.send('POST', `/api/v1/interactions/${lottery.id}/submissions`, forged, {
          cue: lottery.cue,
        });
      }),
    );
    expect(new Set(attempts.map(({ status }) => status))).toEqual(new Set([401]));
    // Somebody enters rightly, and is the only one.
    expect((await enter(lottery, viewers[0]!.token)).status).toBe(200);
    await untilCounted(lottery.id, 1);
  });

  it('get nothing with a token that has expired: no entry, no piece, no order, no new token', async () => {
    const lottery = await open('expired-token');
    const sale = await openSale('expired-token');
    const tokens = new ViewerTokens(SESSION_KEY);
    const lasting = (ms: number) =>
      Array.from({ length: CONNECTIONS }, (_, n) => tokens.issue(`late-${n}`, unixMs(Date.now() + ms)));
    const refusals = async (
      ask: (token: string, n: number) => Promise<Answer>,
      expired: readonly string[],
    ) => {
      const answers = await Promise.all(expired.map(ask));
      return new Set(answers.map(({ status, body }) => `${status} ${body.error?.code}`));
    };
    const at = (id: string, what: string) => `/api/v1/interactions/${id}/${what}`;
    const over = lasting(-1);
    const enters = (token: string) =>
      world.send('POST', at(lottery.id, 'submissions'), token, { cue: lottery.cue });
    const wants = (token: string) => world.send('POST', at(sale.id, 'submissions'), token, { cue: sale.cue });
    const orders = (token: string, n: number) =>
      world.send('POST', at(sale.id, 'order'), token, {}, `late-${n}`);
    const expired = new Set(['401 ERR_TOKEN_EXPIRED']);
    expect(await refusals(enters, over)).toEqual(expired);
    expect(await refusals(wants, over)).toEqual(expired);
    const ended = await Promise.all(over.map((_, n) => world.jwt(`late-${n}`, '-1h')));
    const exchanges = (token: string) => world.send('POST', '/api/v1/session', null, { token });
    expect(await refusals(exchanges, ended)).toEqual(new Set(['401 ERR_TOKEN_EXPIRED']));

    // Of the same maker and in time, they are good; a reservation does not outlive its viewer's token either.
    const good = lasting(3_600_000);
    expect((await world.insist('POST', at(sale.id, 'submissions'), good[0]!, { cue: sale.cue })).status).toBe(
      200,
    );
    expect(await refusals(orders, over)).toEqual(expired);
    expect((await enter(lottery, good[0]!)).status).toBe(200);
    await untilCounted(lottery.id, 1);
    const { body } = await world.insist('GET', `/api/v1/pools/${sale.pool}`, TREASURER);
    expect(body.balances).toMatchObject({ reserved: { pieces: 1 }, granted: { pieces: 0 } });
  });

  it('fund a pool once under one key, and refuse what a viewer or a director asks of money', async () => {
    await pool('stock', 'low', { pieces: 1, amountMinor: 100 });
    const fund = { pieces: 5, amountMinor: 500 };
    const paid = await Promise.all(
      Array.from({ length: CONNECTIONS }, () =>
        world.insist('POST', '/api/v1/pools/stock/fund', TREASURER, fund, 'one-payment'),
      ),
    );
    expect(new Set(paid.map(({ status }) => status))).toEqual(new Set([200]));
    const strangers = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, n) =>
        world.send(
          'POST',
          '/api/v1/pools/stock/fund',
          n % 2 === 0 ? DIRECTOR : viewers[n]!.token,
          fund,
          `k${n}`,
        ),
      ),
    );
    expect(strangers.every(({ status }) => status === 401 || status === 403)).toBe(true);
    const { body } = await world.insist('GET', '/api/v1/pools/stock', TREASURER);
    expect(body.balances.funded).toEqual({ pieces: 6, amountMinor: 600 });
  });
});

describe.runIf(platform() === 'linux')('the order of system calls', () => {
  it('has a grant on the disk before the reward service hears of it, an order before its buyer does, too', async () => {
    const traced = new MoneyWorld();
    try {
      const trace = join(traced.folder, 'trace');
      await traced.media.listen();
      await traced.startRewards();
      await traced.startEvents([await straceOnPath(), ...TRACED, '-o', trace]);
      world = traced;
      await pool('mugs', 'low', { pieces: 2, amountMinor: 1_000 });
      const lottery = await open('traced', [{ prize: 'mug', pool: 'mugs', pieces: 2, amountMinor: 500 }]);
      const tokens = new Map<string, string>();
      for (const name of ['ann', 'bob']) {
        const token = await traced.viewer(name);
        expect((await enter(lottery, token)).status).toBe(200);
        tokens.set(name, token);
      }
      await finish(lottery);
      const sale = await openSale('traced');
      const reservations: string[] = [];
      const orders: string[] = [];
      for (const [name, token] of tokens) {
        const at = `/api/v1/interactions/${sale.id}`;
        const wish = await traced.send('POST', `${at}/submissions`, token, { cue: sale.cue });
        expect(wish.status).toBe(200);
        reservations.push(wish.body.receipt.id);
        const ordered = await traced.send('POST', `${at}/order`, token, {}, `order-of-${name}`);
        expect(ordered.status).toBe(201);
        orders.push(ordered.body.reservation.order.id);
      }
      const told = await until('both are told, twice', PATIENCE_MS, async () =>
        traced.told().length === 4 ? traced.told() : null,
      );
      expect(told.map(({ id }) => id)).toEqual(expect.arrayContaining(orders));
      await traced.killEvents();
      const lines = await until('the trace is whole', PATIENCE_MS, async () => {
        const found = linesOf(trace);
        return found.some((line) => line.includes('killed by SIGKILL')) ? found : null;
      });
      const expectOnDiskBefore = (id: string, says: RegExp): void => {
        const written = lines.findIndex(
          (line) => /pwrite/.test(line) && line.includes('events.db-wal') && line.includes(id),
        );
        const synced = lines.findIndex((line, at) => at > written && isSyncOfLedger(line, lines, at));
        const sent = lines.findIndex((line) => line.includes('<TCP') && says.test(line) && line.includes(id));
        expect(written, id).toBeGreaterThan(-1);
        expect(synced, id).toBeGreaterThan(written);
        expect(sent, id).toBeGreaterThan(synced);
      };
      for (const { id } of told) expectOnDiskBefore(id, /webhook-id: /);
      for (const id of reservations) expectOnDiskBefore(id, /HTTP\/1\.1 200/);
      for (const id of orders) expectOnDiskBefore(id, /HTTP\/1\.1 201/);
    } finally {
      await traced.stop();
    }
  });
});
