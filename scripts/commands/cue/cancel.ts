import { Command } from 'commander';
import type { Cue } from '../../../cues/cue.ts';
import { ask, serverOf, withServer } from '../server.ts';
import { cueId, type ReportOptions } from './options.ts';
import { telling } from './refusal.ts';
import { toldVoid } from './waiting.ts';
import { toldOf } from './words.ts';

const HELP = `
A cue that nobody has heard of is taken back. One that players know is voided: the next picture tells them to drop
or close it, and its round counts for nothing. The id of a series ends the series.`;

/** `framecue cue cancel ID`. */
export const cancelCommand = (): Command =>
  withServer(new Command('cancel'))
    .description('takes a cue back, or voids it where players know it')
    .argument('<id>', "the cue's id, or that of a series", cueId)
    .option('--json', 'print the cue as the server gives it')
    .addHelpText('after', HELP)
    .action((id: string, options: ReportOptions) =>
      telling(options.json, async () => {
        const server = serverOf(options);
        const path = `/api/v1/streams/${server.stream}/cues/${id}/cancel`;
        const cue = await toldVoid(server, await ask<Cue>(server, 'POST', path));
        process.stdout.write(`${options.json === true ? JSON.stringify(cue) : describe(cue)}\n`);
      }),
    );

function describe({ id, voided, series }: Cue): string {
  const ended = series?.stopped === true ? `; no more of the series ${series.id} follow` : '';
  if (voided !== undefined) return `${id}: voided; ${toldOf(voided)}${ended}`;
  return `${id}: taken back; no player had heard of it${ended}`;
}
