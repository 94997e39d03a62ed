import { Command, InvalidArgumentError } from 'commander';
import { headText, type LedgerHead, parseHead } from '../../../events/ledger/head.ts';
import { checkLedger, type LedgerCheck, readHead } from '../../../events/ledger/sqlite/check/check.ts';
import { describeFinding } from '../../../events/ledger/sqlite/check/finding.ts';
import { fileOf, type PlaceOptions, print, telling, withFile } from './place.ts';

export type KnownHead = Pick<LedgerHead, 'block' | 'hash'>;

export function knownHead(text: string): KnownHead {
  const head = parseHead(text);
  if (head === null)
    throw new InvalidArgumentError('give a head as `framecue ledger head` prints it: N:HASH.');
  return head;
}

interface CheckOptions extends PlaceOptions {
  readonly head?: KnownHead;
  readonly rebuild: boolean;
}

const HELP = `
Reads a snapshot of the file, also while events writes it.

Exit code 0: every row is as it was written. 1: something is wrong, the first of it is named. Who has changed rows,
leaves and blocks alike, or cut off the end, is found by a head that was noted down elsewhere: give it by --head.`;

/** Exit code 1 on any finding. */
export const checkCommand = (): Command =>
  withFile(new Command('check'))
    .description('says whether anything was changed, and which row is the first')
    .option('--head <N:HASH>', 'must be in it: a head that was noted down elsewhere', knownHead)
    .option('--no-rebuild', 'leaves out making the derived tables anew: balances, counts, states')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action((options: CheckOptions) =>
      telling(options.json, async () => {
        const startedAt = performance.now();
        const check = checkLedger(fileOf(options), { known: options.head ?? null, rebuild: options.rebuild });
        const tookMs = Math.round(performance.now() - startedAt);
        print(options.json === true ? JSON.stringify({ ...check, tookMs }) : describe(check, tookMs));
        process.exitCode = check.good ? 0 : 1;
      }),
    );

export const headCommand = (): Command =>
  withFile(new Command('head'))
    .description('prints how far the chain reaches, to be noted down elsewhere')
    .option('--json', 'with the rows of each table')
    .action((options: PlaceOptions) =>
      telling(options.json, async () => {
        const head = readHead(fileOf(options));
        print(options.json === true ? JSON.stringify({ head: headText(head), ...head }) : headText(head));
      }),
    );

function describe({ good, findings, stopped, head, erased, rebuilt }: LedgerCheck, tookMs: number): string {
  const rows = Object.entries(head.rows).map(([table, n]) => `${n} ${table}`);
  const lines = [
    `head ${headText(head)}`,
    `${head.block} blocks over ${rows.join(', ')}; ${erased.rows} rows of ${erased.viewers} viewers erased`,
    rebuilt.length === 0
      ? 'derived tables were not made anew'
      : `${rebuilt.length} derived tables made anew and compared`,
    ...findings.map((finding, i) => `${i === 0 ? 'WRONG' : ' also'} ${describeFinding(finding)}`),
    ...(stopped ? [' and perhaps more'] : []),
    `${good ? 'the ledger holds together' : 'the ledger does NOT hold together'} (${tookMs} ms)`,
  ];
  return lines.join('\n');
}
