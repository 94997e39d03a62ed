import { expect, it } from 'vitest';
import { replayTestKey } from '../cues/replay-key.ts';
import { systemClock } from '../packet/clock.ts';
import { createLog } from '../service/log.ts';
import { loadSettings } from '../service/settings.ts';
import { createTokenRegistry } from '../service/tokens.ts';
import { openDirector } from './director.ts';

it('does not start with the test key of replays, which everybody has, under whatever id', async () => {
  const pem = replayTestKey().privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const opened = openDirector({
    settings: loadSettings({}).settings,
    secrets: { stampKeys: [pem] },
    tokens: createTokenRegistry([]),
    gate: {
      now: () => null,
      schedule: () => false,
      withdraw: () => false,
      setStamping: () => undefined,
    } as never,
    clock: systemClock,
    log: createLog('test', { logLevel: 'silent' }),
  });
  await expect(opened).rejects.toMatchObject({
    code: 'ERR_SETTING',
    details: { setting: 'FRAMECUE_STAMP_KEYS' },
  });
});
