import { Command } from 'commander';
import { backupCommand } from './ledger/backup.ts';
import { checkCommand, headCommand } from './ledger/check.ts';
import { exportCommand } from './ledger/export.ts';
import { restoreCommand } from './ledger/restore.ts';
import { eraseCommand, viewerCommand } from './ledger/viewer.ts';

/** `framecue ledger check|head|backup|restore|export|viewer|erase`: docs/ledger.md. */
export const ledgerCommand = (): Command =>
  new Command('ledger')
    .exitOverride()
    .showHelpAfterError()
    .description('the books under every interaction: checked, saved, brought back, read')
    .addCommand(checkCommand())
    .addCommand(headCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(exportCommand())
    .addCommand(viewerCommand())
    .addCommand(eraseCommand());
