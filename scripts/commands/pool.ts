import { Command } from 'commander';
import {
  poolCloseCommand,
  poolCreateCommand,
  poolFundCommand,
  poolReopenCommand,
  poolSweepCommand,
} from './prizes/pool-change.ts';
import {
  poolAccountCommand,
  poolListCommand,
  poolShowCommand,
  poolTotalsCommand,
} from './prizes/pool-look.ts';
import { grantsCommand, peopleCommand, reverseCommand, rightsCommand } from './prizes/rights.ts';

/** `framecue pool`: docs/prizes-shell.md. */
export const poolCommand = (): Command =>
  new Command('pool')
    .exitOverride()
    .showHelpAfterError()
    .description('what a show gives away: pools, rights and grants, and the account of all of it')
    .addCommand(poolListCommand())
    .addCommand(poolShowCommand())
    .addCommand(poolTotalsCommand())
    .addCommand(poolAccountCommand())
    .addCommand(poolCreateCommand())
    .addCommand(poolFundCommand())
    .addCommand(poolCloseCommand())
    .addCommand(poolReopenCommand())
    .addCommand(poolSweepCommand())
    .addCommand(rightsCommand())
    .addCommand(grantsCommand())
    .addCommand(reverseCommand())
    .addCommand(peopleCommand());
