import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

const GRACE_MS = 5_000;
const isWindows = process.platform === 'win32';

/**
 * Child processes that end with this one. Each leads a process group of its own, so that what it started ends
 * with it and a Ctrl-C reaches it through us, in the order that we choose.
 */
export class Children {
  readonly #running = new Set<ChildProcess>();

  /** Starts a program; it gets no input. */
  start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !isWindows,
      windowsHide: true,
      ...options,
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    child.once('error', () => child.pid === undefined && this.#running.delete(child));
    return child;
  }

  /** Asks a child and all that it started to end, makes them after `graceMs`; resolves when it is gone. */
  async end(child: ChildProcess, graceMs = GRACE_MS): Promise<void> {
    const { pid } = child;
    if (pid === undefined || !this.#running.has(child)) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    signalGroup(pid, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
    signalGroup(pid, 'SIGKILL');
  }

  async endAll(graceMs = GRACE_MS): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.end(child, graceMs)));
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (isWindows) {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).unref();
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody left in the group is what we want.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
