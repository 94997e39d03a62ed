import { expect, test } from 'vitest';
import { mayHaveBegun, priceWords, readOffer } from './offer.ts';

const data = { interaction: 's1', title: 'The jacket', priceMinor: 1_900, currency: 'EUR' };

test('an opening cue with a title and a price opens a sale, and nothing else does', () => {
  expect(readOffer({ type: 'interaction.open', data })).toEqual(data);
  expect(readOffer({ type: 'interaction.lock', data })).toBeNull();
  for (const name of Object.keys(data)) {
    expect(readOffer({ type: 'interaction.open', data: { ...data, [name]: undefined } as never })).toBeNull();
  }
});

test('only a page that came later than the opening asks what an earlier one had', () => {
  expect(mayHaveBegun({ outcome: 'fired' })).toBe(false);
  expect(mayHaveBegun({ outcome: 'late' })).toBe(true);
});

test.each([
  ['EUR', 1_900, '19'],
  ['JPY', 1_900, '1,900|1\\.900|1900'],
  ['XXXX', 5, '5 XXXX'],
])('a price in %s is written with its own number of places', (currency, priceMinor, part) => {
  expect(priceWords({ currency, priceMinor })).toMatch(new RegExp(part));
});
