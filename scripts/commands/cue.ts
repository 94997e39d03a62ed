import { Command } from 'commander';
import { cancelCommand } from './cue/cancel.ts';
import { editCommand } from './cue/edit.ts';
import { listCommand, showCommand } from './cue/look.ts';
import { MARK_HELP, markCommand } from './cue/mark.ts';
import { panicCommand } from './cue/panic.ts';
import { takeCommand } from './cue/take.ts';

/** `framecue cue TYPE` marks a cue; the words behind `cue` that are no type do the rest. */
export function cueCommand(): Command {
  const mark = markCommand();
  const cue = new Command('cue')
    .exitOverride()
    .showHelpAfterError()
    .description('marks a cue and says where it landed; takes, cancels, edits and lists cues')
    .helpCommand(false)
    .addHelpText('after', MARK_HELP)
    .addCommand(mark, { isDefault: true })
    .addCommand(takeCommand())
    .addCommand(cancelCommand())
    .addCommand(editCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(panicCommand());
  // `cue --help` is that of marking, which names the others.
  cue.helpInformation = (context) => mark.helpInformation(context).replace('cue mark', 'cue');
  return cue;
}
