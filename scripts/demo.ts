/** `npm run demo`: everything at once, with a test stream in place of an encoder. */
import { join } from 'node:path';
import { FramecueError } from '../packet/errors.ts';
import { type RunningRewards, startRewards } from '../rewards/start.ts';
import type { RunFile } from '../server/run-file.ts';
import { createLog } from '../service/log.ts';
import { loadSecrets } from '../service/secrets.ts';
import { loadSettings } from '../service/settings.ts';
import { ensureTestStream } from '../test-streams/catalogue.ts';
import { describeEnd, type Push, pushStream } from '../test-streams/push.ts';
import { type Publisher, serve } from './lib/serve.ts';
import { HOW_TO_GET_A_TICKET, stageAddress } from './lib/stage-address.ts';

const USAGE = `usage: npm run demo

Makes a test stream, starts media, events and a reward platform to try things with, pushes the stream in a loop over RTMP, and prints the pages.
Settings are FRAMECUE_* variables: see README. Ctrl-C stops everything.
`;

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;
const SILENT_MS = 5_000;

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  process.exitCode = await demo();
}

async function demo(): Promise<number> {
  const rewards = await startOwnRewards();
  try {
    return await run(rewards);
  } finally {
    await rewards?.close();
  }
}

/** The reference reward platform, unless the settings name another; null: `serve` will say what is wrong with them. */
async function startOwnRewards(): Promise<RunningRewards | null> {
  try {
    const { settings } = loadSettings(process.env);
    if (settings.rewardsUrl !== null) return null;
    const { rewardsSecrets: secrets } = loadSecrets(settings);
    const file = join(settings.dataDir, 'rewards.db');
    const log = createLog('rewards', { logLevel: 'silent' });
    return await startRewards({ host: '127.0.0.1', port: 0, file, secrets, mayMisbehave: false, log });
  } catch (error) {
    if (error instanceof FramecueError) return null;
    throw error;
  }
}

function run(rewards: RunningRewards | null): Promise<number> {
  let file = '';
  return serve({
    env: { FRAMECUE_DEMO: '1', ...(rewards === null ? {} : { FRAMECUE_REWARDS_URL: rewards.url }) },
    prepare: async (signal) => {
      file = await makeStream(signal);
    },
    publish: (run) => keepPushing(run, file),
    banner: async (run, logFile) => `
Open this page and press O: ${run.pages.demo}#token=${run.tokens.director}

  Viewers   ${run.pages.viewer}
  Director  ${run.pages.director}#token=${run.tokens.director}
  Stage     ${(await stageAddress(run)) ?? `${run.pages.stage}  ${HOW_TO_GET_A_TICKET}`}
  Status    ${run.pages.status}#token=${run.tokens.director}
  Prizes    ${run.pages.prizes}#token=${run.tokens.treasurer}

  Log       ${logFile}
Ctrl-C stops everything.
`,
  });
}

/** The test stream's file. It is made once; how far that is, is said each 10 %, and each 5 s where it is slow. */
async function makeStream(signal: AbortSignal): Promise<string> {
  process.stdout.write('Test stream …\n');
  let shown = Number.NEGATIVE_INFINITY;
  let shownAt = 0;
  const { file } = await ensureTestStream('demo', {
    signal,
    onProgress: (percent) => {
      if (shown < 0) process.stdout.write('  is made now, and kept for the next time\n');
      else if (percent - shown < 10 && performance.now() - shownAt < SILENT_MS) return;
      shown = percent;
      shownAt = performance.now();
      process.stdout.write(`  ${Math.round(percent)} %\n`);
    },
  });
  return file;
}

/** As an encoder would: comes back when the server does, a little slower each time. */
function keepPushing(run: RunFile, file: string): Publisher {
  const url = `${run.rtmpUrl}/${run.streamKey}`;
  let push: Push;
  let stopped = false;
  let retryMs = FIRST_RETRY_MS;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    const startedAt = performance.now();
    push = pushStream({ file, url });
    void push.exited.then((end) => {
      if (stopped) return;
      retryMs =
        performance.now() - startedAt > 10_000 ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_RETRY_MS);
      process.stderr.write(`${describeEnd(file, end)}; again in ${retryMs} ms\n`);
      timer = setTimeout(begin, retryMs);
    });
  };
  begin();
  return {
    pid: () => push.pid,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      return push.stop();
    },
  };
}
