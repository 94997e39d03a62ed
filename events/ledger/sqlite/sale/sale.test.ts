import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anInteraction, aSubmission, canceledBy, lockedBy, revealedBy } from '../../fixtures.ts';
import { newPseudonym } from '../../viewers.ts';
import { submitOp } from '../submit-op.ts';
import { at, PRICE, RESERVED_MS, SaleBooks, saleConfig } from './fixtures.ts';

let books: SaleBooks;
beforeEach(() => {
  books = new SaleBooks();
});
afterEach(() => books.close());

const END = RESERVED_MS / 1000;

describe('a reservation', () => {
  test('is made with the answer, or neither is: beyond the stock nothing is left of the wish', () => {
    books.pool(2).sale();
    expect(['ann', 'bob', 'cyd'].map((viewer) => books.want(viewer, 1))).toEqual([
      ...['reserved', 'reserved', 'ERR_STOCK_RESERVED'],
    ]);
    expect(books.pieces()).toEqual({ free: 0, reserved: 2, granted: 0 });
    expect(books.stateOf('cyd', 1)).toBeNull();
    const { expiresAtUs, priceMinor } = books.ledger.ask('sale.mine', {
      ...{ interaction: 's1', viewer: 'ann', nowUs: at(1) },
    }).reservation!;
    expect({ expiresAtUs, priceMinor }).toEqual({ expiresAtUs: at(1 + END), priceMinor: PRICE });
    expect(books.holds()).toBe(true);
  });

  test('is one for each viewer and sale, whatever became of it', () => {
    books.pool(5).sale();
    expect(books.want('ann', 1)).toBe('reserved');
    expect(books.want('ann', 2)).toBe('repeated');
    expect(books.giveBack('ann', 3)).toBe('done given-back');
    expect(books.giveBack('ann', 4)).toBe('already given-back');
    expect(books.want('ann', 5)).toBe('repeated');
    expect(books.pieces()).toEqual({ free: 5, reserved: 0, granted: 0 });
  });

  test('that is over holds nothing back, to the microsecond and before any keeper has come', () => {
    books.pool(1).sale();
    expect(books.want('ann', 0)).toBe('reserved');
    expect(books.want('bob', END - 1e-6)).toBe('ERR_STOCK_RESERVED');
    expect(books.order('ann', END)).toBe('ERR_RESERVATION_OVER');
    expect(books.want('bob', END)).toBe('reserved');
    expect(books.stateOf('ann', END)).toBe('expired');
    expect(books.order('bob', END + 1)).toBe('done ordered');
    expect(books.want('cyd', END + 2)).toBe('ERR_SOLD_OUT');
    expect(books.holds()).toBe(true);
  });

  test('is ended by the keeper in batches, each once', () => {
    books.pool(5).sale();
    for (const viewer of ['a', 'b', 'c', 'd', 'e']) books.want(viewer, 0);
    expect(books.order('c', 1)).toBe('done ordered');
    expect(books.expire(END - 1e-6)).toBe(0);
    expect([books.expire(END, 3), books.expire(END, 3), books.expire(END, 3)]).toEqual([3, 1, 0]);
    expect(books.pieces()).toEqual({ free: 4, reserved: 0, granted: 1 });
    expect(books.holds()).toBe(true);
  });

  test.each([
    ['a pool of prizes', () => books.pool(1, { purpose: 'prize' }), 'ERR_SALE_CLOSED'],
    ['a pool of another currency', () => books.pool(1, { currency: 'USD' }), 'ERR_SALE_CLOSED'],
    ['no pool', () => books, 'ERR_SALE_CLOSED'],
    ['a pool that is not open yet', () => books.pool(1, { opensAtUs: at(100) }), 'ERR_SALE_CLOSED'],
    [
      'a pool for another region',
      () => books.pool(1, { regions: { allow: ['DE'], deny: null } }),
      'ERR_NOT_ELIGIBLE',
    ],
  ])('is not made from %s', (_name, open, code) => {
    open();
    books.sale();
    expect(books.want('ann', 1)).toBe(code);
    expect(books.stateOf('ann', 1)).toBeNull();
  });

  test('is not made in a shadow round, nor by an answer that nobody booked', () => {
    books.pool(1).sale();
    const shadow = anInteraction({ id: 's2', type: 'flash-sale', config: saleConfig(), shadow: true });
    books.ledger.create(shadow);
    expect(books.want('ann', 1, 's2')).toBe('ERR_NOT_ELIGIBLE');
    books.ledger.submit(aSubmission({ interaction: 's1', viewer: 'bob', arrivedAtUs: at(1) }));
    expect(books.order('bob', 2)).toBe('ERR_RESERVATION_NONE');
    expect(books.pieces()).toEqual({ free: 1, reserved: 0, granted: 0 });
  });
});

