import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Amount, TIERS } from '../../../events/ledger/treasury.ts';
import { FramecueError } from '../../../packet/errors.ts';
import { cueId } from '../cue/options.ts';
import { ask, exchange, moment, type Server } from '../server.ts';
import { assertSure, onEvents, onlySure, type PrizeOptions, tellAnswer } from './asking.ts';
import { type PoolBody, poolLine } from './pool-look.ts';
import { amount } from './words.ts';

type Repeatable = PoolBody & { readonly repeated: boolean };

interface SureOptions extends PrizeOptions {
  readonly yes?: boolean;
}

interface CreateOptions extends PrizeOptions {
  readonly show: string;
  readonly title: string;
  readonly tier: string;
  readonly currency: string;
  readonly stock?: boolean;
  readonly pieces?: number;
  readonly amountMinor?: number;
  readonly opens?: string | number;
  readonly closes?: string | number;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly leftoverTo?: string;
  readonly sweepAtEnd?: boolean;
  readonly reverseOnVoid?: boolean;
}

const CREATE_HELP = `
Example:
  framecue pool create vouchers --show friday --title 'Vouchers of 10 EUR' --tier low --currency EUR \\
    --pieces 500 --amount-minor 500000 --closes 2030-05-03T22:00:00Z --sweep-at-end

The terms never change. Said again with the same terms it opens nothing a second time.`;

const amountOptions = (command: Command): Command =>
  command
    .option('--pieces <n>', 'how many pieces', whole)
    .option('--amount-minor <n>', 'the money for all of them, in minor units (cents)', whole);

export const poolCreateCommand = (): Command =>
  amountOptions(onEvents('create'))
    .description('opens a pool, and funds it')
    .argument('<id>', 'the pool', cueId)
    .addOption(new Option('--show <id>', 'the show').argParser(cueId).makeOptionMandatory())
    .requiredOption('--title <text>', 'as people call it')
    .addOption(new Option('--tier <tier>', 'who may draw from it').choices(TIERS).makeOptionMandatory())
    .requiredOption('--currency <code>', 'ISO 4217')
    .option('--stock', 'sold in flash sales, not given away')
    .option('--opens <time>', 'nothing is earned before: RFC 3339 with its offset', moment)
    .option('--closes <time>', 'nothing is earned from then on', moment)
    .option('--allow <regions>', 'only viewers of these: DE,AT', regions)
    .option('--deny <regions>', 'no viewers of these', regions)
    .option('--leftover-to <pool>', 'what is left goes there (default: it returns)', cueId)
    .option('--sweep-at-end', 'sweeps by itself once --closes is over')
    .option('--reverse-on-void', 'takes grants back when their round is voided')
    .addHelpText('after', CREATE_HELP)
    .action((id: string, options: CreateOptions) => {
      let isNew = false;
      return tellAnswer<PoolBody>(
        options,
        'treasurer',
        async (server) => {
          const { status, body } = await exchange<PoolBody>(
            server,
            'POST',
            '/api/v1/pools',
            wantedOf(id, options),
          );
          isNew = status === 201;
          return body;
        },
        (pool) => `${poolLine(pool)}${isNew ? '' : ' (was opened before, with these terms)'}`,
      );
    });

function wantedOf(id: string, options: CreateOptions): object {
  const { show, title, tier, currency, stock, pieces, amountMinor, opens, closes, allow, deny } = options;
  return {
    ...{ id, show, title, tier, currency, pieces, amountMinor, opensAt: opens, closesAt: closes },
    ...(stock === true ? { purpose: 'stock' } : {}),
    ...(allow === undefined && deny === undefined ? {} : { regions: { allow, deny } }),
    ...(options.leftoverTo === undefined ? {} : { leftover: { rule: 'to', pool: options.leftoverTo } }),
    ...{ sweepAtEnd: options.sweepAtEnd, reverseOnVoid: options.reverseOnVoid },
  };
}

