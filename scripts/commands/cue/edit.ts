import { Command, Option } from 'commander';
import type { Cue } from '../../../cues/cue.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { ask, jsonObject, serverOf, span, wholeNumber, withServer } from '../server.ts';
import { cueId, type MomentOptions, momentFields, type ReportOptions, withMoment } from './options.ts';
import { telling } from './refusal.ts';
import { describeCue } from './words.ts';

/** What can be taken away from a cue, by the option that sets it. */
const CLEARABLE = {
  duration: 'durationMs',
  'align-at': 'alignAt',
  audience: 'audience',
  title: 'title',
} as const;
type Clearable = keyof typeof CLEARABLE;

interface EditOptions extends ReportOptions, MomentOptions {
  readonly rev?: number;
  readonly data?: Record<string, unknown>;
  readonly title?: string;
  readonly duration?: number;
  readonly audience?: Record<string, unknown>;
  readonly clear?: readonly Clearable[];
}

const HELP = `
Examples:
  framecue cue edit final --data '{"interaction":"quiz-9"}' --title "The real final"
  framecue cue edit final --at 2026-12-31T23:59:50Z --rev 2
  framecue cue edit final --clear duration align-at

Only until it is announced: what players know is not changed any more.`;

/** `framecue cue edit ID`. */
export const editCommand = (): Command =>
  withMoment(withServer(new Command('edit')))
    .description('changes a cue that nobody has heard of')
    .argument('<id>', "the cue's id", cueId)
    .option('--rev <n>', 'only where it still has this revision', wholeNumber)
    .option('--data <json>', 'what viewers may see, the whole of it', jsonObject)
    .option('--title <text>', 'what consoles call it')
    .option('--duration <span>', 'closes by itself after this long', span)
    .option('--audience <json>', 'whom it is for', jsonObject)
    .addOption(new Option('--clear <what...>', 'takes these away').choices(Object.keys(CLEARABLE)))
    .option('--json', 'print the cue as the server gives it')
    .addHelpText('after', HELP)
    .action((id: string, options: EditOptions) =>
      telling(options.json, async () => {
        const { rev, data, title, duration, audience, clear = [] } = options;
        const changes = {
          ...momentFields(options),
          ...{ data, title, audience, durationMs: duration },
          ...Object.fromEntries(clear.map((name) => [CLEARABLE[name], null])),
        };
        if (Object.values(changes).every((value) => value === undefined)) {
          throw new FramecueError('ERR_REQUEST_INVALID', 'Say what is to be changed: see --help.');
        }
        const server = serverOf(options);
        const path = `/api/v1/streams/${server.stream}/cues/${id}`;
        const cue = await ask<Cue>(server, 'PATCH', path, { ...changes, rev });
        process.stdout.write(`${options.json === true ? JSON.stringify(cue) : describeCue(cue)}\n`);
      }),
    );
