import { Command, Option } from 'commander';
import type { z } from 'zod';
import { type OutboxItemBody, STATES } from '../../events/outbox/views.ts';
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
} from './prizes/asking.ts';
import { BREAKERS, isInTrouble, type OutboxStatus, outboxLine } from './prizes/outbox-words.ts';
import { columns, counted, listed, moment, plain, span } from './prizes/words.ts';
import { ask } from './server.ts';

type Item = z.infer<typeof OutboxItemBody>;

/** `framecue outbox`: docs/prizes-shell.md. */
export const outboxCommand = (): Command =>
  new Command('outbox')
    .exitOverride()
    .showHelpAfterError()
    .description('the way out to the reward platform: how it stands, what waits, what is dead')
    .addCommand(statusCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(retryCommand())
    .addCommand(retryAllCommand());

const STATUS_HELP = '\nExit code 1: something is dead, or held back because the platform fails.';

const statusCommand = (): Command =>
  onEvents('status')
    .description('how many wait, are delivered, declined, dead; breakers and calls, pool by pool')
    .addHelpText('after', STATUS_HELP)
    .action((options: PrizeOptions) =>
      tellAnswer<OutboxStatus>(
        options,
        'read',
        (server) => ask(server, 'GET', '/api/v1/outbox/status'),
        statusText,
        isInTrouble,
      ),
    );

function statusText(status: OutboxStatus): string {
  const rows = status.lanes.map(({ lane, breaker, lagMs, lastMinute, ...counts }) => [
    ...[lane, status.sending ? BREAKERS[breaker] : 'not sending'],
    ...[counts.queued, span(lagMs), counts.delivered, counts.declined, counts.dead, lastMinute.failed],
  ]);
  const head = ['pool', 'way', 'waiting', 'oldest', 'delivered', 'declined', 'dead', 'failed/min'];
  return [outboxLine(status), ...(rows.length === 0 ? [] : [columns(head, rows)])].join('\n');
}

interface ListOptions extends PageOptions {
  readonly before?: string;
  readonly state?: string;
  readonly lane?: string;
  readonly viewer?: string;
}

const listCommand = (): Command =>
  onPages('list', 'before')
    .description('what is told to the reward platform, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--lane <pool>', 'only those of this pool')
    .option('--viewer <id>', 'only those of this viewer')
    .action((options: ListOptions) => {
      const { state, lane, viewer, limit, before } = options;
      return tellAnswer<{ items: Item[]; next: number | null }>(
        options,
        'read',
        (server) => ask(server, 'GET', `/api/v1/outbox${queryOf({ state, lane, viewer, limit, before })}`),
        ({ items, next }) =>
          listed(
            ['id', 'topic', 'pool', 'viewer', 'state', 'calls', 'queued', 'last'],
            items.map(({ id, topic, lane: pool, viewer: who, state: now, attempts, queuedAt, ...item }) => [
              ...[id, topic, pool, who ?? '', now, attempts, moment(queuedAt)],
              item.outcome === 'declined' ? `declined: ${item.reason ?? ''}` : whyOf(item),
            ]),
            'No such item.',
            { option: '--before', next },
          ),
      );
    });

const whyOf = ({ lastCode, lastStatus }: Pick<Item, 'lastCode' | 'lastStatus'>): string =>
  lastCode === null ? '' : lastStatus === null ? lastCode : `${lastCode} (${lastStatus})`;

const showCommand = (): Command =>
  onEvents('show')
    .description('one item: what is told, and why the last call failed')
    .argument('<id>', 'as the list has it', item)
    .action((id: string, options: PrizeOptions) =>
      tellAnswer<Item>(options, 'read', (server) => ask(server, 'GET', pathOf(id)), itemText),
    );

/** What stands beside the items on the same path is none. */
const item = (text: string): string => named(/^(?:status|revive)$/.test(text) ? '' : text);

const pathOf = (id: string): string => `/api/v1/outbox/${encodeURIComponent(id)}`;

function itemText(one: Item): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ['topic', `${one.topic} of ${one.lane}${one.viewer === null ? '' : `, for ${plain(one.viewer)}`}`],
    ['state', one.outcome === null ? one.state : `${one.state}, ${one.outcome}`],
    ['reason', one.reason],
    ['queued', moment(one.queuedAt)],
    ['waits for', one.state === 'queued' ? one.after : null],
    ['next call', one.nextAt === null ? null : `not before ${moment(one.nextAt)}`],
    ['calls', `${one.attempts}${one.lastAt === null ? '' : `, the last ${moment(one.lastAt)}`}`],
    ['failed by', one.lastCode === null ? null : whyOf(one)],
    ['data', plain(JSON.stringify(one.data))],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(10)}${value}`]));
  return [plain(one.id), ...lines].join('\n');
}

interface SureOptions extends PrizeOptions {
  readonly yes?: boolean;
}

const retryCommand = (): Command =>
  onlySure(onEvents('retry'))
    .description('sends a dead letter again, under the same id')
    .argument('<id>', 'as the list has it', item)
    .action((id: string, options: SureOptions) =>
      tellAnswer<{ revived: boolean; item: Item }>(
        options,
        'treasurer',
        (server) => {
          assertSure(options, `This sends ${id} to the reward platform again`);
          return ask(server, 'POST', `${pathOf(id)}/revive`, {});
        },
        ({ revived, item: { state } }) =>
          `${id}: ${revived ? 'is sent again' : `was not dead: it is ${state}`}`,
      ),
    );

const retryAllCommand = (): Command =>
  onlySure(onEvents('retry-all'))
    .description('sends dead letters again, under their ids: the oldest 500')
    .option('--lane <pool>', 'only those of this pool')
    .action((options: SureOptions & { readonly lane?: string }) =>
      tellAnswer<{ revived: number; left: number }>(
        options,
        'treasurer',
        (server) => {
          const whose =
            options.lane === undefined ? 'all dead letters' : `the dead letters of ${options.lane}`;
          assertSure(options, `This sends ${whose} to the reward platform again`);
          return ask(server, 'POST', '/api/v1/outbox/revive', { lane: options.lane });
        },
        ({ revived, left }) =>
          `${counted(revived, 'is', 'are')} sent again, ${left} left${left > 0 ? ': say it again' : ''}`,
      ),
    );
