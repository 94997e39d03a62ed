import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONFIRM_MS } from '../../packet/clock.ts';
import { SALE_OPERATIONS } from '../http/sale-operations.ts';
import { checkLedger } from '../ledger/sqlite/check/check.ts';
import { answer, Downstream, never, SECRET } from '../outbox/testing/downstream.ts';
import { type Answer, DIRECTOR, EventsUnderTest, SPREAD_MS } from '../test-support/harness.ts';
import { until } from '../test-support/until.ts';
import { Connections, openSale, PRICE, prepareSale, RESERVED_MS, stock, told } from './testing.ts';

let t: EventsUnderTest;
afterEach(() => t.stop());
const started = async (over: ConstructorParameters<typeof EventsUnderTest>[0] = {}) => {
  t = await new EventsUnderTest(over).start();
};

/** Time in which nobody asks: the timers run. */
const passes = (spanMs: number): void => {
  for (let n = 0; n < spanMs; n += 250) t.time.advance(250);
};

const PATH = '/api/v1/interactions/s1';
/** Longer than a reservation, and not as long as the sale. */
const AHEAD_MS = 300_000;
const want = (token: string, body: object = {}) => t.submit('s1', token, body);
const order = (token: string, key = 'k1', body: unknown = {}): Promise<Answer> =>
  t.send(`${PATH}/order`, {
    method: 'POST',
    headers: {
      ...{ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(key === '' ? {} : { 'Idempotency-Key': key }),
    },
    body: JSON.stringify(body),
  });
const giveBack = (token: string): Promise<Answer> =>
  t.send(`${PATH}/reservation`, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
const mine = (token: string) => t.get(`${PATH}/reservation`, token);
const pieces = async () => {
  const { free, reserved, granted } = (await t.books.ask('pool.get', { pool: 'stock' }))!.balances;
  return { free: free.pieces, reserved: reserved.pieces, granted: granted.pieces };
};

/** Checks an answer against what the API's description says of it. */
function expectTold(method: string, path: string, { status, body }: Answer): void {
  const operation = SALE_OPERATIONS.find(
    (each) => each.method === method && each.path === `/api/v1/interactions/{id}/${path}`,
  )!;
  const { error } = operation.answers[status]!.schema!.safeParse(body);
  expect([path, error?.issues ?? []]).toEqual([path, []]);
}

describe('a flash sale', () => {
  beforeEach(async () => {
    await started();
    await stock(t, 2);
    await prepareSale(t);
  });

  test('reserves by an answer, sells by an order, and each request may be repeated', async () => {
    await openSale(t);
    const [ann, bob, cyd] = [await t.session('ann'), await t.session('bob'), await t.session('cyd')];
    const first = await want(ann);
    expect(told(first)).toEqual([200, false]);
    expect((await want(ann)).body.receipt).toEqual({ ...first.body.receipt, repeated: true });
    const now = t.time.clock.unixMs();
    const reserved = await mine(ann);
    expectTold('get', 'reservation', reserved);
    expect(reserved.body.reservation).toMatchObject({
      ...{ id: first.body.receipt.id, state: 'reserved', priceMinor: PRICE, currency: 'EUR', order: null },
      expiresAt: now + RESERVED_MS,
    });
    await want(bob);
    t.time.advance(300);
    expect((await t.get(`${PATH}/sale`)).body).toMatchObject({ sale: 'all-reserved', line: null });
    const refused = await want(cyd);
    expect(told(refused)).toEqual([409, 'ERR_STOCK_RESERVED']);
    expect(refused.body.error).toMatchObject({ retryable: true, details: { retryAfterMs: 5_000 } });

    const ordered = await order(ann);
    expectTold('post', 'order', ordered);
    expect(told(ordered)).toEqual([201, 'ordered']);
    const again = await order(ann);
    expectTold('post', 'order', again);
    expect(again).toMatchObject({
      status: 200,
      body: { ...ordered.body, repeated: true },
    });
    expect(told(await order(ann, 'k2'))).toEqual([409, 'ERR_ORDER_EXISTS']);
    expect(told(await giveBack(ann))).toEqual([409, 'ERR_RESERVATION_OVER']);
    const back = await giveBack(bob);
    expectTold('delete', 'reservation', back);
    expect(told(await giveBack(bob))).toEqual([200, 'given-back']);
    expect(told(await order(bob))).toEqual([409, 'ERR_RESERVATION_OVER']);
    expect(told(await want(cyd))).toEqual([200, false]);
    expect(told(await order(cyd))).toEqual([201, 'ordered']);
    t.time.advance(300);
    const sale = await t.get(`${PATH}/sale`);
    expectTold('get', 'sale', sale);
    expect(sale.body).toMatchObject({ sale: 'sold-out', stock: { free: 0, reserved: 0, ordered: 2 } });
    expect(told(await want(await t.session('dan')))).toEqual([409, 'ERR_SOLD_OUT']);
    // Those who have something hear of it all the same.
    expect(told(await want(ann))).toEqual([200, true]);
  });

  test('keeps a piece until the reservation is over, and not a moment longer, whatever the keeper does', async () => {
    await openSale(t);
    const [ann, bob] = [await t.session('ann'), await t.session('bob')];
    await want(ann);
    await want(bob);
    // The clock alone: no timer has run.
    t.time.clock.advanceMs(RESERVED_MS - 1);
    expect(told(await order(ann))).toEqual([201, 'ordered']);
    t.time.clock.advanceMs(1);
    expect(told(await order(bob))).toEqual([409, 'ERR_RESERVATION_OVER']);
    expect((await mine(bob)).body.reservation.state).toBe('expired');
    expect(told(await want(await t.session('cyd')))).toEqual([200, false]);
  });

  test('takes a piece from nobody while the clock is ahead for a moment, and goes by it once it has stood', async () => {
    await openSale(t);
    const [ann, bob, cyd] = [await t.session('ann'), await t.session('bob'), await t.session('cyd')];
    await want(ann);
    await want(bob);
    t.time.clock.stepWallMs(AHEAD_MS);
    t.time.advance(300);
    expect((await t.get(`${PATH}/sale`)).body).toMatchObject({
      sale: 'all-reserved',
      stock: { reserved: 2 },
    });
    expect(told(await want(cyd))).toEqual([409, 'ERR_STOCK_RESERVED']);
    expect((await mine(ann)).body.reservation.state).toBe('reserved');
    expect(told(await order(ann))).toEqual([201, 'ordered']);
    t.time.clock.stepWallMs(-AHEAD_MS);
    expect((await mine(bob)).body.reservation.state).toBe('reserved');

    t.time.clock.stepWallMs(AHEAD_MS);
    expect((await mine(bob)).body.reservation.state).toBe('reserved');
    t.time.clock.advanceMs(CONFIRM_MS);
    expect((await mine(bob)).body.reservation.state).toBe('expired');
    expect(told(await want(cyd))).toEqual([200, false]);
  });

  test('keeps a piece as long as it says, whatever the clock did while nobody asked', async () => {
    t.time.clock.stepWallMs(AHEAD_MS);
    passes(CONFIRM_MS + 500);
    await openSale(t);
    const [ann, bob] = [await t.session('ann'), await t.session('bob')];
    expect(told(await want(ann))).toEqual([200, false]);
    expect((await mine(ann)).body.reservation.expiresAt).toBe(t.time.clock.unixMs() + RESERVED_MS);
    // Behind the right time for one look.
    t.time.clock.stepWallMs(-AHEAD_MS / 2);
    await t.get(`${PATH}/sale`);
    t.time.clock.stepWallMs(AHEAD_MS / 2);
    t.time.advance(300);
    expect(told(await want(bob))).toEqual([200, false]);
    expect((await mine(bob)).body.reservation.expiresAt).toBe(t.time.clock.unixMs() + RESERVED_MS);
    t.time.clock.advanceMs(RESERVED_MS - 1);
    expect((await mine(bob)).body.reservation.state).toBe('reserved');
  });

  test('gives what nobody ordered back by itself', async () => {
    await openSale(t);
    await want(await t.session('ann'));
    t.time.clock.advanceMs(RESERVED_MS);
    await until(async () => {
      t.time.advance(250);
      expect(await pieces()).toEqual({ free: 2, reserved: 0, granted: 0 });
    });
  });

  test('refuses what it must, each with its code', async () => {
    const ann = await t.session('ann');
    expect(told(await want(ann))).toEqual([409, 'ERR_INTERACTION_NOT_OPEN']);
    expect(told(await order(ann))).toEqual([404, 'ERR_RESERVATION_NONE']);
    await openSale(t);
    await want(ann);
    expect(told(await order(ann, ''))).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(told(await order(ann, 'x'.repeat(129)))).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(told(await order(ann, 'k', { pieces: 2 }))).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(told(await order('fc1.nobody'))).toEqual([401, 'ERR_TOKEN_INVALID']);
    expect(told(await mine(''))).toEqual([401, 'ERR_TOKEN_MISSING']);
    await t.quiz('q1');
    for (const path of ['sale', 'reservation']) {
      expect(told(await t.get(`/api/v1/interactions/q1/${path}`, ann))).toEqual([
        404,
        'ERR_INTERACTION_UNKNOWN',
      ]);
    }
    expect(told(await t.post(`${PATH}/sale`, {}))).toEqual([405, 'ERR_METHOD']);
    await t.publish(t.land({ id: 'lock-1', type: 'interaction.lock', ref: 'open-1' }));
    t.time.advance(SPREAD_MS);
    expect(told(await want(await t.session('bob')))).toEqual([409, 'ERR_INTERACTION_LOCKED']);
    expect(told(await order(ann))).toEqual([201, 'ordered']);
  });

  test('rehearsed, sells nothing: there is no way from a rehearsal to the stock', async () => {
    await openSale(t, true);
    const ann = await t.session('ann');
    expect(await want(ann, { rehearsal: true })).toMatchObject({
      status: 200,
      body: { receipt: { status: 'rehearsal' } },
    });
    expect((await mine(ann)).body).toMatchObject({ reservation: null, place: null });
    expect(told(await order(ann))).toEqual([404, 'ERR_RESERVATION_NONE']);
    expect(await pieces()).toEqual({ free: 2, reserved: 0, granted: 0 });
  });
});

test('64 connections that ask for 10 pieces at once, each twice, get 10, and order each once', async () => {
  await started();
  await stock(t, 10);
  await prepareSale(t);
  await openSale(t);
  const connections = new Connections(64);
  try {
    const tokens = await Promise.all(Array.from({ length: 64 }, (_, i) => t.session(`v${i}`)));
    const body = { cue: 'open-1' };
    // Each viewer twice, the second time over another connection.
    const wishes = await Promise.all(
      [...tokens, ...tokens].map((token, i) =>
        connections.send(i < 64 ? i : i + 31, `${t.url}${PATH}/submissions`, token, body),
      ),
    );
    expect(connections.ports.size).toBeGreaterThanOrEqual(64);
    const won = tokens.filter((_, i) => wishes[i]!.status === 200 || wishes[i + 64]!.status === 200);
    expect(won).toHaveLength(10);
    for (const [i] of tokens.entries()) {
      const both = [wishes[i]!, wishes[i + 64]!];
      const ids = both.flatMap(({ body: { receipt } }) => receipt?.id ?? []);
      expect(new Set(ids).size).toBeLessThanOrEqual(1);
      for (const {
        body: { error },
      } of both)
        if (error !== undefined) expect(error.code).toBe('ERR_STOCK_RESERVED');
    }
    expect(await pieces()).toEqual({ free: 0, reserved: 10, granted: 0 });

    const orders = await Promise.all(
      Array.from({ length: 64 }, (_, i) => {
        const token = won[i % 10]!;
        return connections.send(
          i,
          `${t.url}${PATH}/order`,
          token,
          {},
          { 'Idempotency-Key': `key-${i % 10}` },
        );
      }),
    );
    expect(orders.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(orders.filter(({ status }) => status === 200)).toHaveLength(54);
    expect(new Set(orders.map(({ body: { reservation } }) => reservation.order.id)).size).toBe(10);
    expect(await pieces()).toEqual({ free: 0, reserved: 0, granted: 10 });
    expect(await t.books.ask('outbox.lanes', {})).toMatchObject([{ lane: 'stock', queued: 10 }]);
  } finally {
    connections.close();
  }
  expect(checkLedger(t.ledgerPath).findings).toEqual([]);
});

test('orders that race the end of their reservations: each piece is sold or for sale, never both', async () => {
  await started();
  await stock(t, 20);
  await prepareSale(t);
  await openSale(t);
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => t.session(`v${i}`)));
  await Promise.all(tokens.map((token) => want(token)));
  t.time.clock.advanceMs(RESERVED_MS - 5);
  // The moment comes while they are on their way, and so do others who want what is left.
  const others = await Promise.all(Array.from({ length: 20 }, (_, i) => t.session(`o${i}`)));
  const ordersOf = async (chain: number): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (let i = chain; i < 20; i += 4) {
      answers.push(await order(tokens[i]!, `k${i}`));
      t.time.clock.advanceMs(1);
    }
    return answers;
  };
  const [orders, wishes] = await Promise.all([
    Promise.all([0, 1, 2, 3].map((chain) => ordersOf(chain))).then((all) => all.flat()),
    Promise.all(others.map((token) => want(token))),
    Promise.all(
      Array.from({ length: 3 }, () =>
        t.books.perform('rights.expire', { limit: 7, atUs: t.time.clock.unixUs() }),
      ),
    ),
  ]);
  const sold = orders.filter(({ status }) => status === 201).length;
  expect(sold).toBeGreaterThan(0);
  expect(sold).toBeLessThan(20);
  for (const one of orders) if (one.status !== 201) expect(told(one)).toEqual([409, 'ERR_RESERVATION_OVER']);
  const got = wishes.filter(({ status }) => status === 200).length;
  expect(await t.books.ask('sale.stock', { interaction: 's1', nowUs: t.time.clock.unixUs() })).toMatchObject({
    ...{ ordered: sold, reserved: got, free: 20 - sold - got },
  });
  expect(checkLedger(t.ledgerPath).findings).toEqual([]);
});

