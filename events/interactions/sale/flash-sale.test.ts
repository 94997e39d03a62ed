import { describe, expect, test } from 'vitest';
import { newFacts } from '../../ledger/facts.ts';
import { anInteraction } from '../../ledger/fixtures.ts';
import { saleConfig } from '../../ledger/sqlite/sale/fixtures.ts';
import { flashSale } from './flash-sale.ts';

describe('a flash sale', () => {
  test('shows viewers what it costs, and not where it comes from; each answer is the wish for one', () => {
    const prepared = flashSale.prepare(saleConfig({ admitPerSecond: 10 }))!;
    expect(prepared.publicConfig(newFacts(anInteraction()))).toEqual({
      ...{ title: 'The jacket', priceMinor: 1_900, currency: 'EUR' },
      ...{ reservationMs: 60_000, durationMs: 600_000, perViewer: 1 },
    });
    expect(prepared.readAnswer({ pieces: 9 })).toEqual({ kind: 'answer', answer: {}, bucket: 'reserved' });
    expect(prepared.bookedBy).toBe('sale');
  });

  test.each([
    ['more than one for a viewer', { perViewer: 2 }],
    ['half a cent', { priceMinor: 0.5 }],
    ['a price below nothing', { priceMinor: -1 }],
    ['a currency in words', { currency: 'euro' }],
    ['a reservation that is over at once', { reservationMs: 0 }],
    ['a line in which nobody comes to turn', { admitPerSecond: 0 }],
    ['a line for fractions of viewers', { admitPerSecond: 1.5 }],
    ['no pool', { pool: undefined }],
    ['a field that is none of its own', { colour: 'red' }],
  ])('is not taken with %s', (_name, over) => {
    expect(flashSale.prepare(saleConfig(over))).toBeNull();
  });
});
