import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFramecueWith } from '../client/src/framecue.ts';
import type { FiredCue, Framecue, SubmitWait } from '../client/src/index.ts';
import { browserNet } from '../client/src/page/environment.ts';
import { firedCue } from '../client/test/fired.ts';
import { DIRECTOR, EventsUnderTest } from '../events/test-support/harness.ts';
import { createSaleDesk, type SaleDesk, type SaleState } from '../player-demo/src/viewer/sale/desk.ts';

const PRICE = 1_900;
const DURATION_MS = 600_000;
const RESERVED_MS = 60_000;
/** Where viewers ask; the server behind it may be another one after a restart. */
const EVENTS = 'http://events.test';
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

let t: EventsUnderTest;
let desks: SaleDesk[];
let clients: Framecue[];
beforeEach(async () => {
  t = await new EventsUnderTest().start();
  desks = [];
  clients = [];
});
afterEach(async () => {
  for (const desk of desks) desk.stop();
  for (const client of clients) client.destroy();
  await t.stop();
});

async function sale(pieces: number, config: object = {}, rehearsal?: boolean): Promise<void> {
  const pool = await t.books.perform('pool.open', {
    terms: {
      ...{ id: 'stock', show: 's', title: 'Stock', tier: 'low', purpose: 'stock', currency: 'EUR' },
      ...{ opensAtUs: null, closesAtUs: null, regions: null, leftover: { rule: 'return' } },
      ...{ sweepAtEnd: false, reverseOnVoid: false },
    },
    ...{ budget: { pieces, amountMinor: pieces * PRICE }, by: null, atUs: t.time.clock.unixUs() },
  });
  expect(pool.kind).toBe('done');
  const made = await t.post(
    '/api/v1/interactions',
    {
      ...{ id: 's1', type: 'flash-sale' },
      config: {
        ...{ title: 'The jacket', pool: 'stock', priceMinor: PRICE, currency: 'EUR' },
        ...{ reservationMs: RESERVED_MS, durationMs: DURATION_MS, ...config },
      },
    },
    DIRECTOR,
  );
  expect(made.status).toBe(201);
  const cue = {
    id: 'open-1',
    type: 'interaction.open',
    data: { interaction: 's1' },
    durationMs: DURATION_MS,
  } as const;
  await t.publish(t.land(rehearsal === undefined ? cue : { ...cue, rehearsal }));
}

const opened = (rehearsal = false) =>
  firedCue({
    ...{ id: 'open-1', rev: 0, rehearsal, data: { interaction: 's1' }, path: 'events' },
    ...{ durationMs: DURATION_MS, presentedAt: performance.now(), closesAt: performance.now() + DURATION_MS },
    ...{ epoch: null, firePts: null, stamp: null },
  });

type Answering = (path: string, send: () => Promise<Response>) => Promise<Response>;

/** A viewer's page. @param way what becomes of its requests */
function viewer(name: string, way: Answering = (_path, send) => send()): Framecue {
  const client = createFramecueWith(
    {
      ...{ eventsUrl: EVENTS, stream: 'live/main', poll: false, reportShare: 0, keys: { keys: [] } },
      ...{ onCue: () => undefined, token: () => t.jwt(name) },
    },
    {
      ...browserNet,
      fetch: (input, init) => {
        const path = String(input).slice(EVENTS.length);
        return way(path, () => fetch(t.url + path, init));
      },
    },
  );
  clients.push(client);
  return client;
}

function open(
  name: string,
  rehearsal = false,
  framecue = viewer(name),
  cue: FiredCue | null = opened(rehearsal),
) {
  const states: SaleState[] = [];
  const desk = createSaleDesk({
    ...{ framecue, interaction: 's1', cue },
    onState: (state) => void states.push(state),
  });
  desks.push(desk);
  return { desk, states, framecue, kinds: () => states.map(({ kind }) => kind) };
}

/** The first comes to a reservation at once, and is the reason why others wait. */
async function firstIsIn(): Promise<Framecue> {
  const ann = viewer('ann');
  expect(await ann.submit(opened(), {})).toMatchObject({ ok: true, receipt: { status: 'accepted' } });
  return ann;
}

const wished = (framecue: Framecue, signal?: AbortSignal) => {
  const waits: SubmitWait[] = [];
  const outcome = framecue.submit(opened(), {}, { onWait: (wait) => waits.push(wait), signal });
  return { waits, outcome };
};
const inLine = (waits: readonly SubmitWait[], position = 1) =>
  until(() => expect(waits.at(-1)).toMatchObject({ kind: 'line', position }));

