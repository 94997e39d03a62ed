/** How many durable submissions the events process takes, beside handlers that do nothing, in turn in one run. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ReadyMessage } from '../../server/process.ts';
import { V8_FLAGS } from '../../server/v8-flags.ts';
import { loadSecrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';
import { EventsApi, LandedCues } from './submissions/events-under-load.ts';
import { cpuMsOf, stolenMeter } from './submissions/machine.ts';
import type { FromLoad, LoadOrder, LoadOutcome } from './submissions/messages.ts';
import {
  inWords,
  type OpenRun,
  type Run,
  report,
  SERVERS,
  type ServerName,
  say,
} from './submissions/report.ts';
import { interactionOf } from './submissions/request.ts';

const USAGE = `usage: npm run bench -- submissions [--rounds N] [--seconds N] [--open-seconds N] [--viewers N]
                                   [--connections N] [--open-connections N] [--dir FOLDER] [--json FILE]

  --rounds N            each server is measured so many times, in turn, after one for the compilers (default 5)
  --seconds N           for so long each time, after a second of warm-up (default 4)
  --open-seconds N      length of the open loops at 80 % of what the events process took in the round; all
                        rounds together; 0: none (default 20)
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

const OPEN_SHARE = 0.8;
const WARM_UP_MS = 1_000;
const START_TIMEOUT_MS = 60_000;
/** `f_type` of file systems that are in memory (Linux, statfs(2)). */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

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
    const opens: OpenRun[] = [];
    const rounds = Number(values.rounds);
    const openMs = (Number(values['open-seconds']) * 1000) / rounds;
    /** Behind the round that says how much there is to take: a machine that others use is another one a minute later. */
    const openLoop = async ({ perSecond }: Run): Promise<OpenRun> => {
      const rate = Math.floor(OPEN_SHARE * perSecond);
      const ms = Math.min(openMs, (Number(values.viewers) / rate) * 1000 - WARM_UP_MS);
      const connections = Number(values['open-connections']);
      return { ...(await measure('durable', { rate, ms, connections })), rate };
    };
    // The first round is for the compilers of all.
    for (let round = 0; round <= rounds; round++) {
      const title = round === 0 ? 'for the compilers' : `round ${round} of ${rounds}`;
      for (const name of SERVERS) {
        const run = await measure(name, {});
        if (round > 0) runs[name].push(run);
        say(`${title}, ${name}: ${inWords(run)}`);
        if (name !== 'durable' || round === 0 || openMs === 0) continue;
        const open = await openLoop(run);
        opens.push(open);
        say(`${title}, open loop at ${open.rate} a second: ${inWords(open)}`);
      }
    }
    report(runs, opens, stolen(), {
      connections: Number(values.connections),
      openConnections: Number(values['open-connections']),
      json: values.json,
    });
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
  const timeout = AbortSignal.timeout(Math.ceil(order.warmUpMs + order.ms + START_TIMEOUT_MS));
  const [message] = (await once(load, 'message', { signal: timeout })) as [FromLoad];
  if (message.kind !== 'done') throw new Error(message.kind === 'failed' ? message.problem : message.kind);
  return message.outcome;
}
