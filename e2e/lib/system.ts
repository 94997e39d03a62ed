import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolEnvironment } from '../../scripts/lib/tools.ts';
import { describeRun } from '../../server/describe-run.ts';
import { type Launched, type LaunchOptions, launch } from '../../server/launch.ts';
import type { RunFile } from '../../server/run-file.ts';
import { loadSecrets } from '../../service/secrets.ts';
import { loadSettings } from '../../service/settings.ts';
import { type EnsureOptions, ensureTestStream, type TestStreamName } from '../../test-streams/catalogue.ts';
import { describeEnd, type Push, pushStream } from '../../test-streams/push.ts';
import { Api } from './api.ts';

/** Both processes, as `npm start` runs them, on free ports with a data folder of their own. */
export interface System {
  readonly dataDir: string;
  readonly api: Api;
  /** As run.json says it; read anew after a restart. */
  run(): Promise<RunFile>;
  readonly launched: Launched;
  /** Both processes' log lines. */
  log(): string;
  publish(name: TestStreamName, options?: Pick<EnsureOptions, 'seconds'>): Promise<Publish>;
  stop(): Promise<void>;
}

export interface Publish {
  readonly push: Push;
  readonly file: string;
  readonly frames: number;
  stop(): Promise<void>;
}

/** HLS half as far behind as by default: for tests that wait for it and do not ask how far behind it is. */
export const NEAR_HLS = { FRAMECUE_HLS_TARGET_MS: '1000' } as const;

/** Longer than a keyframe interval and a slow machine's start of ffmpeg. */
const LIVE_MS = 60_000;

export async function startSystem(
  env: Readonly<Record<string, string>> = {},
  options: Pick<LaunchOptions, 'lastRestartMs'> = {},
): Promise<System> {
  const dataDir = mkdtempSync(join(tmpdir(), 'framecue-e2e-'));
  const logFile = join(dataDir, 'framecue.log');
  const fd = openSync(logFile, 'a');
  const settingsEnv = {
    FRAMECUE_DATA_DIR: dataDir,
    FRAMECUE_MEDIA_PORT: '0',
    FRAMECUE_EVENTS_PORT: '0',
    FRAMECUE_RTMP_PORT: '0',
    FRAMECUE_DEMO: '1',
    FRAMECUE_CUE_RATE: '1000',
    ...env,
  };
  const { settings } = loadSettings(settingsEnv);
  const secrets = loadSecrets(settings);
  const launched = await launch({
    env: { ...process.env, ...toolEnvironment(), ...settingsEnv },
    output: fd,
    ...options,
  });
  const run = () => describeRun(settings, secrets, launched, null);
  const first = await run();
  const api = new Api(first);
  const publishes = new Set<Publish>();
  return {
    dataDir,
    api,
    run,
    launched,
    log: () => readFileSync(logFile, 'utf8'),
    async publish(name, options = {}) {
      const { file, frames } = await ensureTestStream(name, options);
      const push = pushStream({ file, url: `${first.rtmpUrl}/${first.streamKey}` });
      const publish: Publish = {
        push,
        file,
        frames,
        stop: async () => {
          publishes.delete(publish);
          await push.stop();
        },
      };
      publishes.add(publish);
      const failed = push.exited.then((end) => {
        throw new Error(describeEnd(file, end));
      });
      await Promise.race([api.untilLive(LIVE_MS), failed]);
      failed.catch(() => undefined);
      return publish;
    },
    async stop() {
      for (const publish of publishes) await publish.stop();
      await launched.stop();
      closeSync(fd);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
