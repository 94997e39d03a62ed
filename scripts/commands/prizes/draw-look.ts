import type { Command } from 'commander';
import { HASH_BYTES } from '../../../draws/bytes.ts';
import type { DrawDocument, PageDocument } from '../../../draws/document.ts';
import { isHigh, PAGE_LEAVES } from '../../../draws/entrants.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { cueId } from '../cue/options.ts';
import { ask, type Server, wholeNumber } from '../server.ts';
import { onEvents, type PrizeOptions, tellAnswer } from './asking.ts';
import { columns, counted, moment, plain } from './words.ts';

/** With what only staff see of it. */
export type Draw = DrawDocument & {
  readonly staff?: {
    readonly problem: 'seed-lost' | 'no-randomness' | 'list-changed' | 'failed' | null;
    readonly winners: number;
    readonly booked: number;
    readonly short: number;
    readonly publishedAt: number | null;
    readonly drawnAt: number | null;
  };
};

export const pathOf = (id: string, rest: string): string => `/api/v1/interactions/${id}/${rest}`;

const drawOf = (server: Server, id: string): Promise<Draw> => ask<Draw>(server, 'GET', pathOf(id, 'draw'));

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

const PROBLEMS = {
  'seed-lost':
    'the secret of prizes is not the one that it was created with: put the old FRAMECUE_PRIZE_KEY back',
  'no-randomness':
    'no relay of drand is reached: it tries again by itself; or give its round by `framecue draw randomness`',
  'list-changed': 'the list in the ledger is not the one that was committed to: run `framecue ledger check`',
  failed: 'a step of it failed, and is tried again: look at the log of events',
};

/** What is the matter with a draw, and what to do; none where nothing is. */
export function problemsOf({ interaction, staff }: Pick<Draw, 'interaction' | 'staff'>): string[] {
  if (staff === undefined) return [];
  const { problem, short } = staff;
  return [
    ...(problem === null ? [] : [`${problem}: ${PROBLEMS[problem]}`]),
    ...(short === 0
      ? []
      : [
          `${counted(short, 'winner has', 'winners have')} no right: fill or open the pool, then \`framecue draw rebook ${interaction} --yes\``,
        ]),
  ];
}

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
  return [head, ...lines, ...given, ...problemsOf(draw).map((what) => `  bad: ${what}`)].join('\n');
}

function randomnessOf({ source, commitment }: Draw): string | null {
  if (source.kind !== 'drand') return null;
  if (commitment === null) return 'drand: its round is named with the commitment';
  if (commitment.round === null) return 'none: nobody has entered';
  return `round ${commitment.round} of drand, due ${moment(commitment.roundAt ?? 0)}`;
}

const movedOf = (moved: readonly { readonly round: number; readonly at: number }[]): string =>
  moved.map(({ round, at }) => `from round ${round} ${moment(at)}`).join(', ');

const winnersOf = ({ winners, booked, short }: NonNullable<Draw['staff']>): string =>
  `${winners}, ${booked} written down, ${short} of them without a right`;

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
