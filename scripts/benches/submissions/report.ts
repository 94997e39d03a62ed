import { writeFileSync } from 'node:fs';
import { V8_FLAGS } from '../../../server/v8-flags.ts';
import { type Figure, medianOf, print, quantileOf } from '../figures.ts';
import type { LoadOutcome } from './messages.ts';

/** In turn: what is compared most runs most closely together. */
export const SERVERS = ['express', 'durable', 'express_flags', 'bare'] as const;
export type ServerName = (typeof SERVERS)[number];
const TEXT: Readonly<Record<ServerName, string>> = {
  durable: 'the events process: SQLite, WAL, synchronous=FULL; acknowledged after the commit',
  express: 'Express 5, an empty POST handler, by plain node',
  express_flags: `the same, with the flags that the events process is started with: ${V8_FLAGS.events.join(' ')}`,
  bare: 'node:http, an empty handler, by plain node',
};

export interface Run extends LoadOutcome {
  /** Of the server, all its threads; null where the system does not tell. */
  readonly cpuUsEach: number | null;
}

/** One open loop, and what it was told to send. */
export interface OpenRun extends Run {
  readonly rate: number;
}

/** What the run was asked for. */
interface Asked {
  readonly connections: number;
  readonly openConnections: number;
  /** A file that is to have all of it. */
  readonly json?: string | undefined;
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function inWords({ perSecond, tookMs, cpuUsEach }: Run): string {
  const cpu = cpuUsEach === null ? '' : `, ${cpuUsEach.toFixed(1)} us CPU each`;
  return `${perSecond.toFixed(0)} a second, p99 ${quantileOf(tookMs, 0.99).toFixed(1)} ms${cpu}`;
}

export function report(
  runs: Readonly<Record<ServerName, readonly Run[]>>,
  opens: readonly OpenRun[],
  stolen: number | null,
  { connections, openConnections, json }: Asked,
): void {
  say(
    '\nall of them: the same JSON body parser (events/http/body.ts) and the same check of the viewer token',
  );
  say(`(HMAC-SHA256, events/http/session.ts); ${connections} keep-alive connections, one request each`);
  for (const name of SERVERS) say(`  ${name}: ${TEXT[name]}`);
  say('');
  const figures: Figure[] = [];
  for (const name of SERVERS) {
    figures.push([`${name}_rate`, medianOf(runs[name].map((run) => run.perSecond)), 'submissions/s']);
    const costs = runs[name].flatMap((run) => run.cpuUsEach ?? []);
    if (costs.length > 0) figures.push([`${name}_cpu`, medianOf(costs), 'us/submission']);
  }
  // By round, so that both sides of a ratio ran one after the other.
  const ratio = (peer: ServerName) =>
    medianOf(runs.durable.map((run, round) => run.perSecond / runs[peer][round]!.perSecond));
  figures.push(
    ['ratio_express', ratio('express'), 'x an empty Express 5 handler'],
    ['ratio_express_flags', ratio('express_flags'), "x the same with the events process's own V8 flags"],
    ['ratio_bare', ratio('bare'), 'x a bare node:http handler'],
    ['durable_ack_p99', medianOf(runs.durable.map(({ tookMs }) => quantileOf(tookMs, 0.99))), 'ms'],
  );
  if (opens.length > 0) {
    // Of all answers, whichever round they are of.
    const tookMs = opens.flatMap((open) => open.tookMs);
    figures.push(
      ['open_rate', medianOf(opens.map(({ rate }) => rate)), 'submissions/s'],
      ['open_connections', openConnections, 'connections'],
      ['open_ack_p50', quantileOf(tookMs, 0.5), 'ms'],
      ['open_ack_p99', quantileOf(tookMs, 0.99), 'ms'],
      ['open_ack_max', quantileOf(tookMs, 1), 'ms'],
    );
  }
  if (stolen !== null) figures.push(['stolen', stolen * 100, '% of the processors, by others on the host']);
  print(figures);
  if (json !== undefined) {
    const byName = Object.fromEntries(figures.map(([name, value]) => [name, value]));
    const told = {
      ...byName,
      servers: TEXT,
      runs: Object.fromEntries(SERVERS.map((name) => [name, runs[name].map(withQuantiles)])),
      opens: opens.map(withQuantiles),
    };
    writeFileSync(json, `${JSON.stringify(told, null, 2)}\n`);
  }
}

function withQuantiles<Of extends Run>({ tookMs, ...run }: Of) {
  return {
    ...run,
    tookMs: Object.fromEntries(
      [0.5, 0.9, 0.99, 1].map((q) => [q === 1 ? 'max' : `p${q * 100}`, quantileOf(tookMs, q)]),
    ),
  };
}
