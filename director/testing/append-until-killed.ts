import { systemClock } from '../../packet/clock.ts';
import { createLog } from '../../service/log.ts';
import { openCueLog } from '../cue-log.ts';
import { sampleCue } from './cues.ts';

/** A process of its own for a test that kills it: appends cues and prints the id of each that is acknowledged. */
const { cueLog } = await openCueLog({
  path: process.argv[2]!,
  log: createLog('test', { logLevel: 'silent' }),
  maxQueued: 1_000,
  timeoutMs: 10_000,
  keepDays: 30,
  keepEntries: 100_000,
});

for (let at = 0; ; at++) {
  const cue = sampleCue(`c${at}`);
  await cueLog.accept(cue, systemClock.unixMs(), {
    token: 'director',
    key: `key-${at}`,
    hash: 'h',
    cueId: cue.id,
    at: systemClock.unixMs(),
  });
  await cueLog.update([{ cue: { ...cue, state: 'landed' }, at: systemClock.unixMs(), forgetKey: false }]);
  process.stdout.write(`${cue.id}\n`);
}
