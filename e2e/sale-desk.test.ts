import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DIRECTOR, EventsUnderTest } from '../events/test-support/harness.ts';
import { createSaleDesk, type SaleDesk, type SaleState } from '../player-demo/src/viewer/sale/desk.ts';

const PRICE = 1_900;
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

describe('the desk of a sale, over the real events process', () => {
  let t: EventsUnderTest;
  let desks: SaleDesk[];
  beforeEach(async () => {
    t = await new EventsUnderTest().start();
    desks = [];
  });
  afterEach(async () => {
    for (const desk of desks) desk.stop();
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
          ...{ reservationMs: 60_000, durationMs: 600_000, ...config },
        },
      },
      DIRECTOR,
    );
    expect(made.status).toBe(201);
    const cue = {
      id: 'open-1',
      type: 'interaction.open',
      data: { interaction: 's1' },
      durationMs: 600_000,
    } as const;
    await t.publish(t.land(rehearsal === undefined ? cue : { ...cue, rehearsal }));
  }
  function open(viewer: string, rehearsal = false) {
    const states: SaleState[] = [];
    const desk = createSaleDesk({
      ...{ eventsUrl: t.url, interaction: 's1', cue: { id: 'open-1', rev: 0, rehearsal } },
      viewerToken: () => t.jwt(viewer),
      onState: (state) => void states.push(state),
    });
    desks.push(desk);
    return { desk, states, kinds: () => states.map(({ kind }) => kind) };
  }

  test('reserves, orders once, and after a reload goes on where it was', async () => {
    await sale(1);
    const ann = open('ann');
    await ann.desk.look();
    expect(ann.states).toEqual([]);
    // Pressed while the page still looks: it comes behind that; pressed twice, it is one.
    void ann.desk.look();
    await Promise.all([ann.desk.want(), ann.desk.want()]);
    expect(ann.kinds()).toEqual(['asking', 'reserved']);
    expect(ann.states.at(-1)).toMatchObject({ spanMs: 60_000 });
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

  test('waits for its turn, and for a piece that comes back', async () => {
    await sale(1, { admitPerSecond: 1 });
    const [ann, bob] = [open('ann'), open('bob')];
    await ann.desk.want();
    void bob.desk.want();
    await until(() => expect(bob.states.at(-1)).toMatchObject({ kind: 'waiting', position: 1 }));
    t.time.advance(1_000);
    await until(() => expect(bob.kinds().at(-1)).toBe('hoping'));
    await ann.desk.giveBack();
    expect(ann.states.at(-1)).toMatchObject({ kind: 'over', state: 'given-back' });
    await until(() => expect(bob.kinds().at(-1)).toBe('reserved'));
  });

  test('says of a rehearsal that it is one', async () => {
    await sale(1, {}, true);
    const ann = open('ann', true);
    await ann.desk.want();
    expect(ann.kinds()).toEqual(['asking', 'rehearsed']);
  });

  test('says what became of the viewer when the server is gone, and lets them try again', async () => {
    await sale(1);
    const ann = open('ann');
    await t.shut();
    await ann.desk.want();
    expect(ann.states.at(-1)).toMatchObject({ kind: 'refused', code: 'ERR_CLIENT_NETWORK', mayRetry: true });
    await t.open();
  });
});
