import type { Command } from 'commander';
import { HASH_BYTES } from '../../../draws/bytes.ts';
import type { DrawDocument, PageDocument } from '../../../draws/document.ts';
import { isHigh, PAGE_LEAVES } from '../../../draws/entrants.ts';
import type { staffBody } from '../../../events/draws/views.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { cueId } from '../cue/options.ts';
import { ask, type Server, wholeNumber } from '../server.ts';
import { onEvents, type PrizeOptions, queryOf, tellAnswer } from './asking.ts';
import { commandFor, isDrawBad } from './draw-words.ts';
import type { TreasuryBody } from './pool-look.ts';
import { columns, counted, moment, plain } from './words.ts';

/** With what only staff see of it. */
export type Draw = DrawDocument & { readonly staff?: ReturnType<typeof staffBody> };

type Staff = NonNullable<Draw['staff']>;

export const pathOf = (id: string, rest: string): string => `/api/v1/interactions/${id}/${rest}`;

const drawOf = (server: Server, id: string): Promise<Draw> => ask<Draw>(server, 'GET', pathOf(id, 'draw'));

const LIST_HELP = `
The newest 50, and 50 each that are not over or have winners without a right. A lottery whose list is not closed yet
is not among them. Exit code 1: one is stuck, or has winners without a right.`;

export const drawListCommand = (): Command =>
  onEvents('list')
    .description('draws, newest first: how far each is, and what to do')
    .option('--show <id>', 'only those of this show', cueId)
    .addHelpText('after', LIST_HELP)
    .action((options: PrizeOptions & { readonly show?: string }) =>
      tellAnswer<Pick<TreasuryBody, 'draws'>>(
        options,
        'read',
        async (server) => {
          const path = `/api/v1/treasury${queryOf({ show: options.show })}`;
          const { draws } = await ask<TreasuryBody>(server, 'GET', path);
          return { draws };
        },
        ({ draws }) => listText(draws),
        ({ draws }) => draws.some(isDrawBad),
      ),
    );

function listText(draws: TreasuryBody['draws']): string {
  if (draws.length === 0) return 'No draw has begun.';
  const rows = draws.map(({ interaction, state, since, problem, entrants, winners, short, excluded }) => [
    ...[interaction, state, moment(since), entrants ?? 0, winners, short, excluded, problem?.code ?? ''],
  ]);
  const head = ['id', 'state', 'since', 'entrants', 'winners', 'short', 'never', 'problem'];
  const steps = draws.flatMap(({ interaction, next }) =>
    next === null ? [] : [`${interaction}: ${plain(next)}`],
  );
  return [columns(head, rows), ...steps].join('\n');
}

export const drawShowCommand = (): Command =>
  onEvents('show')
    .description('a draw: how far it is, what is the matter with it, and what to do')
    .argument('<id>', 'the interaction, a lottery', cueId)
    .addHelpText('after', '\nExit code 1: it is stuck, void, or a winner has no right yet.')
    .action((id: string, options: PrizeOptions) =>
      tellAnswer<Draw>(
        options,
        'read',
        (server) => drawOf(server, id),
        (draw) => drawText(draw),
        ({ state, staff }) =>
          state === 'void' || (staff != null && (staff.problem !== null || staff.short > 0)),
      ),
    );

const STATES: Readonly<Record<Draw['state'], string>> = {
  open: 'its list is not closed yet',
  frozen: 'its list is closed; the commitment is being made',
  committed: 'committed to; waits for its randomness, or is being drawn',
  drawn: 'drawn; sealed until the reveal',
  revealed: 'drawn and revealed',
  void: 'void',
};

