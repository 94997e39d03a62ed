import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { DrawDocument } from '../../../draws/document.ts';
import { QUICKNET } from '../../../draws/drand.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { cueId } from '../cue/options.ts';
import { ask } from '../server.ts';
import { assertSure, jsonFile, onEvents, onlySure, type PrizeOptions, tellAnswer } from './asking.ts';
import { pathOf } from './draw-look.ts';
import { counted } from './words.ts';

const KEY_HELP = `
The file is for its owner alone, and is not written over: whoever has it can open the result before the reveal.
Media fills it in by itself; with a file of your own the reveal asks nobody:
  framecue cue interaction.reveal --ref OPENING_CUE --data "$(cat FILE)"`;

export const drawKeyCommand = (): Command =>
  onEvents('key')
    .description('keeps what the reveal cue has to carry in a file, and prints none of it')
    .argument('<id>', 'the interaction', cueId)
    .argument('<file>', 'a new file')
    .addHelpText('after', KEY_HELP)
    .action((id: string, file: string, options: PrizeOptions) =>
      tellAnswer<{ interaction: string; file: string; opens: boolean }>(
        options,
        'direct',
        async (server) => {
          const { data } = await ask<{ data: { interaction: string; resultKey?: string } }>(
            ...[server, 'GET', pathOf(id, 'reveal')],
          );
          await kept(file, `${JSON.stringify(data)}\n`);
          return { interaction: id, file, opens: data.resultKey !== undefined };
        },
        ({ opens }) => `${id}: kept in ${file}${opens ? '' : ' (it needs no key: it is no draw)'}`,
      ),
    );

async function kept(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const said = why === 'EEXIST' ? 'it is there already' : why;
    throw new FramecueError('ERR_OUTPUT_WRITE', `${file} cannot be written: ${said}.`, { cause });
  }
}

const RANDOMNESS_HELP = `
Where events reaches no relay: fetch the round that \`framecue draw show\` names on another machine, then give it:
  curl -o round.json https://api.drand.sh/${QUICKNET.chain}/public/ROUND
  framecue draw randomness final round.json
It is checked as if it had been fetched; nobody can give a wrong one.`;

export const drawRandomnessCommand = (): Command =>
  onEvents('randomness')
    .description("gives the named round of drand by hand: a relay's JSON of it")
    .argument('<id>', 'the interaction, a lottery', cueId)
    .argument('<file>', 'the JSON, { round, signature }; -: standard input', jsonFile)
    .addHelpText('after', RANDOMNESS_HELP)
    .action((id: string, round: object, options: PrizeOptions) =>
      tellAnswer<DrawDocument>(
        options,
        'direct',
        (server) => ask(server, 'POST', pathOf(id, 'draw/randomness'), round),
        () => `${id}: it is signed by the network; the draw goes on`,
      ),
    );

export const drawRebookCommand = (): Command =>
  onlySure(onEvents('rebook'))
    .description('asks again for the rights of winners that have none: at most 500')
    .argument('<id>', 'the interaction, a lottery', cueId)
    .action((id: string, options: PrizeOptions & { readonly yes?: boolean }) =>
      tellAnswer<{ earned: number; short: number }>(
        options,
        'treasurer',
        (server) => {
          assertSure(options, `This gives winners of ${id} what their pools hold now`);
          return ask(server, 'POST', pathOf(id, 'draw/rebook'), {});
        },
        ({ earned, short }) => {
          const again = short > 0 && earned > 0 ? ': say it again' : '';
          return `${id}: ${counted(earned, 'right')} earned, ${counted(short, 'winner')} without one${again}`;
        },
        ({ short }) => short > 0,
      ),
    );
