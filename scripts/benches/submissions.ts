/** How many durable submissions the events process takes, beside handlers that do nothing, in turn in one run. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ReadyMessage } from '../../server/process.ts';
import { V8_FLAGS } from '../../server/v8-flags.ts';
import { loadSecrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';
import { medianOf } from './cpu-of.ts';
import { EventsApi, LandedCues } from './submissions/events-under-load.ts';
import type { FromLoad, LoadOrder, LoadOutcome } from './submissions/messages.ts';
import { interactionOf } from './submissions/request.ts';

const USAGE = `usage: npm run bench -- submissions [--rounds N] [--seconds N] [--open-seconds N] [--viewers N]
                                   [--connections N] [--open-connections N] [--dir FOLDER] [--json FILE]

  --rounds N            each server is measured so many times, in turn, after one for the compilers (default 5)
  --seconds N           for so long each time, after a second of warm-up (default 4)
  --open-seconds N      length of the open loop at 80 % of what was measured; 0: none (default 20)
  --viewers N           distinct signed viewers of a round; it ends where they do (default 150000)
  --connections N       keep-alive connections, each with one request under way (default 64)
  --open-connections N  connections of the open loop (default 256)
  --dir FOLDER          where the ledger's file is made: on a disk (default: the system's folder of temporary files)
  --profile FOLDER      writes CPU profiles of the events process there
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    'open-seconds': { type: 'string', default: '20' },
    viewers: { type: 'string', default: '150000' },
    connections: { type: 'string', default: '64' },
    'open-connections': { type: 'string', default: '256' },
    dir: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const SERVERS = ['durable', 'express', 'express_flags', 'bare'] as const;
type ServerName = (typeof SERVERS)[number];
const TEXT: Readonly<Record<ServerName, string>> = {
  durable: 'the events process: SQLite, WAL, synchronous=FULL; acknowledged after the commit',
  express: 'Express 5, an empty POST handler, by plain node',
  express_flags: `the same, with the flags that the events process is started with: ${V8_FLAGS.events.join(' ')}`,
  bare: 'node:http, an empty handler, by plain node',
};
const OPEN_SHARE = 0.8;
const WARM_UP_MS = 1_000;
const START_TIMEOUT_MS = 60_000;
/** `f_type` of file systems that are in memory (Linux, statfs(2)). */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

interface Run extends LoadOutcome {
  /** Of the server, all its threads; null where the system does not tell. */
  readonly cpuUsEach: number | null;
}

const numbers = [values.rounds, values.seconds, values.viewers, values.connections].map(Number);
if (values.help) process.stdout.write(USAGE);
else if (numbers.some((n) => !(n > 0)) || !(Number(values['open-seconds']) >= 0)) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else await bench();

async function bench(): Promise<void> {
  if (IN_MEMORY.includes(statfsSync(values.dir).type)) {
    throw new Error(`${values.dir} is in memory: give --dir a folder on a disk`);
  }
  const folder = mkdtempSync(join(values.dir, 'framecue-bench-'));
  const children: ChildProcess[] = [];
  const cues = new LandedCues();
  try {
    const env = { ...process.env, FRAMECUE_DATA_DIR: folder, FRAMECUE_LOG_LEVEL: 'error' };
    const { sessionKey, tokens } = loadSecrets(loadSettings(env).settings);
    const stolen = stolenMeter();
    const start = (
      file: string,
      args: readonly string[],
      flags: readonly string[] = [],
      over: NodeJS.ProcessEnv = {},
    ): ChildProcess => {
      const child = fork(fileURLToPath(new URL(file, import.meta.url)), [...args], {
        env: { ...env, ...over },
        execArgv: ['--disable-warning=ExperimentalWarning', ...flags],
        // Ctrl-C is ours; they end when we do.
        detached: true,
      });
      children.push(child);
      return child;
    };
    say(`making requests of ${values.viewers} signed viewers`);
    const load = start('./submissions/load.ts', [sessionKey, values.viewers]);
    await ready(load);
    const servers: Record<ServerName, ChildProcess> = {
      durable: start(
        '../../server/events-main.ts',
        [],
        [...V8_FLAGS.events, ...(values.profile === undefined ? [] : profiling())],
        { FRAMECUE_EVENTS_PORT: '0', FRAMECUE_FEED_URL: await cues.listen() },
      ),
      express: start('./submissions/peer.ts', ['express', sessionKey]),
      express_flags: start('./submissions/peer.ts', ['express', sessionKey], V8_FLAGS.events),
      bare: start('./submissions/peer.ts', ['bare', sessionKey]),
    };
    const ports = { durable: 0, express: 0, express_flags: 0, bare: 0 };
    for (const name of SERVERS) ports[name] = (await ready(servers[name])).ports!.http;
    const api = new EventsApi(`http://127.0.0.1:${ports.durable}`, tokens.director);

    let interactions = 0;
    /** One server under one load; of ours, every acknowledged answer is counted in the result, and no other. */
    const measure = async (name: ServerName, over: Partial<LoadOrder>): Promise<Run> => {
      const interaction = interactionOf(interactions++);
      if (name === 'durable') {
        await api.createQuiz(interaction);
        cues.open(interaction);
        await api.untilActive(interaction);
      }
      const cpuBefore = cpuMsOf(servers[name].pid!);
      const outcome = await drive(load, {
        ...{ port: ports[name], interaction, connections: Number(values.connections), rate: null },
        ...{ warmUpMs: WARM_UP_MS, ms: Number(values.seconds) * 1000, ...over },
      });
      const cpuAfter = cpuMsOf(servers[name].pid!);
      const failed = Object.keys(outcome.statuses).filter((status) => status !== '200');
      if (failed.length > 0 || outcome.unanswered > 0) {
        throw new Error(`${name}: ${JSON.stringify(outcome.statuses)}, ${outcome.unanswered} unanswered`);
      }
      if (name === 'durable') {
        const { total } = await api.result(interaction);
        if (total !== outcome.answered) throw new Error(`${outcome.answered} acknowledged, ${total} counted`);
      }
      const cpuUsEach =
        cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / outcome.answered;
      return { ...outcome, cpuUsEach };
    };

    const runs: Record<ServerName, Run[]> = { durable: [], express: [], express_flags: [], bare: [] };
    const rounds = Number(values.rounds);
    // The first round is for the compilers of all.
    for (let round = 0; round <= rounds; round++) {
      for (const name of SERVERS) {
        const run = await measure(name, {});
        if (round > 0) runs[name].push(run);
        const cpu = run.cpuUsEach === null ? '' : `, ${run.cpuUsEach.toFixed(1)} us CPU each`;
        const p99 = run.tookMs.p99.toFixed(1);
        say(
          `${round === 0 ? 'for the compilers' : `round ${round} of ${rounds}`}, ${name}: ${run.perSecond.toFixed(0)} a second, p99 ${p99} ms${cpu}`,
        );
      }
    }
    const rate = Math.floor(OPEN_SHARE * medianOf(runs.durable.map((run) => run.perSecond)));
    const openMs = Number(values['open-seconds']) * 1000;
    let open: Run | null = null;
    if (openMs > 0) {
      say(`open loop: ${rate} a second`);
      const ms = Math.min(openMs, (Number(values.viewers) / rate) * 1000 - WARM_UP_MS);
      open = await measure('durable', { rate, ms, connections: Number(values['open-connections']) });
    }
    report(runs, open, rate, stolen());
  } finally {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.disconnect();
        await gone;
      }),
    );
    await cues.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function profiling(): string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
}