function drawText(draw: Draw): string {
  const { interaction, state, seedHash, source, prizes, commitment, staff } = draw;
  const why = draw.void === null ? '' : ` since ${moment(draw.void.at)} (${plain(draw.void.why)})`;
  const facts: readonly (readonly [string, string | null])[] = [
    ['seed hash', seedHash],
    ['entrants', commitment && `${commitment.count.toLocaleString('en')}, ${commitment.high.count} high`],
    ['committed', commitment && `${moment(commitment.committedAt)}, digest ${commitment.digest}`],
    ['randomness', randomnessOf(draw)],
    ['moved', commitment === null || commitment.moved.length === 0 ? null : movedOf(commitment.moved)],
    ['drawn', staff?.drawnAt == null ? null : moment(staff.drawnAt)],
    ['winners', staff === undefined || staff.winners === 0 ? null : winnersOf(staff)],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(12)}${value}`]));
  const head = `${interaction}: ${STATES[state]}${why}${source.kind === 'drand' ? '' : '; the seed alone decides'}`;
  const given = prizes.map(
    ({ prize, pieces, tier }) => `  ${counted(pieces, 'piece')} of ${prize} (${tier})`,
  );
  return [head, ...lines, ...given, ...(staff === undefined ? [] : stepsOf(interaction, staff))].join('\n');
}

/** What is the matter, and what to do. */
function stepsOf(interaction: string, { problem, problemSince, short, next }: Staff): string[] {
  const since = problemSince === null ? '' : ` since ${moment(problemSince)}`;
  const command = commandFor({ interaction, problem, short });
  return [
    ...(problem === null ? [] : [`  bad: ${problem}${since}`]),
    ...(next === null ? [] : [`  next: ${plain(next)}`]),
    ...(command === null ? [] : [`  here: ${command}`]),
  ];
}

function randomnessOf({ source, commitment }: Draw): string | null {
  if (source.kind !== 'drand') return null;
  if (commitment === null) return 'drand: its round is named with the commitment';
  if (commitment.round === null) return 'none: nobody has entered';
  return `round ${commitment.round} of drand, due ${moment(commitment.roundAt ?? 0)}`;
}

const movedOf = (moved: readonly { readonly round: number; readonly at: number }[]): string =>
  moved.map(({ round, at }) => `from round ${round} ${moment(at)}`).join(', ');

const winnersOf = ({ winners, booked, short, excluded }: Staff): string => {
  const never = excluded === 0 ? '' : `, ${excluded} who never get one`;
  return `${winners}, ${booked} written down, ${short} of them without a right yet${never}`;
};

export const drawResultCommand = (): Command =>
  onEvents('result')
    .description('who has won, in the order of the draw: once its round is revealed')
    .argument('<id>', 'the interaction, a lottery', cueId)
    .addHelpText('after', '\nTo check it: framecue verify-draw URL')
    .action((id: string, options: PrizeOptions) =>
      tellAnswer<NonNullable<Draw['result']>>(
        options,
        'read',
        async (server) => {
          const { result, state } = await drawOf(server, id);
          if (result !== null) return result;
          throw new FramecueError('ERR_DRAW_NOT_YET', `${id} is not revealed: ${STATES[state]}.`);
        },
        ({ winners, seed, beacon }) =>
          [
            winners.length === 0
              ? 'Nobody has won.'
              : columns(
                  ['place', 'entrant', 'prize', 'leaf'],
                  winners.map(({ index, prize, leaf }, place) => [place + 1, index, prize, leaf]),
                ),
            `seed ${seed}`,
            ...(beacon === null ? [] : [`round ${beacon.round}, signature ${beacon.signature}`]),
          ].join('\n'),
      ),
    );

export const drawEntrantsCommand = (): Command =>
  onEvents('entrants')
    .description('a page of the list of entrants, once the draw is committed to: leaves, no names')
    .argument('<id>', 'the interaction, a lottery', cueId)
    .option('--page <n>', `${PAGE_LEAVES} entrants each, from 0`, wholeNumber, 0)
    .action((id: string, options: PrizeOptions & { readonly page: number }) =>
      tellAnswer<PageDocument>(
        options,
        'read',
        (server) => ask(server, 'GET', pathOf(id, `entrants?page=${options.page}`)),
        pageText,
      ),
    );

function pageText({ leaves, high, page }: PageDocument): string {
  const bytes = Buffer.from(leaves, 'base64url');
  const bits = Buffer.from(high, 'base64url');
  const rows = Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => [
    page * PAGE_LEAVES + i,
    isHigh(bits, i) ? 'high' : 'low',
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES).toString('base64url'),
  ]);
  return rows.length === 0 ? 'Nobody has entered.' : columns(['entrant', 'tier', 'leaf'], rows);
}

export const drawSealedCommand = (): Command =>
  onEvents('sealed')
    .description('the sealed result, as JSON: what viewers fetch ahead of the reveal')
    .argument('<id>', 'the interaction, a lottery', cueId)
    .action((id: string, options: PrizeOptions) =>
      tellAnswer<object>(
        options,
        'read',
        (server) => ask(server, 'GET', pathOf(id, 'sealed')),
        (sealed) => JSON.stringify(sealed),
      ),
    );
