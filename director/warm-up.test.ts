import { expect, it } from 'vitest';
import { systemClock } from '../packet/clock.ts';
import { createLog } from '../service/log.ts';
import { makeSigningKey, TEST_LIMITS } from './testing/rig.ts';
import { warmUpCues } from './warm-up.ts';

const log = createLog('test', { logLevel: 'silent' });
const given = { signingKey: makeSigningKey(), clock: systemClock, log };

it('takes cues of every kind that go nowhere', async () => {
  expect(await warmUpCues({ ...given, limits: TEST_LIMITS })).toBe(180);
});

it('starts a server all the same whose settings refuse them', async () => {
  const limits = { ...TEST_LIMITS, cueAheadMs: 1_000, stampTextLimit: 64 };
  expect(await warmUpCues({ ...given, limits })).toBe(0);
});
