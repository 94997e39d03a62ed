import { expect, test } from 'vitest';
import { unixMs } from '../packet/time.ts';
import { createLog } from '../service/log.ts';
import type { JournalEntry } from './cue-log.ts';
import { CueJournal } from './journal.ts';
import { sampleCue } from './testing/cues.ts';

const AT = unixMs(1_790_000_000_000);

test('what is recorded by whoever waited for the entry before is appended too', async () => {
  const appended: string[] = [];
  const journal = new CueJournal({
    append: async (entries: readonly JournalEntry[]) => {
      for (const { cue } of entries) appended.push(cue.id);
    },
    log: createLog('test', { logLevel: 'silent' }),
    maxWaiting: 100,
    retryMs: 1_000,
  });
  journal.record(sampleCue('a'), AT);
  const second = journal.settled().then(() => {
    journal.record(sampleCue('b'), AT);
    return journal.settled();
  });
  await second;
  expect(appended).toEqual(['a', 'b']);
  expect(await journal.stop(1_000)).toBe(true);
}, 5_000);
