import { Command } from 'commander';
import type { Cue } from '../../../cues/cue.ts';
import { exchange, serverOf, withServer } from '../server.ts';
import { isBad } from './mark.ts';
import { cueId, type MomentOptions, momentFields, type ReportOptions, withMoment } from './options.ts';
import { telling } from './refusal.ts';
import { settled } from './waiting.ts';
import { describeLanding } from './words.ts';

interface TakeOptions extends ReportOptions, MomentOptions {
  readonly wait: boolean;
}

const HELP = `
Examples:
  framecue cue take final
  framecue cue take final --align-in 3s      all viewers open 3 s after the picture

A second take fires nothing: it says what became of the first one.`;

/** `framecue cue take ID`: exit code 1 where the cue did not land. */
export const takeCommand = (): Command =>
  withMoment(withServer(new Command('take')))
    .description('takes an armed cue: now, or at the moment given')
    .argument('<id>', "the cue's id", cueId)
    .option('--no-wait', 'do not wait for the landing')
    .option('--json', 'print the cue as the server gives it')
    .addHelpText('after', HELP)
    .action((id: string, options: TakeOptions) =>
      telling(options.json, async () => {
        const server = serverOf(options);
        const path = `/api/v1/streams/${server.stream}/cues/${id}/take`;
        const { status, body } = await exchange<Cue>(server, 'POST', path, momentFields(options));
        if (status === 200) {
          const by =
            body.taken === undefined
              ? ''
              : ` by ${body.taken.by} at ${new Date(body.taken.at).toISOString()}`;
          process.stderr.write(`${id}: was taken before${by}; nothing fires again\n`);
        }
        const cue = options.wait ? await settled(server, body) : body;
        process.stdout.write(`${options.json === true ? JSON.stringify(cue) : describeLanding(cue)}\n`);
        process.exitCode = isBad(cue, options.wait) ? 1 : 0;
      }),
    );