describe('payment', () => {
  let downstream: Downstream;
  beforeEach(async () => {
    downstream = await new Downstream().listen();
    await started({
      rewards: {
        ...{ url: downstream.url, secrets: [SECRET], timeoutMs: 5_000, signedAnswers: false },
        ...{ giveUpMs: 3_600_000, perSecond: 1_000, lanePerSecond: 1_000, concurrency: 4 },
      },
    });
    await stock(t, 1);
    await prepareSale(t);
    await openSale(t);
  });
  afterEach(() => downstream.close());

  /** Time goes on until the viewer's reservation is in that state. */
  const comesTo = (token: string, state: string) =>
    until(async () => {
      t.time.advance(250);
      expect((await mine(token)).body.reservation.state).toBe(state);
    });

  test('that is declined puts the piece on sale again at once, for another', async () => {
    downstream.behave = answer(200, { outcome: 'declined', reason: 'card refused' });
    const [ann, bob] = [await t.session('ann'), await t.session('bob')];
    await want(ann);
    await order(ann);
    await comesTo(ann, 'declined');
    expect(downstream.received[0]!.body).toMatchObject({ type: 'order.placed', data: { viewer: 'ann' } });
    expect(told(await order(ann))).toEqual([200, 'declined']);
    t.time.advance(300);
    expect(told(await want(ann))).toEqual([200, true]);
    expect(told(await want(bob))).toEqual([200, false]);
    // It has said no itself: nothing is to be told to it.
    expect(downstream.received.map(({ body }) => body.type)).toEqual(['order.placed']);
  });

  test('that times out after it has been made is asked for again under one id, and sold once', async () => {
    downstream.behave = never;
    const ann = await t.session('ann');
    await want(ann);
    await order(ann);
    await until(() => {
      t.time.advance(250);
      expect(downstream.received.length).toBeGreaterThan(0);
    });
    const first = downstream.received[0]!;
    downstream.behave = answer(200, { outcome: 'done' });
    t.time.advance(5_000);
    await comesTo(ann, 'confirmed');
    expect(new Set(downstream.ids())).toEqual(new Set([first.id]));
    expect(downstream.received.length).toBeGreaterThan(1);
    expect(await pieces()).toEqual({ free: 0, reserved: 0, granted: 1 });
    expect(told(await order(ann))).toEqual([200, 'confirmed']);
  });
});

