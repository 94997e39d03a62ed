import { type ErrorCode, FramecueError } from '../packet/errors.ts';
import { createLog, type Log } from '../service/log.ts';
import { askPriority, type PriorityOutcome } from '../service/priority.ts';
import { loadSecrets, type Secrets } from '../service/secrets.ts';
import { loadSettings, type ProcessName, type Settings } from '../service/settings.ts';

/** What a process tells whoever started it, once it serves. */
export interface ReadyMessage {
  readonly kind: 'ready';
  readonly process: ProcessName;
  /** The ports in use, also where 0 was asked for. */
  readonly ports: { readonly http: number; readonly rtmp?: number };
}

/** What a process tells whoever started it in place of {@link ReadyMessage}: a reason that people can act on. */
export interface FailedMessage {
  readonly kind: 'failed';
  readonly code: ErrorCode;
  readonly text: string;
}

/** What the starter tells a process: the port of its sister, for the pages' configuration. */
export interface SisterMessage {
  readonly kind: 'sister';
  readonly port: number;
}

export interface Running {
  readonly ports: ReadyMessage['ports'];
  /** The port that the sister process serves on. */
  setSister(port: number): void;
  close(): Promise<void>;
}

export interface ProcessContext {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly log: Log;
}

/** Answers, cues and logs are for their owner alone, also in a folder that others can look into. */
const OWNER_ONLY = 0o077;
/** Longer than any part's own bound: whatever still hangs then is given up. */
const CLOSE_TIMEOUT_MS = 15_000;

/**
 * Runs one of the two processes: settings, secrets and log, then `start`; tells the starter when it serves; ends
 * orderly on SIGTERM and SIGINT, and when the starter is gone.
 */
export async function runProcess(
  name: ProcessName,
  start: (context: ProcessContext) => Promise<Running>,
): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(
      `Starts the ${name} process of framecue. Its settings are FRAMECUE_* variables: see README.\n`,
    );
    return;
  }
  process.umask(OWNER_ONLY);
  let running: Running;
  let log: Log;
  try {
    const { settings, warnings } = loadSettings(process.env);
    log = createLog(name, settings);
    // Both processes read all names: one says what is not known.
    if (name === 'media') {
      for (const warning of warnings) log.warn(warning);
      // Before any thread is started: those of the cue log and of the disk have it too.
      tellPriority(askPriority(settings.mediaNice), log);
    }
    running = await start({ settings, secrets: loadSecrets(settings), log });
  } catch (error) {
    process.exitCode = 1;
    if (process.connected && error instanceof FramecueError) {
      // Whoever started it says it, and once.
      const failed: FailedMessage = { kind: 'failed', code: error.code, text: error.message };
      process.send?.(failed, () => process.disconnect?.());
      return;
    }
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.disconnect?.();
    return;
  }
  let stopping = false;
  const stop = (why: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS).unref();
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('disconnect', () => stop('the starter is gone'));
  process.on('message', (message: SisterMessage) => {
    if (message.kind === 'sister') running.setSister(message.port);
  });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error that nobody expected');
    process.exit(70);
  });
  const ready: ReadyMessage = { kind: 'ready', process: name, ports: running.ports };
  process.send?.(ready);
  log.info({ ports: running.ports }, 'serving');
}

function tellPriority(outcome: PriorityOutcome, log: Log): void {
  if (outcome.kind !== 'refused') return;
  log.info(
    outcome,
    'the system gives it no priority over other processes; under load pictures and cues may wait for a processor: start it with Nice= or LimitNICE= of systemd, or ulimits: { nice: 30 } of docker',
  );
}

/** For people: coded errors in their own words, anything else with its stack. */
export const sentenceOf = (error: unknown): string =>
  error instanceof FramecueError
    ? `framecue: ${error.message} (${error.code})`
    : `framecue: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