/** By which a repeat is known: where none is given, one is made, and told where the answer was lost. */
const keyed = (command: Command): Command =>
  command.option('--key <key>', 'said again with the same key it is done once (default: a new one)');

async function withKey<T>(server: Server, path: string, body: object, given: string | undefined): Promise<T> {
  const key = given ?? randomUUID();
  try {
    return (await exchange<T>(server, 'POST', path, body, { 'idempotency-key': key })).body;
  } catch (error) {
    const isLost = error instanceof FramecueError && error.retryable;
    if (given !== undefined || !isLost) throw error;
    const said = `${error.message} Say it again with --key ${key}: it is done once at most.`;
    throw new FramecueError(error.code, said, { cause: error });
  }
}

interface FundOptions extends SureOptions {
  readonly pieces?: number;
  readonly amountMinor?: number;
  readonly key?: string;
}

export const poolFundCommand = (): Command =>
  onlySure(keyed(amountOptions(onEvents('fund'))))
    .description('adds pieces and money: what is earned from them does not come back')
    .argument('<id>', 'the pool', cueId)
    .action((id: string, options: FundOptions) =>
      tellAnswer<Repeatable>(
        options,
        'treasurer',
        (server) => {
          const { pieces = 0, amountMinor = 0, key } = options;
          assertSure(options, `This adds ${pieces} pieces and ${amountMinor} minor units of money to ${id}`);
          return withKey(server, `/api/v1/pools/${id}/fund`, { pieces, amountMinor }, key);
        },
        changedLine,
      ),
    );

const changedLine = (pool: Repeatable): string =>
  `${poolLine(pool)}${pool.repeated ? ' (had been done before)' : ''}`;

export const poolCloseCommand = (): Command =>
  onEvents('close')
    .description('closes a pool: nothing is earned from it until it is reopened')
    .argument('<id>', 'the pool', cueId)
    .option('--why <text>', 'stands in the ledger for good: names nobody')
    .action((id: string, options: PrizeOptions & { readonly why?: string }) =>
      tellAnswer<Repeatable>(
        options,
        'treasurer',
        (server) => ask(server, 'POST', `/api/v1/pools/${id}/close`, { why: options.why }),
        changedLine,
      ),
    );

export const poolReopenCommand = (): Command =>
  onEvents('reopen')
    .description('opens a closed pool again')
    .argument('<id>', 'the pool', cueId)
    .action((id: string, options: PrizeOptions) =>
      tellAnswer<Repeatable>(
        options,
        'treasurer',
        (server) => ask(server, 'POST', `/api/v1/pools/${id}/reopen`, {}),
        changedLine,
      ),
    );

export const poolSweepCommand = (): Command =>
  onlySure(keyed(onEvents('sweep')))
    .description('sends what is free in a closed pool where its rule says')
    .argument('<id>', 'the pool', cueId)
    .action((id: string, options: SureOptions & { readonly key?: string }) =>
      tellAnswer<Repeatable & { readonly swept: Amount; readonly to: string | null }>(
        options,
        'treasurer',
        (server) => {
          assertSure(options, `This takes all that is free out of ${id}`);
          return withKey(server, `/api/v1/pools/${id}/sweep`, {}, options.key);
        },
        ({ swept, to, ...pool }) =>
          `${changedLine(pool)}\n  ${to === null ? 'returned' : `went to ${to}`}: ${amount(swept, pool.currency)}`,
      ),
    );

/** Up to a million million, as the server takes it. */
function whole(text: string): number {
  if (/^\d{1,13}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give a whole number: pieces, or minor units of the currency.');
}

function regions(text: string): readonly string[] {
  const codes = text.split(',');
  if (codes.every((code) => /^[A-Z]{2}$/.test(code))) return codes;
  throw new InvalidArgumentError('give ISO 3166-1 alpha-2 codes between commas, as DE,AT.');
}
