import { Worker } from 'node:worker_threads';
import { FramecueError } from '../../../packet/errors.ts';
import type { Log } from '../../../service/log.ts';
import type { Books, QuestionIn, QuestionOut, Questions } from '../commands.ts';

/**
 * What pages of the crew ask, and what counts rows one by one: however long it takes, no viewer's answer waits behind it.
 * What follows from an answer (a draw's next step, a viewer's own prize) is asked where it is written.
 */
const ASIDE: ReadonlySet<keyof Questions> = new Set([
  ...(['treasury.view', 'treasury.account', 'right.list', 'grant.list', 'pool.moves'] as const),
  'people.list',
]);

export interface AsideOptions {
  /** The ledger's file. */
  readonly path: string;
  readonly log: Log;
  /** Questions that may wait. Default 100. */
  readonly maxQueued?: number;
  /** One question; milliseconds. Default 2 minutes: an account of some ten million rights. */
  readonly timeoutMs?: number;
}

export interface AsideBooks extends Books {
  /** What is under way is given up. */
  close(): Promise<void>;
}

export interface AsideFile {
  readonly path: string;
  readonly busyTimeoutMs: number;
}
export interface ToAside {
  readonly name: keyof Questions;
  readonly given: unknown;
}
export type FromAside =
  | { readonly kind: 'answered'; readonly value: unknown }
  /** unreadable: by the file or the disk under it. */
  | { readonly kind: 'failed' | 'unreadable'; readonly internal: string };

interface Question extends ToAside {
  readonly key: string;
  readonly answer: Promise<unknown>;
  readonly settle: (outcome: { readonly value: unknown } | { readonly error: FramecueError }) => void;
}

const MAX_QUEUED = 100;
const TIMEOUT_MS = 120_000;
const BUSY_TIMEOUT_MS = 5_000;
/** Threads that were given up and run on, at most, when another is begun: nothing breaks a statement off that SQLite has begun. */
const MAX_LEFT_BEHIND = 1;
/** What a thread has at the end; afterwards it ends with its process. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Books whose long questions are answered on a thread and a connection of their own, one after the other, each from one
 * snapshot that holds whatever was committed before it was asked. Who asks what somebody else already waits for waits with
 * them. The thread begins with the first question.
 */
export function askAside(books: Books, options: AsideOptions): AsideBooks {
  const { path, log, maxQueued = MAX_QUEUED, timeoutMs = TIMEOUT_MS } = options;
  const waiting: Question[] = [];
  let current: Question | null = null;
  let worker: Worker | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let leftBehind = 0;

  const start = (): Worker => {
    const file: AsideFile = { path, busyTimeoutMs: BUSY_TIMEOUT_MS };
    const started = new Worker(new URL('./aside.worker.ts', import.meta.url), { workerData: file });
    started.on('message', (message: FromAside) => {
      if (started !== worker) return;
      if (message.kind === 'answered') return settle({ value: message.value });
      log.error({ internal: message.internal }, 'a question to the ledger failed');
      if (message.kind === 'failed') return settle({ error: new FramecueError('ERR_INTERNAL') });
      // The next question opens the file anew.
      giveUp(started);
    });
    started.on('error', (error) => log.error({ err: error }, 'the thread that reads the ledger ended'));
    started.on('exit', () => lose(started));
    return started;
  };
  const lose = (lost: Worker) => {
    if (lost !== worker) return;
    worker = null;
    if (current !== null) settle({ error: new FramecueError('ERR_STORE_UNAVAILABLE') });
  };
  const giveUp = (late: Worker) => {
    leftBehind++;
    void late.terminate().finally(() => {
      leftBehind--;
      next();
    });
    lose(late);
  };
  const settle = (outcome: Parameters<Question['settle']>[0]) => {
    clearTimeout(timer);
    current?.settle(outcome);
    current = null;
    next();
  };
  const next = () => {
    if (current !== null || closed) return;
    if (worker === null && leftBehind > MAX_LEFT_BEHIND) {
      const error = new FramecueError('ERR_STORE_UNAVAILABLE');
      for (const question of waiting.splice(0)) question.settle({ error });
      return;
    }
    current = waiting.shift() ?? null;
    if (current === null) return;
    worker ??= start();
    const { name, given } = current;
    worker.postMessage({ name, given } satisfies ToAside);
    timer = setTimeout(() => {
      log.warn({ question: name }, 'a question to the ledger took too long and was given up');
      if (worker !== null) giveUp(worker);
    }, timeoutMs);
    timer.unref();
  };

  const ask = (name: keyof Questions, given: object): Promise<unknown> => {
    if (closed) return Promise.reject(new FramecueError('ERR_NOT_READY'));
    // The moment at which somebody asks is no part of what they ask.
    const key = JSON.stringify([name, { ...given, atUs: undefined }]);
    const same = waiting.find((question) => question.key === key);
    if (same !== undefined) return same.answer;
    if (waiting.length >= maxQueued) return Promise.reject(new FramecueError('ERR_OVERLOADED'));
    const { promise: answer, resolve, reject } = Promise.withResolvers<unknown>();
    const settleOne: Question['settle'] = (outcome) =>
      'error' in outcome ? reject(outcome.error) : resolve(outcome.value);
    waiting.push({ name, given, key, answer, settle: settleOne });
    next();
    return answer;
  };

  return {
    perform: (name, given) => books.perform(name, given),
    ask<Name extends keyof Questions>(name: Name, given: QuestionIn<Name>): Promise<QuestionOut<Name>> {
      if (!ASIDE.has(name)) return books.ask(name, given);
      return ask(name, given as object) as Promise<QuestionOut<Name>>;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const question of [...(current === null ? [] : [current]), ...waiting.splice(0)]) {
        question.settle({ error: new FramecueError('ERR_NOT_READY') });
      }
      current = null;
      const last = worker;
      worker = null;
      if (last === null) return;
      const late = Promise.withResolvers<'late'>();
      const tooLate = setTimeout(() => late.resolve('late'), CLOSE_TIMEOUT_MS);
      const outcome = await Promise.race([last.terminate(), late.promise]);
      clearTimeout(tooLate);
      if (outcome === 'late')
        log.warn('a question to the ledger is under way still: its thread is left behind');
    },
  };
}
