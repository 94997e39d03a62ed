import { expect, test } from 'vitest';
import { ManualClock } from '../../packet/clock.ts';
import { WriteHealth } from './write-health.ts';

test('a ledger that refuses is impaired until it has committed something, some seconds after the last refusal', () => {
  const clock = new ManualClock();
  const health = new WriteHealth(clock);
  health.committed();
  health.refused('ERR_OVERLOADED');
  expect(health.isImpaired).toBe(false);
  health.refused('ERR_STORE_UNAVAILABLE');
  // A batch that changes nothing is committed on a full disk, too.
  health.committed();
  expect(health.isImpaired).toBe(true);
  clock.advanceMs(9_000);
  health.refused('ERR_STORE_UNAVAILABLE');
  clock.advanceMs(9_000);
  health.committed();
  expect(health.isImpaired).toBe(true);
  clock.advanceMs(60_000);
  expect(health.isImpaired).toBe(true);
  health.committed();
  expect(health.isImpaired).toBe(false);
});
