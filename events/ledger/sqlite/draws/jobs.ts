import { Worker } from 'node:worker_threads';
import type { DrandChain } from '../../../../draws/drand.ts';
import type { ListDigest } from '../../../../draws/index.ts';
import { FramecueError } from '../../../../packet/errors.ts';
import type { DrawCommitment, EntrantPageRow } from '../../draws.ts';
import type { DrawnWinner } from './list.ts';

interface OnFile {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly interaction: string;
}

export type DrawJob =
  | (OnFile & { readonly kind: 'list' })
  | (OnFile & {
      readonly kind: 'winners';
      readonly commitment: DrawCommitment;
      readonly seed: Uint8Array;
      readonly signature: string | null;
    })
  | {
      readonly kind: 'beacon';
      readonly chain: DrandChain;
      readonly round: number;
      readonly signature: string;
    };

export type FromJob =
  | { readonly kind: 'page'; readonly page: EntrantPageRow }
  | { readonly kind: 'done'; readonly value: unknown };

/** The long work of draws, each in a thread of its own, one after the other: a list may be millions. */
export interface DrawJobs {
  /** The whole list, page by page; the next page is made when `onPage` has done with one. */
  list(
    interaction: string,
    onPage: (page: EntrantPageRow, number: number) => Promise<void>,
  ): Promise<ListDigest>;
  winners(
    interaction: string,
    commitment: DrawCommitment,
    seed: Uint8Array,
    signature: string | null,
  ): Promise<readonly DrawnWinner[]>;
  isSigned(chain: DrandChain, round: number, signature: string): Promise<boolean>;
  /** What is under way is given up. */
  close(): Promise<void>;
}

/** Without a sign of life for this long, a job is given up and begun again later. */
const SILENT_MS = 300_000;

export function openDrawJobs(file: { readonly path: string; readonly busyTimeoutMs: number }): DrawJobs {
  const running = new Set<Worker>();
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const run = <Value>(job: DrawJob, onPage?: (page: EntrantPageRow, number: number) => Promise<void>) => {
    const start = () => (closed ? Promise.reject(new FramecueError('ERR_NOT_READY')) : inThread(job, onPage));
    const done = last.then(start, start) as Promise<Value>;
    last = done.catch(() => undefined);
    return done;
  };

  const inThread = (job: DrawJob, onPage?: (page: EntrantPageRow, number: number) => Promise<void>) =>
    new Promise<unknown>((resolve, reject) => {
      const worker = new Worker(new URL('./jobs.worker.ts', import.meta.url), { workerData: job });
      running.add(worker);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        running.delete(worker);
        settle();
        void worker.terminate();
      };
      const timer = setTimeout(
        () => end(() => reject(new FramecueError('ERR_STORE_UNAVAILABLE'))),
        SILENT_MS,
      );
      timer.unref();
      let pages = 0;
      worker.on('message', (message: FromJob) => {
        timer.refresh();
        if (message.kind === 'done') return end(() => resolve(message.value));
        onPage?.(message.page, pages++).then(
          () => worker.postMessage('next'),
          (error: unknown) => end(() => reject(error)),
        );
      });
      worker.on('error', (error) => end(() => reject(error)));
      worker.on('exit', () => end(() => reject(new FramecueError('ERR_STORE_UNAVAILABLE'))));
    });

  return {
    list: (interaction, onPage) => run<ListDigest>({ kind: 'list', ...file, interaction }, onPage),
    winners: (interaction, commitment, seed, signature) =>
      run<readonly DrawnWinner[]>({ kind: 'winners', ...file, interaction, commitment, seed, signature }),
    isSigned: (chain, round, signature) => run<boolean>({ kind: 'beacon', chain, round, signature }),
    async close() {
      closed = true;
      await Promise.all([...running].map((worker) => worker.terminate()));
      await last;
    },
  };
}
