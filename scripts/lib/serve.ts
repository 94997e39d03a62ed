import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeRun } from '../../server/describe-run.ts';
import { type LaunchChange, type Launched, launch } from '../../server/launch.ts';
import { sentenceOf } from '../../server/process.ts';
import { type RunFile, removeRunFile, writeRunFile } from '../../server/run-file.ts';
import { loadSecrets, type Secrets } from '../../service/secrets.ts';
import { loadSettings, type Settings } from '../../service/settings.ts';
import { watchStarter } from './starter.ts';

export interface ServeOptions {
  /** Settings of this run, over those of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs before the servers start, once the settings are known to be good; `signal`: stop, Ctrl-C came. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>;
  /** Pushes something to the running server; its end or death is its own matter. */
  readonly publish?: (run: RunFile) => Publisher;
  /** Printed once everything is ready. */
  readonly banner: (run: RunFile, logFile: string, settings: Settings) => string | Promise<string>;
}

export interface Publisher {
  pid(): number | undefined;
  stop(): Promise<unknown>;
}

const LOG_KEPT_BYTES = 16 * 1024 * 1024;

/**
 * Runs both processes until Ctrl-C or SIGTERM, or until the npm that ran it has ended: writes run.json when all is ready, removes it at the end, and leaves
 * no child behind. Resolves to the exit code.
 */
export async function serve(options: ServeOptions): Promise<number> {
  const env = { ...process.env, ...options.env };
  try {
    const { settings, warnings } = loadSettings(env);
    for (const warning of warnings) process.stderr.write(`framecue: ${warning}\n`);
    return await serveWith({ ...options, env }, settings, loadSecrets(settings));
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    return 1;
  }
}

async function serveWith(
  options: Omit<ServeOptions, 'env'> & { readonly env: NodeJS.ProcessEnv },
  settings: Settings,
  secrets: Secrets,
): Promise<number> {
  const { env } = options;
  const log = openLog(settings.dataDir);
  let launched: Launched | null = null;
  let publisher: Publisher | null = null;
  // Another server may run in this folder: its run.json is not ours to remove.
  let hasRunFile = false;
  let stopping = false;

  // Asked to stop while still starting: remembered, so that Ctrl-C works at every moment.
  const asked = Promise.withResolvers<void>();
  const stopPreparing = new AbortController();
  const ask = (): void => {
    asked.resolve();
    stopPreparing.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  const endWatch = watchStarter(ask);
  // Whoever read it may have gone first; there is still something to end in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  const publish = async (): Promise<void> => {
    if (launched === null) return;
    const run = await describeRun(settings, secrets, launched, publisher?.pid() ?? null);
    if (stopping) return;
    writeRunFile(settings.dataDir, run);
    hasRunFile = true;
  };
  const onChange = (change: LaunchChange): void => {
    const text =
      change.kind === 'ended'
        ? `The ${change.name} process ended ${change.how}; it starts again in ${change.restartInMs} ms.`
        : `The ${change.managed.name} process serves again.`;
    process.stderr.write(`${text}\n`);
    if (change.kind !== 'restarted') return;
    // A full disk ends no server that runs: its file only says the process ids of before.
    publish().catch((error: unknown) => process.stderr.write(`run.json: ${sentenceOf(error)}\n`));
  };

  try {
    await options.prepare?.(stopPreparing.signal);
    process.stdout.write('Media and events …\n');
    launched = await launch({ env, output: log.fd, onChange });
    const run = await describeRun(settings, secrets, launched, null);
    publisher = options.publish?.(run) ?? null;
    await publish();
    process.stdout.write(await options.banner(run, log.file, settings));
    await asked.promise;
    process.stdout.write('\nStopping …\n');
    return 0;
  } catch (error) {
    if (stopPreparing.signal.aborted) return 0;
    throw error;
  } finally {
    stopping = true;
    endWatch?.();
    if (hasRunFile) removeRunFile(settings.dataDir);
    await publisher?.stop();
    await launched?.stop();
    closeSync(log.fd);
  }
}

/** One file for both processes' log lines; the one before is kept beside it once it has grown large. */
function openLog(dataDir: string): { fd: number; file: string } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'framecue.log');
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_KEPT_BYTES) {
    rmSync(`${file}.1`, { force: true });
    renameSync(file, `${file}.1`);
  }
  return { fd: openSync(file, 'a', 0o600), file };
}