describe('the waiting room', () => {
  const sale = async (n: number, perSecond = 1) => {
    await started();
    await stock(t, n);
    await prepareSale(t, { admitPerSecond: perSecond });
    await openSale(t);
  };
  const sessions = (names: readonly string[]) => Promise.all(names.map((name) => t.session(name)));

  test('lets viewers in at the rate, in the order of their arrival, with position, estimate and Retry-After', async () => {
    await sale(10);
    const tokens = await sessions(['ann', 'bob', 'cyd', 'dan']);
    const answers: Answer[] = [];
    for (const token of tokens) answers.push(await want(token));
    expect(answers.map(told)).toEqual([
      [200, false],
      [202, 1],
      [202, 2],
      [202, 3],
    ]);
    const { waiting } = answers[2]!.body;
    expect(waiting).toMatchObject({
      ...{ waitMs: 2_000, retryAfterMs: 2_000, turnAt: t.time.clock.unixMs() + 2_000 },
      openUntil: t.time.clock.unixMs() + 2_000 + RESERVED_MS,
    });
    expect(answers[2]!.headers.get('retry-after')).toBe('2');
    // Coming back early changes nothing, with the ticket or without it.
    t.time.advance(500);
    expect(told(await want(tokens[2]!, { ticket: waiting.ticket }))).toEqual([202, 2]);
    expect((await want(tokens[2]!)).body.waiting.turnAt).toBe(waiting.turnAt);
    t.time.advance(500);
    expect(told(await want(tokens[1]!, { ticket: answers[1]!.body.waiting.ticket }))).toEqual([200, false]);
    expect(told(await want(tokens[2]!, { ticket: waiting.ticket }))).toEqual([202, 1]);
    t.time.advance(1_000);
    expect(told(await want(tokens[2]!, { ticket: waiting.ticket }))).toEqual([200, false]);
    expect((await t.get(`${PATH}/sale`)).body.line).toEqual({ perSecond: 1, waitMs: 2_000 });
  });

  test('lets nobody in before their turn while the clock is ahead for a moment', async () => {
    await sale(10);
    const [ann, bob] = await sessions(['ann', 'bob']);
    await want(ann!);
    const { waiting } = (await want(bob!)).body;
    t.time.clock.stepWallMs(AHEAD_MS);
    t.time.advance(500);
    expect(told(await want(bob!, { ticket: waiting.ticket }))).toEqual([202, 1]);
    expect((await want(bob!)).body.waiting.turnAt).toBe(waiting.turnAt);
    t.time.clock.stepWallMs(-AHEAD_MS);
    t.time.advance(500);
    expect(told(await want(bob!, { ticket: waiting.ticket }))).toEqual([200, false]);
  });

  test('has tickets that are good for one viewer and one sale, and cannot be forged or used again', async () => {
    await sale(10);
    const [ann, bob, eve] = await sessions(['ann', 'bob', 'eve']);
    await want(ann!);
    const { ticket } = (await want(bob!)).body.waiting;
    t.time.advance(1_000);
    const invalid = [403, 'ERR_TICKET_INVALID'];
    // Handed on, or sold.
    expect(told(await want(eve!, { ticket }))).toEqual(invalid);
    const [head, payload, mac] = ticket.split('.');
    const text = Buffer.from(payload, 'base64url').toString();
    const forge = (other: string) => `${head}.${Buffer.from(other).toString('base64url')}.${mac}`;
    for (const forged of [
      forge(text.replace('bob', 'eve')),
      forge(text.replace(/^2 \d+/, '2 1')),
      `${head}.${payload}.${'A'.repeat(43)}`,
      `${ticket}A`,
      ...['', 'ft1..', 'x'.repeat(4_000), 7, null, {}, [ticket]],
    ]) {
      expect(told(await want(eve!, { ticket: forged }))).toEqual(invalid);
    }
    // Of another sale of the same viewer.
    const body = { id: 's2', type: 'flash-sale', config: { ...(await t.get(PATH, DIRECTOR)).body.config } };
    expect((await t.post('/api/v1/interactions', body, DIRECTOR)).status).toBe(201);
    await t.publish(
      t.land({ id: 'open-2', type: 'interaction.open', data: { interaction: 's2' }, durationMs: 60_000 }),
    );
    expect(told(await t.submit('s2', bob!, { cue: 'open-2', ticket }))).toEqual(invalid);
    // Its owner's, once: the second time there is the first receipt.
    const first = await want(bob!, { ticket });
    expect(told(first)).toEqual([200, false]);
    expect((await want(bob!, { ticket })).body.receipt).toEqual({ ...first.body.receipt, repeated: true });
    expect((await pieces()).reserved).toBe(2);
  });

  test('survives a restart: places, turns and tickets are what they were', async () => {
    await sale(10);
    const tokens = await sessions(['ann', 'bob', 'cyd']);
    await want(tokens[0]!);
    const tickets = [await want(tokens[1]!), await want(tokens[2]!)].map(({ body }) => body.waiting);
    await t.shut();
    await t.open();
    // Nobody who comes now gets in before those who were there, and no lost ticket costs a place.
    expect(told(await want(await t.session('dan')))).toEqual([202, 3]);
    expect((await want(tokens[1]!)).body.waiting).toEqual(tickets[0]);
    t.time.advance(1_000);
    expect(told(await want(tokens[1]!, { ticket: tickets[0].ticket }))).toEqual([200, false]);
    expect(told(await want(tokens[2]!, { ticket: tickets[1].ticket }))).toEqual([202, 1]);
  });

  test('tells all who wait at once that everything is sold', async () => {
    await sale(1);
    const tokens = await sessions(Array.from({ length: 20 }, (_, i) => `v${i}`));
    expect(told(await want(tokens[0]!))).toEqual([200, false]);
    const waiting = await Promise.all(tokens.slice(1).map((token) => want(token)));
    expect(waiting.every(({ status }) => status === 202)).toBe(true);
    // While the piece is only reserved, waiting is worth something.
    t.time.advance(1_000);
    const back = (i: number) => want(tokens[i + 1]!, { ticket: waiting[i]!.body.waiting.ticket });
    const inTurn = waiting.findIndex(({ body }) => body.waiting.position === 1);
    expect(told(await back(inTurn))).toEqual([409, 'ERR_STOCK_RESERVED']);
    await order(tokens[0]!);
    t.time.advance(250);
    const now = await Promise.all(waiting.map((_, i) => back(i)));
    expect(now.map(told)).toEqual(now.map(() => [409, 'ERR_SOLD_OUT']));
    expect(told(await want(await t.session('late')))).toEqual([409, 'ERR_SOLD_OUT']);
  });

  test('lets nobody into a line that is longer than the sale', async () => {
    await sale(10);
    await want(await t.session('ann'));
    await t.publish(t.land({ id: 'lock-1', type: 'interaction.lock', ref: 'open-1' }));
    t.time.advance(SPREAD_MS - 1_500);
    const tokens = await sessions(['bob', 'cyd', 'dan']);
    const answers: Answer[] = [];
    for (const token of tokens) answers.push(await want(token));
    expect(answers.map(told)).toEqual([
      [200, false],
      [202, 1],
      [409, 'ERR_SALE_LINE_CLOSED'],
    ]);
  });

  test('stands before shadow viewers too, who reserve nothing', async () => {
    await started();
    await stock(t, 10);
    await prepareSale(t, { admitPerSecond: 1 }, { shadow: true });
    await openSale(t);
    const { body } = await t.post('/api/v1/session/shadow', { count: 2 }, DIRECTOR);
    const [first, second] = body.viewers.map(({ token }: { token: string }) => token);
    expect(told(await want(first))).toEqual([200, false]);
    const { ticket } = (await want(second)).body.waiting;
    t.time.advance(1_000);
    expect(told(await want(second, { ticket }))).toEqual([200, false]);
    expect(told(await order(first))).toEqual([403, 'ERR_SHADOW_VIEWER']);
    expect(await pieces()).toEqual({ free: 10, reserved: 0, granted: 0 });
  });
});
