import { FramecueError } from '../../../packet/errors.ts';
import type { ReadyReport } from '../../../service/health.ts';
import { exchange, type Server } from '../server.ts';
import { type DrawLine, drawLine, isDrawBad, isDrawWaiting } from './draw-words.ts';
import { type OutboxStatus, outboxLine } from './outbox-words.ts';
import type { PoolBody, TreasuryBody } from './pool-look.ts';
import { counted, money, plain, span, wholeOf } from './words.ts';

/** What `framecue status` says of prizes. A part is null where events did not say it; `problem` says why. */
export interface PrizesReport {
  readonly ready: ReadyReport | null;
  readonly treasury: TreasuryBody | null;
  readonly outbox: OutboxStatus | null;
  readonly problem: string | null;
}

/** Nobody waits longer for it than this, whatever events does. */
const TIMEOUT_MS = 5_000;
/** Of pools and measures: the most that are named one by one. */
const NAMED = 8;

/** Whatever events does or does not do, it is in the report. */
export async function prizesReport(server: Server): Promise<PrizesReport> {
  const get = async <T>(path: string): Promise<T> =>
    (await exchange<T>(server, 'GET', path, undefined, {}, TIMEOUT_MS)).body;
  const [ready, treasury, outbox] = await Promise.allSettled([
    readyOf(server),
    get<TreasuryBody>('/api/v1/treasury'),
    get<OutboxStatus>('/api/v1/outbox/status'),
  ]);
  const failed = [treasury, outbox].find((part) => part.status === 'rejected');
  return {
    ready: ready.status === 'fulfilled' ? ready.value : null,
    treasury: treasury.status === 'fulfilled' ? treasury.value : null,
    outbox: outbox.status === 'fulfilled' ? outbox.value : null,
    problem: failed === undefined ? null : problemOf(failed.reason),
  };
}

function problemOf(error: unknown): string {
  if (error instanceof FramecueError) return `${error.message} (${error.code})`;
  throw error;
}

/** Its 503 is an answer as good as any. */
async function readyOf({ media }: Server): Promise<ReadyReport | null> {
  const response = await fetch(`${media}/health/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const report: unknown = await response.json();
  return typeof report === 'object' && report !== null && 'checks' in report ? (report as ReadyReport) : null;
}

/** What is not as it should be, draws apart, a sentence each. */
function troublesOf({ ready, outbox, problem }: PrizesReport): string[] {
  const dead = outbox?.dead ?? 0;
  const held = outbox === null ? [] : outbox.lanes.filter(({ breaker }) => breaker === 'open');
  const failing = Object.entries(ready?.checks ?? {}).filter(([, said]) => said !== 'good');
  return [
    ...(problem === null ? [] : [`events: ${problem}`]),
    ...(ready === null || ready.phase === 'serving' ? [] : [`events: ${ready.phase}`]),
    ...failing.map(([part, said]) => `${part}: ${plain(said)}`),
    ...(dead === 0
      ? []
      : [`${counted(dead, 'dead letter')}: \`framecue outbox list --state dead\` says why`]),
    ...held.slice(0, NAMED).map(({ lane, queued, waitMs }) => {
      const again = `tried again in ${span(waitMs)}`;
      return `${plain(lane)} is held back, the reward platform fails: ${counted(queued, 'item waits', 'items wait')}, ${again}`;
    }),
    ...(outbox !== null && outbox.breaker === 'open' ? ['the reward platform cannot be reached'] : []),
    ...(outbox !== null && !outbox.sending && outbox.queued > 0
      ? [
          `${counted(outbox.queued, 'item waits', 'items wait')} and nothing says where to: set FRAMECUE_REWARDS_URL`,
        ]
      : []),
  ];
}

/** What waits for a person to decide: a question, not a fault. */
function dueOf(treasury: TreasuryBody | null): string[] {
  const all = treasury?.shows.flatMap(({ measures }) => measures) ?? [];
  return all
    .filter(({ due, auto, state }) => due === true && !auto && state === 'prepared')
    .slice(0, NAMED)
    .map(({ show, id }) => `  due: measure ${id}: \`framecue measure apply ${show} ${id}\``);
}

/** One line where nobody uses prizes and nothing is wrong. */
export function prizesText(report: PrizesReport): string {
  const { ready, treasury, outbox } = report;
  const ledger = ready?.checks.ledger === 'good' ? '; ledger good' : '';
  const troubles = troublesOf(report).map((what) => `  bad: ${what}`);
  const used =
    (treasury !== null && treasury.pools.length + treasury.draws.length > 0) ||
    (outbox !== null && outbox.queued + outbox.delivered + outbox.dead > 0);
  if (!used) {
    const head = report.problem === null ? 'prizes: none' : 'prizes: not known';
    return [`${head}${ledger}`, ...troubles].join('\n');
  }
  return [
    `${treasury === null ? 'prizes: not known' : poolsLine(treasury)}${ledger}`,
    ...poolLines(treasury?.pools ?? []),
    ...drawLines(treasury),
    ...dueOf(treasury),
    ...(outbox === null ? [] : [outboxLine(outbox)]),
    ...troubles,
  ].join('\n');
}

function poolsLine({ pools, rights }: TreasuryBody): string {
  const open = pools.filter(({ state }) => state === 'open').length;
  const { earned, reserved, released, granted } = rights;
  return `prizes: ${counted(pools.length, 'pool')}, ${open} open; ${counted(granted, 'right')} granted, ${released} on their way, ${earned} wait for a reveal, ${reserved} reserved`;
}

/** Those with the least left first; what is closed and empty says nothing. */
function poolLines(pools: readonly PoolBody[]): string[] {
  const shareOf = ({ balances }: PoolBody): number =>
    balances.free.pieces / Math.max(1, wholeOf(balances).pieces);
  const telling = pools
    .filter(({ state, balances }) => state === 'open' || balances.free.pieces > 0)
    .sort((a, b) => shareOf(a) - shareOf(b));
  const lines = telling.slice(0, NAMED).map(({ id, state, currency, balances }) => {
    const whole = wholeOf(balances).pieces.toLocaleString('en');
    const free = balances.free.pieces.toLocaleString('en');
    if (whole === '0') return `  ${id}: nothing in it, ${state}`;
    return `  ${id}: ${free} of ${whole} left, ${money(balances.free.amountMinor, currency)}, ${state}`;
  });
  const more = telling.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more: \`framecue pool list\``] : lines;
}

/** Those that something is still to come of, the troubled ones first. */
function drawLines(treasury: TreasuryBody | null): string[] {
  if (treasury === null) return [];
  const now = treasury.at ?? Date.now();
  const waiting = treasury.draws.filter(isDrawWaiting);
  const sorted = waiting.sort((a, b) => Number(isDrawBad(b)) - Number(isDrawBad(a)));
  const lines = sorted
    .slice(0, NAMED)
    .map((draw: DrawLine) => `  ${isDrawBad(draw) ? 'bad: ' : ''}${drawLine(draw, now)}`);
  const more = waiting.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more: \`framecue draw list\``] : lines;
}

export const isPrizesBad = (report: PrizesReport): boolean =>
  troublesOf(report).length > 0 || report.treasury?.draws.some(isDrawBad) === true;