async function ready(child: ChildProcess): Promise<Partial<ReadyMessage>> {
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const [message] = (await once(child, 'message', { signal: timeout })) as [Partial<ReadyMessage>];
  if ((message.kind as string) !== 'ready') throw new Error(JSON.stringify(message));
  return message;
}

async function drive(load: ChildProcess, order: LoadOrder): Promise<LoadOutcome> {
  load.send(order);
  const timeout = AbortSignal.timeout(order.warmUpMs + order.ms + START_TIMEOUT_MS);
  const [message] = (await once(load, 'message', { signal: timeout })) as [FromLoad];
  if (message.kind !== 'done') throw new Error(message.kind === 'failed' ? message.problem : message.kind);
  return message.outcome;
}

/** User and system time of a process, milliseconds (proc(5): ticks of 10 ms). */
function cpuMsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

/** Which share of the processors others on the same host have taken since; null where the system does not tell. */
function stolenMeter(): () => number | null {
  const read = (): readonly number[] | null => {
    try {
      return readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
    } catch {
      return null;
    }
  };
  const before = read();
  return () => {
    const after = read();
    if (before === null || after === null) return null;
    const spent = after.map((ticks, n) => ticks - before[n]!);
    return spent[7]! / spent.reduce((sum, ticks) => sum + ticks, 0);
  };
}

function report(
  runs: Readonly<Record<ServerName, readonly Run[]>>,
  open: Run | null,
  rate: number,
  stolen: number | null,
): void {
  say(
    '\nall of them: the same JSON body parser (events/http/body.ts) and the same check of the viewer token',
  );
  say(
    `(HMAC-SHA256, events/http/session.ts); ${values.connections} keep-alive connections, one request each`,
  );
  for (const name of SERVERS) say(`  ${name}: ${TEXT[name]}`);
  say('');
  const figures: [name: string, value: number, unit: string][] = [];
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
    ['durable_ack_p99', medianOf(runs.durable.map((run) => run.tookMs.p99)), 'ms'],
  );
  if (open !== null) {
    figures.push(
      ['open_rate', rate, 'submissions/s'],
      ['open_connections', Number(values['open-connections']), 'connections'],
      ['open_ack_p50', open.tookMs.p50, 'ms'],
      ['open_ack_p99', open.tookMs.p99, 'ms'],
      ['open_ack_max', open.tookMs.max, 'ms'],
    );
  }
  if (stolen !== null) figures.push(['stolen', stolen * 100, '% of the processors, by others on the host']);
  for (const [name, value, unit] of figures) {
    process.stdout.write(`${name}: ${Number.isInteger(value) ? value : value.toPrecision(4)} ${unit}\n`);
  }
  if (values.json !== undefined) {
    const json = Object.fromEntries(figures.map(([name, value]) => [name, value]));
    writeFileSync(values.json, `${JSON.stringify({ ...json, servers: TEXT, runs, open }, null, 2)}\n`);
  }
}
