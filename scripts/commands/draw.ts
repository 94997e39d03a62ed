import { Command } from 'commander';
import { drawKeyCommand, drawRandomnessCommand, drawRebookCommand } from './prizes/draw-change.ts';
import {
  drawEntrantsCommand,
  drawListCommand,
  drawResultCommand,
  drawSealedCommand,
  drawShowCommand,
} from './prizes/draw-look.ts';

const HELP = `
Nobody closes a list, commits or draws by hand: events does it, step by step, whoever watches (docs/draws.md).`;

/** `framecue draw`: docs/prizes-shell.md. */
export const drawCommand = (): Command =>
  new Command('draw')
    .exitOverride()
    .showHelpAfterError()
    .description('the draws of lotteries: how far they are, who has won, and what helps one that is stuck')
    .addHelpText('after', HELP)
    .addCommand(drawListCommand())
    .addCommand(drawShowCommand())
    .addCommand(drawResultCommand())
    .addCommand(drawEntrantsCommand())
    .addCommand(drawSealedCommand())
    .addCommand(drawKeyCommand())
    .addCommand(drawRandomnessCommand())
    .addCommand(drawRebookCommand());