describe('the client library in a flash sale, over the real events process', () => {
  test('keeps its place over a restart of the server, and comes in when it is its turn', async () => {
    await sale(2, { admitPerSecond: 1 });
    await firstIsIn();
    const bob = viewer('bob');
    const { waits, outcome } = wished(bob);
    await inLine(waits);
    await t.shut();
    await until(() => expect(bob.stats().problems.ERR_CLIENT_NETWORK).toBeGreaterThan(0));
    await t.open();
    t.time.advance(1_000);
    expect(await outcome).toMatchObject({ ok: true, receipt: { repeated: false, interaction: 's1' } });
    expect((await bob.reservation('s1')).ok).toBe(true);
  });

  test('loses no piece and orders no second one where acknowledgements are lost', async () => {
    await sale(2);
    const lost = new Set(['/submissions', '/order']);
    const ann = viewer('ann', async (path, send) => {
      const response = await send();
      const name = path.slice(path.lastIndexOf('/'));
      // It is done, and nobody hears of it.
      if (lost.delete(name)) throw new TypeError('the connection was reset');
      return response;
    });
    expect(await wished(ann).outcome).toMatchObject({ ok: true, receipt: { repeated: true } });
    const ordered = await ann.order('s1');
    expect(ordered).toMatchObject({ ok: true, reservation: { state: 'ordered', order: expect.any(String) } });
    expect(lost.size).toBe(0);
    expect(await ann.order('s1')).toMatchObject({
      ok: true,
      reservation: { order: ordered.ok ? ordered.reservation.order : null },
    });
    expect(await t.books.ask('outbox.lanes', {})).toMatchObject([{ lane: 'stock', queued: 1 }]);
    const { free, reserved, granted } = (await t.books.ask('pool.get', { pool: 'stock' }))!.balances;
    expect([free.pieces, reserved.pieces, granted.pieces]).toEqual([1, 0, 1]);
  });

  test('hears in the line that everything is sold', async () => {
    await sale(1, { admitPerSecond: 1 });
    const ann = await firstIsIn();
    const { waits, outcome } = wished(viewer('bob'));
    await inLine(waits);
    expect(await ann.order('s1')).toMatchObject({ ok: true });
    t.time.advance(300);
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'ERR_SOLD_OUT', retryable: false } });
  });

  test('whoever misses their turn is put behind those who were there', async () => {
    await sale(3, { admitPerSecond: 1 });
    await firstIsIn();
    let asleep: Promise<void> | null = null;
    const bob = viewer('bob', async (_path, send) => {
      await asleep;
      return send();
    });
    const { waits, outcome } = wished(bob);
    await inLine(waits);
    const [{ openUntil, turnAt }] = waits as [SubmitWait & { kind: 'line' }];
    expect(openUntil - turnAt).toBeCloseTo(RESERVED_MS, 3);
    const awake = Promise.withResolvers<void>();
    asleep = awake.promise;
    t.time.advance(1_000 + RESERVED_MS);
    expect(await wished(viewer('cyd')).outcome).toMatchObject({ ok: true });
    const heard = waits.length;
    awake.resolve();
    await until(() => expect(waits.length).toBeGreaterThan(heard));
    expect(waits.at(-1)).toMatchObject({ kind: 'line', position: 1 });
    t.time.advance(1_000);
    expect(await outcome).toMatchObject({ ok: true });
  });

  test('left by its signal it holds its place, and goes on there', async () => {
    await sale(3, { admitPerSecond: 1 });
    await firstIsIn();
    const bob = viewer('bob');
    const leaving = new AbortController();
    const { waits, outcome } = wished(bob, leaving.signal);
    await inLine(waits);
    leaving.abort();
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'ERR_CLIENT_ABORTED' } });
    expect(await bob.reservation('s1')).toMatchObject({ ok: true, reservation: null, place: {} });
    const cyd = wished(viewer('cyd'));
    await inLine(cyd.waits, 2);
    const again = wished(bob);
    await inLine(again.waits, 1);
    t.time.advance(1_000);
    expect(await again.outcome).toMatchObject({ ok: true });
    t.time.advance(1_000);
    expect(await cyd.outcome).toMatchObject({ ok: true });
  });

  test('gives back, and is told what cannot be done any more', async () => {
    await sale(1);
    const ann = await firstIsIn();
    expect(await ann.giveBack('s1')).toMatchObject({ ok: true, reservation: { state: 'given-back' } });
    expect(await ann.order('s1')).toMatchObject({ ok: false, error: { code: 'ERR_RESERVATION_OVER' } });
    expect(await viewer('bob').order('s1')).toMatchObject({
      ok: false,
      error: { code: 'ERR_RESERVATION_NONE' },
    });
  });
});

