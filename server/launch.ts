import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FramecueError } from '../packet/errors.ts';
import type { ProcessName } from '../service/settings.ts';
import type { FailedMessage, ReadyMessage, SisterMessage } from './process.ts';
import { V8_FLAGS } from './v8-flags.ts';

/** One process of the two, as its starter sees it. */
export interface Managed {
  readonly name: ProcessName;
  readonly pid: number;
  readonly ports: ReadyMessage['ports'];
}

export interface LaunchOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Where the log lines of both processes go; the terminal by default. */
  readonly output?: 'inherit' | number;
  /** A process ended that nobody told to, or serves again. */
  readonly onChange?: (change: LaunchChange) => void;
  /** The longest wait before a process that keeps ending is started again, milliseconds. Default 10,000. */
  readonly lastRestartMs?: number;
}

export type LaunchChange =
  | { readonly kind: 'ended'; readonly name: ProcessName; readonly how: string; readonly restartInMs: number }
  | { readonly kind: 'restarted'; readonly managed: Managed };

export interface Launched {
  media(): Managed;
  events(): Managed;
  /** Tells both to stop, kills what does not. */
  stop(): Promise<void>;
}

const ENTRIES: Record<ProcessName, URL> = {
  media: new URL('./media-main.ts', import.meta.url),
  events: new URL('./events-main.ts', import.meta.url),
};
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const FIRST_RESTART_MS = 250;
const LAST_RESTART_MS = 10_000;
/** Served this long, a process counts as healthy: its next restart is a quick one again. */
const HEALTHY_MS = 60_000;

/**
 * Starts media, then events, and starts either again when it dies: on the port that it had, so that players and
 * publishers find it. They are two processes so that a pulse of submissions never stalls a frame.
 * @throws {FramecueError} the process's own reason when one of them does not come up, ERR_NOT_READY or
 *   ERR_TIMEOUT where it gave none.
 */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const slots: Record<ProcessName, Slot> = { media: newSlot(), events: newSlot() };
  let stopping = false;

  const start = async (name: ProcessName): Promise<Managed> => {
    const slot = slots[name];
    const { child, ready } = spawnProcess(
      name,
      { ...options.env, ...portsOf(name, slot, slots) },
      options.output,
    );
    slot.child = child;
    const { ports } = await ready;
    slot.managed = { name, pid: child.pid!, ports };
    slot.servingSince = Date.now();
    child.once('exit', (code, signal) => {
      if (!stopping) again(name, signal === null ? `with code ${code}` : `by ${signal}`);
    });
    introduce(slots);
    return slot.managed;
  };

  const again = (name: ProcessName, how: string): void => {
    const slot = slots[name];
    const healthy = Date.now() - slot.servingSince > HEALTHY_MS;
    slot.restartMs = healthy
      ? FIRST_RESTART_MS
      : Math.min(slot.restartMs * 2, options.lastRestartMs ?? LAST_RESTART_MS);
    options.onChange?.({ kind: 'ended', name, how, restartInMs: slot.restartMs });
    slot.timer = setTimeout(() => {
      start(name).then(
        (managed) => options.onChange?.({ kind: 'restarted', managed }),
        (error: unknown) => {
          if (!stopping)
            again(
              name,
              `at its start${error instanceof Error ? `: ${error.message.replace(/\.$/, '')}` : ''}`,
            );
        },
      );
    }, slot.restartMs);
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    // Events first: it follows media's feed to the last entry.
    for (const name of ['events', 'media'] as const) {
      clearTimeout(slots[name].timer);
      await stopProcess(slots[name].child);
    }
  };

  try {
    await start('media');
    await start('events');
  } catch (error) {
    await stop();
    throw error;
  }
  return { media: () => slots.media.managed!, events: () => slots.events.managed!, stop };
}

interface Slot {
  child: ChildProcess | null;
  managed: Managed | null;
  servingSince: number;
  restartMs: number;
  timer: NodeJS.Timeout | undefined;
}

const newSlot = (): Slot => ({
  child: null,
  managed: null,
  servingSince: 0,
  restartMs: FIRST_RESTART_MS / 2,
  timer: undefined,
});

/** A restart keeps its ports, and events finds media where it is, also where the settings said 0. */
function portsOf(name: ProcessName, slot: Slot, slots: Record<ProcessName, Slot>): NodeJS.ProcessEnv {
  const had = slot.managed?.ports;
  if (name === 'media') {
    return had === undefined
      ? {}
      : { FRAMECUE_MEDIA_PORT: String(had.http), FRAMECUE_RTMP_PORT: String(had.rtmp) };
  }
  const env: NodeJS.ProcessEnv = had === undefined ? {} : { FRAMECUE_EVENTS_PORT: String(had.http) };
  const mediaPort = slots.media.managed?.ports.http;
  if (mediaPort !== undefined) env.FRAMECUE_MEDIA_PORT = String(mediaPort);
  return env;
}

/** Each serves pages that name the other. */
function introduce(slots: Record<ProcessName, Slot>): void {
  for (const [name, sister] of [
    ['media', 'events'],
    ['events', 'media'],
  ] as const) {
    const port = slots[sister].managed?.ports.http;
    if (port === undefined || slots[name].child?.connected !== true) continue;
    const message: SisterMessage = { kind: 'sister', port };
    slots[name].child.send(message, () => undefined);
  }
}

function spawnProcess(
  name: ProcessName,
  env: NodeJS.ProcessEnv,
  output: LaunchOptions['output'] = 'inherit',
): { child: ChildProcess; ready: Promise<ReadyMessage> } {
  const flags = ['--disable-warning=ExperimentalWarning', ...V8_FLAGS[name]];
  const child = spawn(process.execPath, [...flags, fileURLToPath(ENTRIES[name])], {
    env,
    stdio: ['ignore', output, 'inherit', 'ipc'],
    // Ctrl-C goes to the starter alone, which ends them in order; they end by themselves when it is gone.
    detached: true,
  });
  const ready = new Promise<ReadyMessage>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new FramecueError('ERR_TIMEOUT', `The ${name} process did not start within ${START_TIMEOUT_MS} ms.`),
      );
    }, START_TIMEOUT_MS);
    child.once('message', (message: ReadyMessage | FailedMessage) => {
      clearTimeout(timer);
      if (message.kind === 'ready') resolve(message);
      else reject(new FramecueError(message.code, message.text));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      reject(new FramecueError('ERR_NOT_READY', `The ${name} process ended at its start, ${how}.`));
    });
    child.once('error', reject);
  });
  return { child, ready };
}

async function stopProcess(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