test('nothing is known of a sale whose making was rolled back with its batch', () => {
  books.pool(5);
  const arrive = { interaction: 's1', viewer: 'early', untilUs: null, atUs: at(1) };
  const config = saleConfig({ admitPerSecond: 1 });
  const wish = (viewer: string) =>
    submitOp({ ...aSubmission({ interaction: 's1', viewer, arrivedAtUs: at(1) }), bookedBy: 'sale' });
  // The last one is refused, so that all are done again one by one.
  const batch = () =>
    books.ledger.apply(
      { kind: 'command', name: 'sale.arrive', given: arrive },
      { kind: 'create', record: anInteraction({ id: 's1', type: 'flash-sale', config }) },
      ...['ann', 'bob'].map(wish),
    );
  expect(batch).toThrow(expect.objectContaining({ code: 'ERR_SALE_TURN' }));
  const { place } = books.ledger.ask('sale.mine', { interaction: 's1', viewer: 'early', nowUs: at(1) });
  expect(place).toBeNull();
  expect(books.stateOf('ann', 1)).toBe('reserved');
});

describe('an order', () => {
  test('makes a grant that is told as order.placed, once, however often it is asked for', () => {
    books.pool(1).sale();
    books.want('ann', 1);
    expect(books.order('ann', 2)).toBe('done ordered');
    expect(books.order('ann', 3)).toBe('already ordered');
    expect(books.order('ann', 3, 'another')).toBe('ERR_ORDER_EXISTS');
    expect(books.pieces()).toEqual({ free: 0, reserved: 0, granted: 1 });
    expect(books.ledger.ask('outbox.list', { limit: 10 })).toMatchObject([
      {
        ...{ id: 'g_s1-ann', topic: 'order.placed', lane: 'stock', viewer: 'ann' },
        payload: { reservation: 's1-ann', grant: 'g_s1-ann', amountMinor: PRICE, priceMinor: PRICE },
      },
    ]);
    expect(books.ledger.perform('grants.make', { limit: 100, atUs: at(5) })).toEqual({ granted: 0 });
    books.settle('ann', 'done', 6);
    expect(books.order('ann', 7)).toBe('already confirmed');
    expect(books.holds()).toBe(true);
  });

  test('that is declined puts the piece on sale again, for others', () => {
    books.pool(1).sale();
    books.want('ann', 1);
    books.order('ann', 2);
    expect(books.want('bob', 3)).toBe('ERR_SOLD_OUT');
    books.settle('ann', 'declined', 4);
    expect(books.stateOf('ann', 4)).toBe('declined');
    expect(books.order('ann', 4)).toBe('already declined');
    expect(books.want('bob', 5)).toBe('reserved');
    expect(books.want('ann', 5)).toBe('repeated');
    expect(books.holds()).toBe(true);
  });

  test("needs a reservation of the viewer's own, and a key that is of no other order", () => {
    books.pool(5).sale('s1').sale('s2');
    books.want('ann', 1, 's1');
    books.want('ann', 1, 's2');
    expect(books.order('bob', 2, 'k')).toBe('ERR_RESERVATION_NONE');
    expect(books.order('ann', 2, 'k', 's1')).toBe('done ordered');
    expect(books.order('ann', 2, 'k', 's2')).toBe('ERR_IDEMPOTENCY_CONFLICT');
    expect(books.order('ann', 2, 'k2', 's2')).toBe('done ordered');
  });

  test('can be placed behind the lock and the reveal, and not in a sale that was cancelled', () => {
    books.pool(5).sale();
    for (const viewer of ['ann', 'bob', 'cyd']) books.want(viewer, 1);
    books.ledger.step(lockedBy('s1', {}));
    expect(books.order('ann', 2)).toBe('done ordered');
    books.ledger.step(revealedBy('s1', {}, {}));
    // The reveal gives out nothing that was not ordered.
    expect(books.ledger.perform('grants.make', { limit: 100, atUs: at(3) })).toEqual({ granted: 0 });
    expect(books.order('bob', 3)).toBe('done ordered');
    books.sale('s2');
    books.want('eve', 4, 's2');
    books.ledger.step(canceledBy('s2'));
    expect(books.stateOf('eve', 5, 's2')).toBe('cancelled');
    expect(books.order('eve', 5, 'k', 's2')).toBe('ERR_INTERACTION_CANCELED');
    books.ledger.perform('rounds.void', { limit: 10, atUs: at(6) });
    expect(books.pieces()).toEqual({ free: 2, reserved: 1, granted: 2 });
    expect(books.holds()).toBe(true);
  });
});

