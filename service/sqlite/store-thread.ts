import { Worker } from 'node:worker_threads';
import type { Log } from '../log.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { revive, unavailable } from './store-errors.ts';

const RESTARTS_MAX = 5;
/** A worker that stood this long has its restarts given back. */
const RESTARTS_FORGIVEN_MS = 60_000;
const RESTART_DELAY_MS = 100;
const START_TIMEOUT_MS = 30_000;

export interface StoreThreadOptions {
  /** The worker's entry file. */
  readonly worker: URL;
  readonly log: Log;
  /** For each start another one. */
  readonly start: () => WorkerStart;
}

/** Told of what happens to the thread. */
export interface StoreThreadEvents<Result, Answer> {
  message(message: FromWorker<Result, Answer>): void;
  /** With all that it had been given. `comesBack`: it is going to be started again. */
  lost(comesBack: boolean): void;
  back(): void;
  /** It keeps failing, and is not started again. */
  down(): void;
}

/** The worker thread of a store: started, started again when it is lost, and given up where it keeps failing. */
export class StoreThread<Op, Result, Query, Answer> {
  readonly #options: StoreThreadOptions;
  readonly #events: StoreThreadEvents<Result, Answer>;
  #worker: Worker | null = null;
  /** lost: being started again. down: given up. retiring: takes messages still, and is not started again. */
  #state: 'starting' | 'open' | 'lost' | 'down' | 'retiring' | 'ended' = 'starting';
  #restarts = 0;
  #restarting: NodeJS.Timeout | undefined;
  #standingSince = 0;

  constructor(options: StoreThreadOptions, events: StoreThreadEvents<Result, Answer>) {
    this.#options = options;
    this.#events = events;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isDown(): boolean {
    return this.#state === 'down';
  }

  get takesMessages(): boolean {
    return this.#state === 'open' || this.#state === 'retiring';
  }

  /** @throws {FramecueError} ERR_STORE_UNAVAILABLE, and what the worker says why it cannot start. */
  async start(): Promise<void> {
    await this.#startWorker();
    if (this.#worker === null) throw unavailable('ended', false);
    this.#state = 'open';
  }

  /** @throws {DOMException} where the message cannot be cloned. */
  send(message: ToWorker<Op, Query>): void {
    this.#worker?.postMessage(message);
  }

  /** From now on it is not started again. @returns whether it stands, to take what is left and then `close` */
  retire(): boolean {
    this.#state = this.#state === 'open' ? 'retiring' : 'ended';
    return this.#state === 'retiring';
  }

  async end(): Promise<void> {
    this.#state = 'ended';
    clearTimeout(this.#restarting);
    await this.#worker?.terminate();
  }

  #startWorker(): Promise<void> {
    const { worker: entry, log, start } = this.#options;
    const workerData = start();
    // The parent's flags (a debugger's port, a test runner's loaders) are not the worker's.
    const worker = new Worker(entry, { workerData, execArgv: [] });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(unavailable('no start in time', false));
        void worker.terminate();
      }, START_TIMEOUT_MS);
      worker.on('message', (message: FromWorker<Result, Answer>) => {
        switch (message.kind) {
          case 'ready':
            clearTimeout(late);
            this.#standingSince = performance.now();
            resolve();
            break;
          case 'failed':
            clearTimeout(late);
            reject(revive(message.error, log));
            break;
          case 'closed':
            // Its end can come in the same turn as this, and is no loss.
            this.#state = 'ended';
            this.#events.message(message);
            break;
          default:
            this.#events.message(message);
        }
      });
      worker.on('error', (error) => {
        log.error({ err: error, path: workerData.file.path }, 'the store worker failed');
        clearTimeout(late);
        reject(unavailable('failed', false, error));
      });
      worker.on('exit', () => {
        clearTimeout(late);
        reject(unavailable('ended', false));
        this.#onExit(worker, workerData.file.path);
      });
    });
  }

  #onExit(worker: Worker, path: string): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    if (!this.takesMessages) return;
    this.#options.log.error({ path }, 'the store worker is lost');
    const comesBack = this.#state === 'open';
    this.#state = comesBack ? 'lost' : 'ended';
    this.#events.lost(comesBack);
    if (comesBack) this.#restartLater();
  }

  #restartLater(): void {
    if (performance.now() - this.#standingSince > RESTARTS_FORGIVEN_MS) this.#restarts = 0;
    if (this.#restarts >= RESTARTS_MAX) {
      this.#options.log.fatal({ restarts: this.#restarts }, 'the store worker keeps failing; it stays down');
      this.#state = 'down';
      this.#events.down();
      return;
    }
    this.#restarting = setTimeout(() => void this.#restart(), RESTART_DELAY_MS * 2 ** this.#restarts++);
  }

  async #restart(): Promise<void> {
    if (this.#state !== 'lost') return;
    try {
      await this.#startWorker();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the store worker did not start again');
      this.#worker = null;
    }
    if (this.#state !== 'lost') return;
    // Its end can come in the same turn as its start.
    if (this.#worker === null) {
      this.#restartLater();
      return;
    }
    this.#state = 'open';
    this.#events.back();
  }
}
