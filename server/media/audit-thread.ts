import { Worker } from 'node:worker_threads';
import type { AuditorSetup, FromAuditor, ToAuditor } from '../../qa/audit/messages.ts';
import type { Log } from '../../service/log.ts';

export interface AuditThreadOptions {
  /** Made anew for every start: what is known by then. */
  readonly setup: () => AuditorSetup;
  /** What a thread has to be told right after its start, in this order. */
  readonly catchUp: () => readonly ToAuditor[];
  readonly onMessage: (message: FromAuditor) => void;
  readonly log: Log;
  /** For tests: another program in its place. */
  readonly worker?: URL;
  readonly firstRestartMs?: number;
  readonly silentMs?: number;
}

/** Enough for a dozen renditions; past it the thread ends, and no other. */
const HEAP_MB = 256;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 60_000;
/** The thread gives a sign of life each second. */
const SILENT_MS = 20_000;
const WATCH_MS = 1_000;
const GOOD_MS = 60_000;

/**
 * The thread that reads outputs. A thread, for reading must not cost the frame thread anything; not a process, for
 * it shares nothing but the few messages below, an error or a full heap in it ends it alone, and it is gone with the
 * process whatever happens. When it ends or falls silent, it is started again.
 */
export class AuditThread {
  readonly #options: AuditThreadOptions;
  readonly #watch: NodeJS.Timeout;
  #worker: Worker | null = null;
  #restarts = 0;
  #restartMs: number;
  #startedAt = 0;
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: AuditThreadOptions) {
    this.#options = options;
    this.#restartMs = options.firstRestartMs ?? FIRST_RESTART_MS;
    this.#watch = setInterval(() => this.#endIfSilent(), WATCH_MS);
    this.#watch.unref();
    this.#start();
  }

  /** Times that it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  get isRunning(): boolean {
    return this.#worker !== null;
  }

  /** What it does not hear, because it is being started, `catchUp` tells. */
  send(message: ToAuditor): void {
    this.#worker?.postMessage(message);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    await this.#worker?.terminate();
  }

  #start(): void {
    const { setup, catchUp, onMessage, log, worker: file } = this.#options;
    const worker = new Worker(file ?? new URL('../../qa/audit/audit.worker.ts', import.meta.url), {
      workerData: setup(),
      // The parent's flags (a debugger's port, a test runner's loaders) are not the worker's.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.unref();
    this.#worker = worker;
    this.#startedAt = performance.now();
    this.#heardAt = this.#startedAt;
    worker.on('message', (message: FromAuditor) => {
      this.#heardAt = performance.now();
      onMessage(message);
    });
    worker.on('error', (error) => log.error({ err: error }, 'the reader of outputs failed'));
    worker.on('exit', () => this.#again(worker));
    for (const message of catchUp()) worker.postMessage(message);
  }

  #again(ended: Worker): void {
    if (ended !== this.#worker) return;
    this.#worker = null;
    if (this.#closed) return;
    const first = this.#options.firstRestartMs ?? FIRST_RESTART_MS;
    const wasGood = performance.now() - this.#startedAt > GOOD_MS;
    const delayMs = wasGood ? first : this.#restartMs;
    this.#restartMs = Math.min(LAST_RESTART_MS, delayMs * 2);
    this.#restarts++;
    this.#options.log.error({ restarts: this.#restarts, delayMs }, 'the reader of outputs is started again');
    this.#timer = setTimeout(() => this.#start(), delayMs);
    this.#timer.unref();
  }

  #endIfSilent(): void {
    const silentMs = this.#options.silentMs ?? SILENT_MS;
    if (this.#worker === null || performance.now() - this.#heardAt < silentMs) return;
    this.#options.log.error({ silentMs }, 'the reader of outputs fell silent and is ended');
    this.#heardAt = performance.now();
    void this.#worker.terminate();
  }
}
