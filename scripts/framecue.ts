#!/usr/bin/env node
/** `npx framecue COMMAND`: exit code 0 good, 1 found something wrong, 2 used wrongly. */
import { Command, CommanderError } from 'commander';
import { sentenceOf } from '../server/process.ts';
import { cueCommand } from './commands/cue.ts';
import { statusCommand } from './commands/status.ts';
import { verifyCommand } from './commands/verify.ts';

const program = new Command('framecue')
  .description('Frame-accurate cues for live video: talks to a server that runs.')
  .showHelpAfterError()
  .exitOverride()
  .addCommand(statusCommand())
  .addCommand(cueCommand())
  .addCommand(verifyCommand());

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}