describe('the line', () => {
  const placeOf = (viewer: string, seconds: number) => {
    const outcome = books.arrive(viewer, seconds);
    return outcome.kind === 'place'
      ? [outcome.place.number, (outcome.place.turnUs - at(0)) / 1e6]
      : outcome.kind;
  };

  test('gives each viewer one place, in the order of arrival, and the ledger holds to it', () => {
    books.pool(5).sale('s1', { admitPerSecond: 1 });
    expect(books.want('ann', 0)).toBe('reserved');
    expect(books.want('bob', 0)).toBe('ERR_SALE_TURN');
    expect(placeOf('bob', 0)).toEqual([2, 1]);
    expect(placeOf('cyd', 0.5)).toEqual([3, 2]);
    expect(placeOf('bob', 0.6)).toEqual([2, 1]);
    expect(placeOf('ann', 0.6)).toBe('answered');
    // Nobody is let past by asking directly, whatever a ticket says.
    expect([books.want('cyd', 1.9), books.want('dan', 1.9)]).toEqual(['ERR_SALE_TURN', 'ERR_SALE_TURN']);
    expect([books.want('bob', 1), books.want('cyd', 2)]).toEqual(['reserved', 'reserved']);
    expect(books.holds()).toBe(true);
  });

  test('sends who has missed their turn to its end', () => {
    books.pool(5).sale('s1', { admitPerSecond: 1 });
    books.want('ann', 0);
    expect(placeOf('bob', 0)).toEqual([2, 1]);
    expect(books.want('bob', 1 + END - 1e-6)).toBe('reserved');
    expect(placeOf('cyd', 10)).toEqual([3, 10]);
    expect(placeOf('dan', 10 + END)).toEqual([4, 10 + END]);
    expect(books.want('cyd', 10 + END)).toBe('ERR_SALE_TURN');
    expect(placeOf('cyd', 10 + END)).toEqual([5, 11 + END]);
    expect(books.holds()).toBe(true);
  });

  test('takes nobody whose turn would come when the sale is over, nor more than may wait', () => {
    books.pool(5).sale('s1', { admitPerSecond: 1 });
    books.want('ann', 0);
    expect(books.arrive('bob', 0, 1)).toEqual({ kind: 'too-late' });
    expect(books.arrive('bob', 0, 1.1)).toMatchObject({ kind: 'place' });
    books.sale('s2');
    expect(books.arrive('bob', 0, null, 's2')).toEqual({ kind: 'no-line' });
    expect(books.arrive('bob', 0, null, 'none')).toEqual({ kind: 'no-line' });
  });

  test('costs nobody their turn who finds everything sold', () => {
    books.pool(1).sale('s1', { admitPerSecond: 1 });
    books.want('ann', 0);
    expect(books.want('bob', 5)).toBe('ERR_STOCK_RESERVED');
    expect(books.ledger.ask('sale.stock', { interaction: 's1', nowUs: at(5) })).toMatchObject({ places: 1 });
  });
});

