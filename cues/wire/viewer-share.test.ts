import { expect, test } from 'vitest';
import { viewerPlaceOf } from './viewer-share.ts';

/** For clients in other languages. */
const VECTORS = { ann: 2712275890, 'Zoë 7': 2303395794 };

test('the place of a viewer is the same everywhere, for good', () => {
  expect(viewerPlaceOf('ann', 'delay') * 2 ** 32).toBe(VECTORS.ann);
  expect(viewerPlaceOf('Zoë 7', 'delay') * 2 ** 32).toBe(VECTORS['Zoë 7']);
});

test.each([
  ['numbers one after another', (n: number) => String(n)],
  ['a common beginning', (n: number) => `customer-000${n}`],
  ['a common end', (n: number) => `${n}@example.com`],
])('viewers are spread evenly: %s', (_name, idOf) => {
  const count = 20_000;
  const bins = Array.from({ length: 20 }, () => 0);
  for (let n = 0; n < count; n++) bins[Math.floor(viewerPlaceOf(idOf(n), 'delay') * 20)]!++;
  // Chi-squared with 19 degrees of freedom: 43.8 is passed by one in a thousand.
  const chi = bins.reduce((sum, bin) => sum + (bin - count / 20) ** 2 / (count / 20), 0);
  expect(chi).toBeLessThan(43.8);
});

test('another use chooses others', () => {
  const chosen = (purpose: string) =>
    Array.from({ length: 10_000 }, (_, n) => viewerPlaceOf(`v${n}`, purpose) < 0.1);
  const a = chosen('delay');
  const b = chosen('other');
  const both = a.filter((is, n) => is && b[n]).length;
  expect(both).toBeGreaterThan(50);
  expect(both).toBeLessThan(150);
});
