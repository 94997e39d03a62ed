import { Command, Option } from 'commander';
import type { Cue } from '../../../cues/cue.ts';
import { CUE_STATES, type CueState } from '../../../cues/states.ts';
import { ask, serverOf, wholeNumber, withServer } from '../server.ts';
import { cueId, type ReportOptions } from './options.ts';
import { telling } from './refusal.ts';
import { getCue, lostIn } from './waiting.ts';
import { describeCue, lineOf } from './words.ts';

interface ListOptions extends ReportOptions {
  readonly limit: number;
  readonly before?: string;
  readonly state?: CueState;
}

/** `framecue cue list`: newest first. */
export const listCommand = (): Command =>
  withServer(new Command('list'))
    .description('the newest cues of the stream')
    .option('--limit <n>', 'so many, at most 200', wholeNumber, 20)
    .option('--before <id>', 'older than this one', cueId)
    .addOption(new Option('--state <state>', 'only those in this state').choices(CUE_STATES))
    .option('--json', 'print { cues, next } as the server gives it')
    .action((options: ListOptions) =>
      telling(options.json, async () => {
        const server = serverOf(options);
        const query = new URLSearchParams({ limit: String(options.limit) });
        if (options.before !== undefined) query.set('before', options.before);
        const page = await ask<{ cues: Cue[]; next: string | null }>(
          server,
          'GET',
          `/api/v1/streams/${server.stream}/cues?${query}`,
        );
        const cues = page.cues.filter(({ state }) => options.state === undefined || state === options.state);
        if (options.json === true) process.stdout.write(`${JSON.stringify({ ...page, cues })}\n`);
        else if (cues.length === 0) process.stdout.write(`No such cue on ${server.stream}.\n`);
        else for (const cue of cues) process.stdout.write(`${lineOf(cue)}\n`);
      }),
    );

/** `framecue cue show ID`: exit code 1 where it was missed, is uncertain, or an output lost it. */
export const showCommand = (): Command =>
  withServer(new Command('show'))
    .description('one cue: what was asked for, and what became of it')
    .argument('<id>', "the cue's id", cueId)
    .option('--json', 'print the cue as the server gives it')
    .addHelpText('after', '\nThe whole story of a cue, to the bytes: framecue trace ID')
    .action((id: string, options: ReportOptions) =>
      telling(options.json, async () => {
        const cue = await getCue(serverOf(options), id);
        process.stdout.write(`${options.json === true ? JSON.stringify(cue) : describeCue(cue)}\n`);
        const bad = cue.state === 'missed' || cue.state === 'uncertain' || lostIn(cue).length > 0;
        process.exitCode = bad ? 1 : 0;
      }),
    );