test('a viewer is forgotten, in the line too, once nothing of theirs is open; the books hold together', () => {
  books.pool(5).sale('s1', { admitPerSecond: 1 });
  books.want('ann', 0);
  books.arrive('bob', 0);
  const erase = (viewer: string) =>
    books.ledger.perform('viewer.erase', { viewer, pseudonym: newPseudonym(), by: 'test', atUs: at(5) });
  expect(() => erase('ann')).toThrow(expect.objectContaining({ code: 'ERR_VIEWER_BUSY' }));
  books.order('ann', 1);
  books.settle('ann', 'done', 2);
  books.ledger.step(revealedBy('s1', {}, {}));
  erase('ann');
  erase('bob');
  expect(books.stateOf('ann', 6)).toBeNull();
  expect(books.ledger.ask('sale.mine', { interaction: 's1', viewer: 'bob', nowUs: at(6) }).place).toBeNull();
  expect(books.holds()).toBe(true);
});

test('whatever is asked in whatever order: no piece is reserved or sold twice, and the books hold together', () => {
  const viewer = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('want' as const), viewer }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('order' as const), viewer, key: fc.constantFrom('k1', 'k2') }),
    },
    fc.record({ do: fc.constant('give-back' as const), viewer }),
    fc.record({ do: fc.constant('arrive' as const), viewer }),
    fc.record({ do: fc.constant('expire' as const) }),
    fc.record({ do: fc.constantFrom('done' as const, 'declined' as const), viewer }),
  );
  const timed = fc.tuple(step, fc.integer({ min: 0, max: 40 }));
  const setting = fc.record({
    stock: fc.integer({ min: 1, max: 3 }),
    admitPerSecond: fc.option(fc.constant(1), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      setting,
      fc.array(timed, { minLength: 5, maxLength: 40 }),
      ({ stock, admitPerSecond }, steps) => {
        const b = new SaleBooks();
        try {
          b.pool(stock).sale('s1', admitPerSecond === undefined ? {} : { admitPerSecond });
          let now = 0;
          for (const [what, gap] of steps) {
            now += gap;
            if (what.do === 'want') b.want(what.viewer, now);
            else if (what.do === 'order') b.order(what.viewer, now, `${what.viewer}-${what.key}`);
            else if (what.do === 'give-back') b.giveBack(what.viewer, now);
            else if (what.do === 'arrive') b.arrive(what.viewer, now);
            else if (what.do === 'expire') b.expire(now);
            else if (b.stateOf(what.viewer, now) === 'ordered') b.settle(what.viewer, what.do, now);
            const states = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => b.stateOf(name, now));
            const holding = states.filter((s) => s === 'reserved').length;
            const sold = states.filter((s) => s === 'ordered' || s === 'confirmed').length;
            const asked = b.ledger.ask('sale.stock', { interaction: 's1', nowUs: at(now) })!;
            // The model: a piece is with one viewer, or for sale.
            expect(asked).toMatchObject({ reserved: holding, ordered: sold, free: stock - holding - sold });
          }
          expect(b.holds()).toBe(true);
        } finally {
          b.close();
        }
      },
    ),
    { numRuns: Number(process.env.FRAMECUE_SALE_RUNS ?? 15) },
  );
});
