import { resolve } from 'node:path';
import { Command } from 'commander';
import { headText } from '../../../events/ledger/head.ts';
import { backupLedger } from '../../../events/ledger/sqlite/backup.ts';
import { fileOf, type PlaceOptions, print, telling, withData } from './place.ts';

export const backupCommand = (): Command =>
  withData(new Command('backup'))
    .description('copies the ledger into one file, also while events writes it, and checks the copy')
    .argument('<file>', 'that is not there yet')
    .option('--json', 'print the report as JSON')
    .action((file: string, options: PlaceOptions) =>
      telling(options.json, async () => {
        const report = await backupLedger(fileOf(options), resolve(file));
        if (options.json === true) return print(JSON.stringify(report));
        const { head, bytes, copiedMs, checkedMs } = report;
        print(`${report.path}: ${bytes} bytes, copied in ${copiedMs} ms, checked in ${checkedMs} ms`);
        print(`head ${headText(head)}`);
      }),
    );
