import type { Command } from 'commander';
import type { accountBody, movementBody, poolBody, viewBody } from '../../../events/http/treasury-views.ts';
import { cueId } from '../cue/options.ts';
import { ask } from '../server.ts';
import { onEvents, onPages, type PageOptions, type PrizeOptions, queryOf, tellAnswer } from './asking.ts';
import { amount, columns, counted, listed, moment, money, plain, wholeOf } from './words.ts';

/** A pool, as events shows it. */
export type PoolBody = ReturnType<typeof poolBody>;
export type TreasuryBody = ReturnType<typeof viewBody>;
type AccountBody = ReturnType<typeof accountBody>;

interface ShowOptions extends PrizeOptions {
  readonly show?: string;
}

const ofShow = (command: Command): Command => command.option('--show <id>', 'only those of this show', cueId);

export const poolListCommand = (): Command =>
  ofShow(onPages('list', 'after'))
    .description('pools and what is left in them')
    .action((options: PageOptions & ShowOptions & { readonly after?: string }) => {
      const { show, limit, after } = options;
      return tellAnswer<{ pools: PoolBody[]; next: string | null }>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/pools${queryOf({ show, limit, after })}`),
        ({ pools, next }) =>
          listed(
            ['id', 'show', 'tier', 'state', 'free', 'of', 'money free', 'reserved', 'granted', 'title'],
            pools.map(rowOf),
            'No pool.',
            { option: '--after', next },
          ),
      );
    });

const rowOf = ({ id, show, tier, state, currency, title, balances }: PoolBody) => [
  ...[id, show, tier, state, balances.free.pieces, wholeOf(balances).pieces],
  money(balances.free.amountMinor, currency),
  ...[balances.reserved.pieces, balances.granted.pieces, title],
];

type OnePool = PoolBody & { movements: ReturnType<typeof movementBody>[]; next: number | null };

export const poolShowCommand = (): Command =>
  onPages('show', 'before')
    .description('one pool: its terms, its balances, and its movements, newest first')
    .argument('<id>', 'the pool', cueId)
    .action((id: string, options: PageOptions & { readonly before?: string }) => {
      const { limit, before } = options;
      return tellAnswer<OnePool>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/pools/${id}${queryOf({ limit, before })}`),
        poolText,
      );
    });

function poolText(pool: OnePool): string {
  const { currency, balances, movements, next } = pool;
  const accounts = Object.entries(balances).map(([name, { pieces, amountMinor }]) => [
    ...[`  ${name}`, pieces, money(amountMinor, currency)],
  ]);
  const moved = movements.map(({ at, move, pieces, amountMinor, ref }) => [
    ...[moment(at ?? 0), move, pieces, money(amountMinor, currency), ref],
  ]);
  const none = 'Nothing has moved yet.';
  return [
    ...termsOf(pool),
    columns(['', 'pieces', 'money'], accounts),
    '',
    listed(['at', 'move', 'pieces', 'money', 'ref'], moved, none, { option: '--before', next }),
  ].join('\n');
}

function termsOf({ regions, leftover, opensAt, closesAt, ...pool }: PoolBody): string[] {
  const { id, title, show, tier, purpose, state, closedWhy } = pool;
  const rules = [
    ...(regions?.allow == null ? [] : [`only in ${regions.allow.join(', ')}`]),
    ...(regions?.deny == null ? [] : [`not in ${regions.deny.join(', ')}`]),
    leftover.rule === 'return' ? 'what is left returns' : `what is left goes to ${leftover.pool}`,
    ...(pool.sweepAtEnd ? ['swept by itself at its end'] : []),
    ...(pool.reverseOnVoid ? ['grants of a voided round are taken back'] : []),
  ];
  const why = closedWhy === null ? '' : ` (${plain(closedWhy)})`;
  const opens = opensAt === null ? '' : `, opens ${moment(opensAt)}`;
  const closes = closesAt === null ? '' : `, closes ${moment(closesAt)}`;
  return [
    `${id}: ${plain(title)}`,
    `  ${tier} ${purpose} of ${show}, ${state}${why}${opens}${closes}`,
    `  ${rules.join('; ')}`,
  ];
}

