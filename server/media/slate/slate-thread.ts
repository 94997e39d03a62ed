import { Worker } from 'node:worker_threads';
import type { Log } from '../../../service/log.ts';
import type { FromSlateReader, SlateOutcome, ToSlateReader } from './messages.ts';

/** What reads a picture; for tests another one. */
export interface SlateReader {
  /** One after the other. Null while as many wait as may: this one is not read. */
  read(frame: Omit<ToSlateReader, 'id'>): Promise<SlateOutcome> | null;
  /** Nobody asks any more: its memory is given back. */
  rest(): Promise<void>;
}

const HEAP_MB = 256;
/** Longer than ffmpeg may take. */
const TIMEOUT_MS = 20_000;
const WORKER = new URL('./slate.worker.ts', import.meta.url);

/** Streams take turns; each has one picture here at most. */
const MAX_QUEUED = 8;

interface Job {
  readonly frame: Omit<ToSlateReader, 'id'>;
  readonly settle: (outcome: SlateOutcome) => void;
}

/**
 * Reads slates in a thread of its own, one picture at a time for all streams: started when there is something to
 * read, ended when nobody measures. What is too slow or breaks is ended, and the next picture starts it anew.
 */
export class SlateThread implements SlateReader {
  readonly #log: Log;
  readonly #timeoutMs: number;
  readonly #file: URL;
  #worker: Worker | null = null;
  #waiting: { id: number; settle: (outcome: SlateOutcome) => void; timer: NodeJS.Timeout } | null = null;
  #lastId = 0;
  readonly #queue: Job[] = [];

  constructor(log: Log, options: { readonly timeoutMs?: number; readonly worker?: URL } = {}) {
    this.#log = log;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#file = options.worker ?? WORKER;
  }

  read(frame: Omit<ToSlateReader, 'id'>): Promise<SlateOutcome> | null {
    if (this.#queue.length >= MAX_QUEUED) return null;
    return new Promise((settle) => {
      this.#queue.push({ frame, settle });
      this.#next();
    });
  }

  async rest(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    for (const { settle } of this.#queue.splice(0)) settle({ ok: false, reason: 'decode-failed' });
    this.#settle({ ok: false, reason: 'decode-failed' });
    await worker?.terminate();
  }

  #next(): void {
    if (this.#waiting !== null) return;
    const job = this.#queue.shift();
    if (job === undefined) return;
    const worker = this.#worker ?? this.#start();
    const id = ++this.#lastId;
    const timer = setTimeout(() => {
      this.#log.warn({ timeoutMs: this.#timeoutMs }, 'reading a slate took too long');
      this.#worker = null;
      void worker.terminate();
      this.#settle({ ok: false, reason: 'decode-timeout' });
    }, this.#timeoutMs);
    timer.unref();
    this.#waiting = { id, settle: job.settle, timer };
    worker.postMessage({ id, ...job.frame } satisfies ToSlateReader);
  }

  #start(): Worker {
    const worker = new Worker(this.#file, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.unref();
    worker.on('message', ({ id, outcome }: FromSlateReader) => {
      if (this.#waiting?.id === id) this.#settle(outcome);
    });
    worker.on('error', (error) => this.#log.error({ err: error }, 'the reader of slates failed'));
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#settle({ ok: false, reason: 'decode-failed' });
    });
    this.#worker = worker;
    return worker;
  }

  #settle(outcome: SlateOutcome): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    clearTimeout(waiting.timer);
    waiting.settle(outcome);
    this.#next();
  }
}