describe('the desk of a sale, over the real events process', () => {
  test('reserves, orders once, and after a reload goes on where it was', async () => {
    await sale(1);
    const ann = open('ann');
    await ann.desk.look();
    expect(ann.states).toEqual([]);
    // Pressed while the page still looks: it comes behind that; pressed twice, it is one.
    void ann.desk.look();
    await Promise.all([ann.desk.want(), ann.desk.want()]);
    expect(ann.kinds()).toEqual(['asking', 'reserved']);
    expect(ann.states.at(-1)).toMatchObject({ spanMs: RESERVED_MS });
    const reloaded = open('ann');
    await reloaded.desk.look();
    expect(reloaded.kinds()).toEqual(['reserved']);
    void reloaded.desk.order();
    await until(() => expect(reloaded.kinds()).toEqual(['reserved', 'ordering', 'ordered']));
    // The first page does not know of it yet: its order is the same one.
    void ann.desk.order();
    await until(() => expect(ann.kinds().at(-1)).toBe('ordered'));
    const bob = open('bob');
    t.time.advance(300);
    await bob.desk.want();
    expect(bob.states.at(-1)).toMatchObject({ kind: 'refused', code: 'ERR_SOLD_OUT', mayRetry: false });
  });

  test('waits for its turn, also after a reload, and for a piece that comes back', async () => {
    await sale(1, { admitPerSecond: 1 });
    const [ann, bob] = [open('ann'), open('bob')];
    await ann.desk.want();
    void bob.desk.want();
    await until(() => expect(bob.states.at(-1)).toMatchObject({ kind: 'waiting', position: 1 }));
    bob.desk.stop();
    const reloaded = open('bob');
    void reloaded.desk.look();
    await until(() => expect(reloaded.states.at(-1)).toMatchObject({ kind: 'waiting', position: 1 }));
    t.time.advance(1_000);
    await until(() => expect(reloaded.kinds().at(-1)).toBe('hoping'));
    await ann.desk.giveBack();
    expect(ann.states.at(-1)).toMatchObject({ kind: 'over', state: 'given-back' });
    await until(() => expect(reloaded.kinds().at(-1)).toBe('reserved'));
    expect(bob.kinds()).toEqual(['asking', 'waiting']);
  });

  test('says of a rehearsal that it is one', async () => {
    await sale(1, {}, true);
    const ann = open('ann', true);
    await ann.desk.want();
    expect(ann.kinds()).toEqual(['asking', 'rehearsed']);
  });

  test('says what became of the viewer when the server cannot be reached, and lets them try again', async () => {
    await sale(1);
    const away = {
      ok: false,
      error: { code: 'ERR_CLIENT_NETWORK', message: '', retryable: true, status: null },
    };
    const framecue = viewer('ann');
    const ann = open('ann', false, { ...framecue, submit: async () => away as never });
    await ann.desk.want();
    expect(ann.states.at(-1)).toMatchObject({ kind: 'refused', code: 'ERR_CLIENT_NETWORK', mayRetry: true });
  });
});

describe('a page that is loaded behind the window', () => {
  /** A viewer who has a piece, and whose page gets no answer as long as it is said. */
  async function buyer() {
    await sale(2);
    const ann = viewer('ann');
    expect(await wished(ann).outcome).toMatchObject({ ok: true });
    const away = { calls: 0 };
    const unless =
      <Of>(ask: (interaction: string) => Promise<Of>) =>
      (interaction: string): Promise<Of | typeof NOBODY> =>
        away.calls-- > 0 ? Promise.resolve(NOBODY) : ask(interaction);
    const framecue = { ...ann, reservation: unless(ann.reservation), order: unless(ann.order) } as Framecue;
    return { framecue, away };
  }
  const NOBODY = {
    ok: false,
    error: { code: 'ERR_CLIENT_NETWORK', message: 'no answer', retryable: true, status: null },
  } as const;

  test('finds the piece, and orders it, also at the second try', async () => {
    const { framecue, away } = await buyer();
    const { desk, states } = open('ann', false, framecue, null);
    await desk.look();
    expect(states.at(-1)).toMatchObject({ kind: 'reserved' });
    away.calls = 2;
    await desk.order();
    expect(states.at(-1)).toMatchObject({ kind: 'refused', code: 'ERR_CLIENT_NETWORK', mayRetry: true });
    await desk.want();
    expect(states.at(-1)).toMatchObject({ kind: 'reserved' });
    const ordered = desk.order();
    await until(() => expect(states.at(-1)).toMatchObject({ kind: 'ordered' }));
    desk.stop();
    await ordered;
  });

  test('says that there is none, and wishes for none', async () => {
    await sale(2);
    const { desk, kinds, framecue } = open('bob', false, undefined, null);
    await desk.look();
    await desk.want();
    expect(kinds()).toEqual(['none', 'none']);
    expect(await framecue.reservation('s1')).toMatchObject({ ok: true, reservation: null, place: null });
  });

  test('looks again where nobody could be reached, and goes on where what it tells breaks', async () => {
    const { framecue, away } = await buyer();
    const states: SaleState[] = [];
    const desk = createSaleDesk({
      ...{ framecue, interaction: 's1', cue: null },
      onState(state) {
        states.push(state);
        if (states.length === 1) throw new Error('no room');
      },
    });
    desks.push(desk);
    away.calls = 1;
    await expect(desk.look()).rejects.toThrow('no room');
    await desk.look();
    expect(states.map(({ kind }) => kind)).toEqual(['reserved', 'reserved']);
  });
});