/** What a pool came to after a change, in one line. */
export const poolLine = ({ id, state, currency, balances }: PoolBody): string =>
  `${id}: ${state}; free ${amount(balances.free, currency)}; reserved ${counted(balances.reserved.pieces, 'piece')}, granted ${counted(balances.granted.pieces, 'piece')}`;

export const poolTotalsCommand = (): Command =>
  ofShow(onEvents('totals'))
    .description('all pools together: rights by state, totals by currency, boxes by show')
    .action((options: ShowOptions) =>
      tellAnswer<TreasuryBody>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/treasury${queryOf({ show: options.show })}`),
        totalsText,
      ),
    );

function totalsText({ rights, totals, shows }: TreasuryBody): string {
  const states = Object.entries(rights).map(([state, count]) => `${count.toLocaleString('en')} ${state}`);
  const sums = totals.map(({ currency, pools, balances: { free, reserved, granted, sweptOut } }) => [
    ...[currency, pools, free.pieces, reserved.pieces, granted.pieces, sweptOut.pieces],
    ...[money(free.amountMinor, currency), money(granted.amountMinor, currency)],
  ]);
  const boxes = shows.map(
    ({ boxes: { show, boxes: dropped, viewers, high, threshold }, measures }) =>
      `boxes of ${show}: ${counted(dropped, 'box', 'boxes')} at ${counted(viewers, 'viewer')}, ${high} with ${threshold} or more; ${counted(measures.length, 'measure')}`,
  );
  const head = [
    'currency',
    'pools',
    'free',
    'reserved',
    'granted',
    'swept out',
    'money free',
    'money granted',
  ];
  return [
    `rights: ${states.join(', ')}`,
    sums.length === 0 ? 'No pool.' : columns(head, sums),
    ...boxes,
  ].join('\n');
}

const ACCOUNT_HELP = `
Counts everything one by one: for the end of a show (docs/prizes.md).
Exit code 1: something does not add up; with --settled also where anything is left or still waits.`;

export const poolAccountCommand = (): Command =>
  ofShow(onEvents('account'))
    .description('where every piece is: granted, swept, or what it waits for')
    .option('--settled', 'every piece has to be granted or swept by now')
    .addHelpText('after', ACCOUNT_HELP)
    .action((options: ShowOptions & { readonly settled?: boolean }) =>
      tellAnswer<AccountBody>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/treasury/account${queryOf({ show: options.show })}`),
        accountText,
        ({ inOrder, settled }) => !inOrder || (options.settled === true && !settled),
      ),
    );

const WAITS_FOR = {
  reveal: 'the reveal',
  order: 'an order',
  grant: 'the keeper to grant it',
  voiding: 'the keeper to void it',
};

function accountText({ inOrder, settled, accounts, draws }: AccountBody): string {
  const lines = accounts.flatMap(({ pool, grants, free, waiting, swept, wrong, settled: isSettled }) => {
    const { currency } = pool;
    const left = free.pieces === 0 && free.amountMinor === 0 ? [] : [`  free: ${amount(free, currency)}`];
    return [
      `${pool.id}: ${isSettled ? 'settled' : 'not settled'}; granted ${amount(grants, currency)}`,
      ...left,
      ...waiting.map(
        ({ interaction, waitsFor, ...held }) =>
          `  ${interaction}: ${amount(held, currency)}, waits for ${WAITS_FOR[waitsFor]}`,
      ),
      ...swept.map(({ to, at, ...gone }) => {
        const where = to === null ? 'returned' : `swept to ${to}`;
        return `  ${where} ${moment(at ?? 0)}: ${amount(gone, currency)}`;
      }),
      ...wrong.map((what) => `  WRONG: ${plain(what)}`),
    ];
  });
  const all = inOrder ? 'All of it adds up' : 'It does NOT add up';
  const end = settled
    ? 'every piece is granted or swept, and no winner waits'
    : 'not every piece is granted or swept, or a winner waits';
  const drawn = draws.map(({ interaction, next }) => `draw ${interaction}: ${plain(next ?? 'settled')}`);
  return [...lines, ...drawn, accounts.length === 0 ? 'No pool.' : `${all}; ${end}.`].join('\n');
}
