import { Command } from 'commander';
import { boxesCommand, giveCommand } from './prizes/boxes.ts';
import {
  measureApplyCommand,
  measureClearCommand,
  measureListCommand,
  measureRevertCommand,
  measureSetCommand,
} from './prizes/measures.ts';

/** `framecue measure`: docs/prizes-shell.md. */
export const measureCommand = (): Command =>
  new Command('measure')
    .exitOverride()
    .showHelpAfterError()
    .description('treasure boxes: their rules, and what is prepared to change them')
    .addCommand(measureListCommand())
    .addCommand(measureSetCommand())
    .addCommand(measureClearCommand())
    .addCommand(measureApplyCommand())
    .addCommand(measureRevertCommand())
    .addCommand(boxesCommand())
    .addCommand(giveCommand());
