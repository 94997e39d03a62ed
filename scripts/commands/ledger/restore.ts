import { resolve } from 'node:path';
import { Command } from 'commander';
import { headText } from '../../../events/ledger/head.ts';
import { LEDGER_LOCK } from '../../../events/ledger/place.ts';
import { restoreLedger } from '../../../events/ledger/sqlite/backup.ts';
import { systemClock } from '../../../packet/clock.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { type FolderLock, lockFolder } from '../../../service/folder-lock.ts';
import { type KnownHead, knownHead } from './check.ts';
import { dataDirOf, fileOf, type PlaceOptions, print, telling, withData } from './place.ts';

interface RestoreOptions extends PlaceOptions {
  readonly head?: KnownHead;
  readonly discardNewer?: boolean;
}

/** Refused while events runs. */
export const restoreCommand = (): Command =>
  withData(new Command('restore'))
    .description(
      'puts a backup in the place of the ledger, once it is checked; what was there is kept beside it',
    )
    .argument('<file>', 'a backup')
    .option('--head <N:HASH>', 'must be in the backup', knownHead)
    .option('--discard-newer', 'also where the ledger that is there holds what the backup does not')
    .option('--json', 'print the report as JSON')
    .action((file: string, options: RestoreOptions) =>
      telling(options.json, async () => {
        const startedAt = performance.now();
        const lock = lockLedger(dataDirOf(options));
        try {
          const report = await restoreLedger(resolve(file), fileOf(options), {
            known: options.head ?? null,
            discardNewer: options.discardNewer === true,
            nowMs: systemClock.unixMs(),
          });
          const tookMs = Math.round(performance.now() - startedAt);
          if (options.json === true) return print(JSON.stringify({ ...report, tookMs }));
          const { path, bytes, copiedMs, checkedMs, kept, before } = report;
          print(
            `${path}: ${bytes} bytes, back in ${tookMs} ms (copied in ${copiedMs}, checked in ${checkedMs})`,
          );
          print(`head ${headText(report.head)}`);
          if (kept !== null) {
            print(`what was there: ${kept}${before === null ? '' : `, head ${headText(before)}`}`);
          }
        } finally {
          lock.release();
        }
      }),
    );

/** @throws {FramecueError} ERR_LEDGER_BUSY */
function lockLedger(dataDir: string): FolderLock {
  try {
    return lockFolder(dataDir, LEDGER_LOCK);
  } catch (error) {
    if (!(error instanceof FramecueError) || error.details?.held !== true) throw error;
    const text = `The ledger in ${dataDir} is in use: events runs on it, or another command does. Stop events, restore, and start it again. Nothing has changed.`;
    throw new FramecueError('ERR_LEDGER_BUSY', text, { cause: error, details: { dataDir } });
  }
}
