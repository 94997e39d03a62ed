import { type Command, InvalidArgumentError } from 'commander';
import type { BoxesOfShow } from '../../../events/ledger/measures.ts';
import type { Tier } from '../../../events/ledger/treasury.ts';
import { cueId } from '../cue/options.ts';
import { ask } from '../server.ts';
import { assertSure, onEvents, onlySure, type PrizeOptions, queryOf, tellAnswer } from './asking.ts';
import { columns, counted, percent, plain } from './words.ts';

type Boxes = BoxesOfShow & { readonly viewer?: { readonly boxes: number; readonly tier: Tier } };

export const boxesCommand = (): Command =>
  onEvents('boxes')
    .description('how many viewers have how many treasure boxes')
    .argument('<show>', 'the show', cueId)
    .option('--viewer <id>', 'also those of this viewer')
    .action((show: string, options: PrizeOptions & { readonly viewer?: string }) =>
      tellAnswer<Boxes>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/shows/${show}/boxes${queryOf({ viewer: options.viewer })}`),
        (boxes) => boxesText(boxes, options.viewer),
      ),
    );

function boxesText({ viewer, ...of }: Boxes, asked: string | undefined): string {
  const lines = [
    `${of.show}: ${counted(of.boxes, 'box', 'boxes')} at ${counted(of.viewers, 'viewer')}; ${percent(of.dropPpm)} of answers drop one; ${counted(of.high, 'viewer')} with ${of.threshold} or more`,
  ];
  if (of.levels.length > 0) {
    lines.push(
      columns(
        ['boxes', 'viewers'],
        of.levels.map(({ n, viewers }) => [n, viewers]),
      ),
    );
  }
  if (viewer !== undefined && asked !== undefined) {
    lines.push(
      `${plain(asked)}: ${counted(viewer.boxes, 'box', 'boxes')}, draws from the ${viewer.tier} pools`,
    );
  }
  return lines.join('\n');
}

interface GiveOptions extends PrizeOptions {
  readonly cause: string;
  readonly yes?: boolean;
}

export const giveCommand = (): Command =>
  onlySure(onEvents('give'))
    .description('gives a viewer boxes')
    .argument('<show>', 'the show', cueId)
    .argument('<viewer>', 'as their token names them')
    .argument('<count>', 'how many', atLeastOne)
    .requiredOption('--cause <cause>', 'what they are for: counts once in a show, and names nobody')
    .action((show: string, viewer: string, count: number, options: GiveOptions) =>
      tellAnswer<{ boxes: number; repeated: boolean }>(
        options,
        'direct',
        (server) => {
          assertSure(options, `This gives ${plain(viewer)} ${counted(count, 'box', 'boxes')}`);
          const { cause } = options;
          return ask(server, 'POST', `/api/v1/shows/${show}/boxes`, { viewer, count, cause });
        },
        ({ boxes, repeated }) =>
          `${plain(viewer)}: ${counted(boxes, 'box', 'boxes')}${repeated ? ' (this cause had been given before)' : ''}`,
      ),
    );

function atLeastOne(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give how many: a whole number from 1 up.');
}
