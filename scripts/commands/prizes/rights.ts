import { type Command, Option } from 'commander';
import type { actBody, grantBody, rightBody } from '../../../events/http/treasury-views.ts';
import { cueId } from '../cue/options.ts';
import { ask } from '../server.ts';
import {
  assertSure,
  named,
  onEvents,
  onlySure,
  onPages,
  type PageOptions,
  type PrizeOptions,
  queryOf,
  tellAnswer,
} from './asking.ts';
import { listed, moment, money, plain } from './words.ts';

interface RightsOptions extends PageOptions {
  readonly before?: string;
  readonly interaction?: string;
  readonly viewer?: string;
  readonly pool?: string;
  readonly state?: string;
}

const chosen = (command: Command): Command =>
  command
    .option('--interaction <id>', 'only those of this round', cueId)
    .option('--viewer <id>', 'only those of this viewer')
    .option('--pool <id>', 'only those of this pool', cueId);

const filtersOf = ({ interaction, viewer, pool, limit, before }: RightsOptions) => ({
  ...{ interaction, viewer, pool, limit, before },
});

export const rightsCommand = (): Command =>
  chosen(onPages('rights', 'before'))
    .description('who may have what, and what became of it, newest first')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        ...['earned', 'released', 'granted', 'voided'],
      ]),
    )
    .action((options: RightsOptions) => {
      const query = queryOf({ ...filtersOf(options), state: options.state });
      return tellAnswer<{ rights: ReturnType<typeof rightBody>[]; next: number | null }>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/rights${query}`),
        ({ rights, next }) =>
          listed(
            ['id', 'state', 'interaction', 'viewer', 'pool', 'prize', 'money', 'why'],
            rights.map(({ id, state, interaction, viewer, pool, prize, why, ...right }) => [
              ...[id, state, interaction, viewer, pool, prize],
              ...[money(right.amountMinor, right.currency), why ?? ''],
            ]),
            'No such right.',
            { option: '--before', next },
          ),
      );
    });

type GrantBody = ReturnType<typeof grantBody>;

export const grantsCommand = (): Command =>
  chosen(onPages('grants', 'before'))
    .description('what has been given, newest first')
    .action((options: RightsOptions) =>
      tellAnswer<{ grants: GrantBody[]; next: number | null }>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/grants${queryOf(filtersOf(options))}`),
        ({ grants, next }) =>
          listed(
            ['id', 'made', 'interaction', 'viewer', 'pool', 'prize', 'money', 'taken back'],
            grants.map(({ id, madeAt, interaction, viewer, pool, prize, reversed, ...grant }) => [
              ...[id, moment(madeAt ?? 0), interaction, viewer, pool, prize],
              ...[money(grant.amountMinor, grant.currency), reversed?.why ?? ''],
            ]),
            'No such grant.',
            { option: '--before', next },
          ),
      ),
    );

interface ReverseOptions extends PrizeOptions {
  readonly why: string;
  readonly yes?: boolean;
}

export const reverseCommand = (): Command =>
  onlySure(onEvents('reverse'))
    .description('takes a grant back: its piece is free again, and the reward platform is told')
    .argument('<grant>', 'its id, g_...', named)
    .requiredOption('--why <text>', 'stands in the ledger for good and is told: names nobody')
    .action((id: string, options: ReverseOptions) =>
      tellAnswer<GrantBody & { readonly repeated: boolean }>(
        options,
        'treasurer',
        (server) => {
          assertSure(options, `This takes ${id} back`);
          const path = `/api/v1/grants/${encodeURIComponent(id)}/reverse`;
          return ask(server, 'POST', path, { why: options.why });
        },
        ({ repeated, reversed, pool, ...grant }) =>
          `${id}: taken back ${moment(reversed?.at ?? 0)} (${plain(reversed?.why ?? '')}); ${money(grant.amountMinor, grant.currency)} are free again in ${pool}${repeated ? ' (had been done before)' : ''}`,
      ),
    );

interface PeopleOptions extends PageOptions {
  readonly before?: string;
  readonly by?: string;
  readonly target?: string;
}

export const peopleCommand = (): Command =>
  onPages('people', 'before')
    .description('what people have done about prizes, newest first')
    .option('--by <name>', 'only by the holder of this token')
    .option('--target <id>', 'only to this pool, grant, measure...')
    .action((options: PeopleOptions) => {
      const { by, target, limit, before } = options;
      return tellAnswer<{ people: ReturnType<typeof actBody>[]; next: number | null }>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/people${queryOf({ by, target, limit, before })}`),
        ({ people, next }) =>
          listed(
            ['at', 'by', 'what', 'to', 'details'],
            people.map(({ at, by: who, what, target: to, details }) => [
              ...[moment(at ?? 0), who, what, to, JSON.stringify(details)],
            ]),
            'Nobody has done anything.',
            { option: '--before', next },
          ),
      );
    });
