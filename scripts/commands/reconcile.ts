import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Command } from 'commander';
import { LEDGER_FILE } from '../../events/ledger/place.ts';
import { type Reconciliation, reconcile } from '../../events/outbox/reconcile.ts';
import { type ListedCall, readRewardsList } from '../../events/outbox/rewards-list.ts';
import { systemClock } from '../../packet/clock.ts';
import { loadSecrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';
import { WebhookSigner } from '../../service/webhooks.ts';
import { telling } from './cue/refusal.ts';
import { booksOfFile, booksOfServer, type ReadBooks } from './reconcile/books.ts';
import { eventsOf, readRun, serverOf } from './server.ts';

interface ReconcileOptions {
  readonly ledger?: string;
  readonly events?: string | true;
  readonly token?: string;
  readonly rewards?: string | false;
  readonly settled?: boolean;
  readonly json?: boolean;
}

const HELP = `
Examples:
  framecue reconcile
  framecue reconcile --ledger backup.db --rewards https://rewards.example/grants
  framecue reconcile --events --settled --json

Exit code 0: all of it fits; 1: something does not, or could not be read.`;

/** `framecue reconcile`: rights, grants, outbox and the reward platform's own list, each against the next. */
export const reconcileCommand = (): Command =>
  new Command('reconcile')
    .exitOverride()
    .showHelpAfterError()
    .description(
      "compares rights, grants, the outbox and the reward platform's own list; prints what differs",
    )
    .option('--ledger <file>', 'the ledger to read; events may be running (default: that of the data folder)')
    .option(
      '--events [url]',
      'ask events over HTTP instead (default: the server that runs here, by run.json)',
    )
    .option('--token <token>', 'with --events: the bearer token (default: run.json)')
    .option('--rewards <url>', "the reward platform's list (default: FRAMECUE_REWARDS_URL, or run.json)")
    .option('--no-rewards', 'compare the books alone')
    .option('--settled', 'nothing may be under way any more: what waits is a difference, too')
    .option('--json', 'print counts and differences as JSON')
    .addHelpText('after', HELP)
    .action((options: ReconcileOptions) =>
      telling(options.json, async () => {
        const result = await reconciled(options);
        process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : textOf(result));
        if (result.differences.length > 0) process.exitCode = 1;
      }),
    );

/** Looks twice where the first look finds something: what is made in between two reads is no difference. */
async function reconciled(options: ReconcileOptions): Promise<Reconciliation> {
  const { settings } = loadSettings(process.env);
  const readBooks = booksOf(options, join(settings.dataDir, LEDGER_FILE));
  const url =
    options.rewards === false ? null : (options.rewards ?? settings.rewardsUrl ?? readRun()?.rewards ?? null);
  const signer = url === null ? null : new WebhookSigner(loadSecrets(settings).rewardsSecrets);
  const readList = async (): Promise<readonly ListedCall[] | null> =>
    url === null || signer === null
      ? null
      : readRewardsList({
          ...{ url, signer, clock: systemClock, timeoutMs: settings.rewardsTimeoutMs },
          ...{ signedAnswers: settings.rewardsSignedAnswers, newId: () => `list_${randomUUID()}` },
        });
  const look = async () =>
    reconcile(await readBooks(), await readList(), { settled: options.settled === true });
  const first = await look();
  if (first.differences.length === 0) return first;
  const before = new Set(first.differences.map(({ kind, id }) => `${kind} ${id}`));
  const second = await look();
  return { ...second, differences: second.differences.filter(({ kind, id }) => before.has(`${kind} ${id}`)) };
}

function booksOf(options: ReconcileOptions, own: string): ReadBooks {
  const { events, token, ledger } = options;
  if (events === undefined) return booksOfFile(ledger ?? own);
  if (typeof events === 'string' && token !== undefined) {
    return booksOfServer({ media: events.replace(/\/+$/, ''), token, stream: '' });
  }
  const given = { ...(token === undefined ? {} : { token }), ...(events === true ? {} : { events }) };
  return booksOfServer(eventsOf(serverOf(given), given)!);
}

function textOf({ counts, differences }: Reconciliation): string {
  const { rights, grants, outbox, downstream, rightsUnderWay, waiting, inDoubt } = counts;
  const there = downstream === null ? 'reward platform not asked' : `${downstream} at the reward platform`;
  const lines = [
    `${rights} rights, ${grants} grants, ${outbox} in the outbox, ${there}.`,
    `Under way: ${rightsUnderWay} rights without a grant yet, ${waiting} items not answered yet, ${inDoubt} of them at the reward platform already.`,
    ...differences.map(({ text }) => `- ${text}`),
    differences.length === 0
      ? 'All of it fits.'
      : `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}.`,
  ];
  return `${lines.join('\n')}\n`;
}
