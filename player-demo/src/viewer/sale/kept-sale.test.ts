import { beforeEach, expect, test } from 'vitest';
import type { SaleState } from './desk.ts';
import { createKeptSale } from './kept-sale.ts';

const JACKET = { interaction: 's1', title: 'The jacket', priceMinor: 1_900, currency: 'EUR' };
const SHOES = { ...JACKET, interaction: 's2', title: 'The shoes' };
const RESERVED: SaleState = { kind: 'reserved', endsAt: 60_000, spanMs: 60_000 };

let store: Map<string, string>;
beforeEach(() => {
  store = new Map();
});
const storage = {
  getItem: (key: string) => store.get(key) ?? null,
  setItem: (key: string, value: string) => void store.set(key, value),
  removeItem: (key: string) => void store.delete(key),
};
/** As a page that is loaded has it. */
const page = (place = 'flv') => createKeptSale(place, () => storage);

test('a page that is loaded again knows in which sale the viewer has a piece, each player its own', () => {
  expect(page().read()).toBeNull();
  page().heed(JACKET, RESERVED);
  expect(page().read()).toEqual(JACKET);
  expect(page('hls').read()).toBeNull();
  page().heed(SHOES, { kind: 'ordered', state: 'ordered' });
  expect(page().read()).toEqual(SHOES);
});

test.each<SaleState>([
  { kind: 'open' },
  { kind: 'asking' },
  { kind: 'hoping' },
  { kind: 'refused', code: 'ERR_SOLD_OUT', message: 'Sold out.', mayRetry: false },
])('who has none yet is not remembered: $kind', (state) => {
  page().heed(JACKET, state);
  expect(page().read()).toBeNull();
});

test.each<SaleState>([
  { kind: 'over', state: 'expired' },
  { kind: 'declined', state: 'declined' },
  { kind: 'none' },
])('what is over is forgotten, and nothing else: $kind', (state) => {
  page().heed(JACKET, RESERVED);
  page().heed(SHOES, state);
  expect(page().read()).toEqual(JACKET);
  page().heed(JACKET, { kind: 'ordering' });
  expect(page().read()).toEqual(JACKET);
  page().heed(JACKET, state);
  expect(page().read()).toBeNull();
});

test.each(['', '{', '[]', '{"interaction":"s1"}'])(
  'what somebody else has written there is nothing: %j',
  (text) => {
    page().heed(JACKET, RESERVED);
    for (const key of store.keys()) store.set(key, text);
    expect(page().read()).toBeNull();
  },
);

test('a piece that is paid for takes no place of one that is not', () => {
  page().heed(SHOES, RESERVED);
  page().heed(JACKET, { kind: 'confirmed', state: 'confirmed' });
  expect(page().read()).toEqual(SHOES);
  page().heed(SHOES, { kind: 'confirmed', state: 'confirmed' });
  expect(page().read()).toEqual(SHOES);
});

test.each([
  [
    'is none',
    () => {
      throw new Error('SecurityError');
    },
  ],
  [
    'is full',
    () => ({
      ...storage,
      setItem() {
        throw new Error('QuotaExceededError');
      },
    }),
  ],
])('where there %s to keep it in, a page goes on without', (_name, broken) => {
  const kept = createKeptSale('flv', broken);
  kept.heed(JACKET, RESERVED);
  kept.heed(JACKET, { kind: 'none' });
  expect(kept.read()).toBeNull();
});
